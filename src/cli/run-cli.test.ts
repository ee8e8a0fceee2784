import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { parse as parseYaml } from "yaml";
import { cli, workDirectory } from "../../test/support/captured-cli.ts";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import {
  codeListSchema,
  diagnosisSchema,
  doctorSchema,
  errorSchema,
  explanationSchema,
  runListSchema,
  statusSchema,
} from "../schemas/output.ts";
import { writeInventory } from "../schemas/inventory.ts";
import { programVersion } from "./program-version.ts";

const work = workDirectory();
after(() => {
  work.remove();
});

const healthy = healthyKubeadm3().build();
const config = healthy.config;

function saved(name: string, text: string): string {
  const path = join(work.path, name);
  writeFileSync(path, text);
  return path;
}

function json(text: string): unknown {
  return JSON.parse(text);
}

test("cli: a wrong verb ends with 2, names the right one, and prints nothing on standard output", async () => {
  const { code, out, err } = await cli(["stauts"]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /did you mean status\?/);
  assert.match(err, /requorum status/);
});

test("cli: a wrong option with -o json gives an Error document with a command that can be copied", async () => {
  const { code, err } = await cli(["status", "--wach", "-o", "json"]);
  assert.equal(code, 2);
  const document = errorSchema.parse(json(err));
  assert.equal(document.error.code, "USAGE");
  assert.equal(document.error.remedies[0]?.command, "requorum status --watch -o json");
});

test("cli: a verb or goal that is planned but not built says so, and is in no help", async () => {
  for (const words of [["rehearse"], ["plan", "restore", "x"], ["server"]]) {
    const { code, err } = await cli(words);
    assert.equal(code, 2);
    assert.match(err, /NOT_BUILT_YET/);
  }
  assert.ok(!(await cli(["--help"])).out.includes("rehearse"));
});

test("cli: without a configuration it says where it looked and how to make one", async () => {
  const { code, err } = await cli(["status"]);
  assert.equal(code, 2);
  assert.match(err, /no configuration/);
  assert.match(err, /requorum init --host cp1/);
});

test("cli: diagnose --from judges a saved file without any machine; exit 3 with findings", async () => {
  const path = saved("fresh.json", writeInventory(healthyKubeadm3().freshMachine("cp3").build()));
  const text = await cli(["diagnose", "--from", path]);
  assert.equal(text.code, 3);
  assert.match(text.out, /N01_MEMBER_LOST_QUORUM_KEPT/);
  assert.equal(text.err, "");
  const document = json((await cli(["diagnose", "--from", path, "-o", "json"])).out);
  assert.deepEqual(diagnosisSchema.parse(document), document);
  assert.deepEqual(parseYaml((await cli(["diagnose", "--from", path, "-o", "yaml"])).out), document);
});

test("cli: a saved file that is damaged ends with 2 and the place of the damage", async () => {
  const { code, err } = await cli([
    "diagnose",
    "--from",
    saved("bad.json", '{"apiVersion":"requorum/v1","kind":"Inventory"}'),
    "-o",
    "json",
  ]);
  assert.equal(code, 2);
  assert.equal(errorSchema.parse(json(err)).error.code, "INVENTORY_FILE_INVALID");
});

test("cli: secrets in a saved inventory are in no output, whatever its form", async () => {
  const token = "abcdef.0123456789abcdef";
  const inventory = healthyKubeadm3()
    .etcdStopped("cp2")
    .patchHost("cp2", (host) => ({
      ...host,
      etcd: {
        ...host.etcd,
        status: {
          kind: "unknown",
          reason: "failed",
          detail: `join --token ${token} password: hunter2hunter2`,
          observedAt: healthy.takenAt,
          source: "PB2",
        },
      },
    }))
    .build();
  const path = saved("secret.json", writeInventory(inventory));
  for (const format of ["text", "json", "yaml"]) {
    const { out, err } = await cli(["diagnose", "--from", path, "-o", format]);
    assert.ok(!(out + err).includes("0123456789abcdef"), format);
    assert.ok(!(out + err).includes("hunter2"), format);
  }
});

test("cli: what diagnose --save writes can be read back, has no secret, and judges the same", async () => {
  const path = join(work.path, "kept.json");
  const { code, err } = await cli(["diagnose", "--save", path], { config });
  assert.equal(code, 3, err);
  const again = await cli(["diagnose", "--from", path, "-o", "json"]);
  assert.equal(again.code, 3, again.err);
  const kept = readFileSync(path, "utf8");
  const second = await cli(["diagnose", "--save", path], { config });
  assert.equal(second.code, 13, second.err);
  assert.match(second.err, /exists already and is not replaced/);
  assert.equal(readFileSync(path, "utf8"), kept);
});

test("cli: status of a cluster whose machines are all silent says unknown and ends with 10, in every form", async () => {
  const text = await cli(["status"], { config });
  assert.equal(text.code, 10, text.err);
  assert.match(text.out, /^UNKNOWN/);
  const document = json((await cli(["status", "-o", "json"], { config })).out);
  assert.deepEqual(statusSchema.parse(document), document);
});

test("cli: status --watch looks again and again, shows what changed once and a line otherwise, and ends quietly with 130", async () => {
  const stop = new AbortController();
  let looks = 0;
  const lastSeen = {
    read: () => {
      looks += 1;
      if (looks === 4) stop.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "stopped by SIGINT" }));
      return Promise.resolve(undefined);
    },
    write: () => Promise.resolve(),
  };
  const { code, out, err } = await cli(["status", "--watch", "--interval", "1s"], { config, signal: stop.signal, ports: { lastSeen } });
  assert.equal(code, 130, err);
  assert.equal(err, "");
  assert.equal(out.match(/^machines$/gm)?.length, 1);
  assert.equal(out.match(/UTC {2}UNKNOWN/g)?.length, 2);
});

test("cli: colours only on a terminal and not with --no-color or NO_COLOR", async () => {
  const path = saved("colour.json", writeInventory(healthyKubeadm3().freshMachine("cp3").build()));
  const words = ["diagnose", "--from", path];
  assert.ok(!(await cli(words)).out.includes("\u001b["));
  assert.ok((await cli(words, { isTty: true })).out.includes("\u001b["));
  assert.ok(!(await cli([...words, "--no-color"], { isTty: true })).out.includes("\u001b["));
  assert.ok(!(await cli(words, { isTty: true, noColor: true })).out.includes("\u001b["));
});

test("cli: explain knows every code it lists, by any case and by catalogue id, and suggests a near one", async () => {
  const list = codeListSchema.parse(json((await cli(["explain", "-o", "json"])).out));
  assert.ok(list.codes.length > 40);
  for (const { code, about } of list.codes) {
    const document = json((await cli(["explain", code.toLowerCase(), "-o", "json"])).out);
    assert.equal(explanationSchema.parse(document).about, about, code);
    assert.deepEqual(explanationSchema.parse(document), document, code);
  }
  assert.match((await cli(["explain", "k01"])).out, /^K01_REVISION_WENT_BACKWARDS/);
  const wrong = await cli(["explain", "PLAN_STAL"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /PLAN_STALE/);
});

test("cli: explain of a beginning that several codes have lists those, and chooses none", async () => {
  const several = await cli(["explain", "e02", "-o", "json"]);
  assert.equal(several.code, 0);
  const { codes } = codeListSchema.parse(json(several.out));
  assert.ok(codes.length > 1 && codes.every(({ code }) => code.startsWith("E02_")), several.out);
  const text = await cli(["explain", "E02_"]);
  assert.match(text.out, /^several codes begin with E02_\n/);
  assert.ok(!text.out.includes("\nerrors\n"));
  assert.match((await cli(["explain", "etcd"])).out, /etcd\.removeMember/);
});

test("cli: doctor works before there is a configuration, and says that it is missing", async () => {
  const { code, out } = await cli(["doctor", "-o", "json"], {}, work.path);
  assert.equal(code, 3);
  const document = doctorSchema.parse(json(out));
  assert.deepEqual(document, json(out));
  assert.equal(document.checks.find((check) => check.name === "configuration")?.state, "problem");
});

test("cli: runs list of a cluster without runs is an empty list, not an error", async () => {
  const { code, out } = await cli(["runs", "list", "-o", "json"], { config });
  assert.equal(code, 0);
  assert.deepEqual(runListSchema.parse(json(out)).runs, []);
});

test("cli: a run that does not exist ends with 2 and where to look", async () => {
  for (const words of [["runs", "show"], ["runs", "report"], ["runs", "verify-journal"], ["resume"]]) {
    const { code, err } = await cli(words, { config });
    assert.equal(code, 2, words.join(" "));
    assert.match(err, /RUN_NOT_FOUND/);
  }
});

test("cli: --timeout and --interval take times with a unit and nothing else", async () => {
  assert.equal((await cli(["status", "--timeout", "5"], { config })).code, 2);
  assert.equal((await cli(["status", "--watch", "--interval", "fast"], { config })).code, 2);
});

test("cli: --attest-lost without a statement is refused before any machine is asked", async () => {
  const { code, err } = await cli(["plan", "--attest-lost", "cp2"], { config });
  assert.equal(code, 2);
  assert.match(err, /who saw what/);
});

test("cli: a bug ends with 1, one short message and where the stack is", async () => {
  const { code, err } = await cli(["status"], {
    config,
    ports: { lastSeen: { read: () => Promise.reject(new Error("boom")), write: () => Promise.resolve() } },
  });
  assert.equal(code, 1);
  assert.match(err, /bug in requorum: boom/);
  assert.match(err, /\/fake\/bug\.txt/);
  assert.ok(!err.includes("    at "), err);
});

test("cli: help of every kind goes to standard output and ends with 0", async () => {
  for (const words of [["--help"], ["help", "plan"], ["runs", "--help"], ["lab", "break", "--help"], ["--version"]]) {
    const { code, out, err } = await cli(words);
    assert.equal(code, 0, words.join(" "));
    assert.ok(out.length > 4 && err === "", words.join(" "));
  }
});

test("cli: completion scripts of all shells know every verb", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { out } = await cli(["completion", shell]);
    for (const word of ["diagnose", "verify-journal", "attest-lost", "PLAN_STALE", "etcd.removeMember"])
      assert.ok(out.includes(word), `${shell} ${word}`);
  }
});

test("programVersion: is that of package.json", () => {
  assert.equal(
    (json(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as { version: string }).version,
    programVersion,
  );
  assert.ok(readdirSync(work.path).length > 0);
});

test("lab status: a lab whose making was killed before it was recorded does not hide the others, and its way out is named", async () => {
  mkdirSync(join(work.path, "state", "labs", "half"), { recursive: true });
  const { code, out } = await cli(["lab", "status"], {}, work.path);
  assert.equal(code, 0, out);
  assert.match(out, /lab half: /);
  assert.match(out, /requorum lab down --name half/);
});

test("lab status: a name that leads out of the labs' directory is refused", async () => {
  const { code, err } = await cli(["lab", "status", "--name", "../x"], {}, work.path);
  assert.equal(code, 2);
  assert.match(err, /a lab's name is/);
});

test("cli: with -o json or yaml standard error has one Error document or nothing, of every verb, unless a person is at it", async () => {
  const plan = saved("plan-of-nothing.json", "{}");
  const calls = [
    ["status"],
    ["diagnose"],
    ["diagnose", "--save", join(work.path, "quiet.json")],
    ["doctor"],
    ["plan"],
    ["recover"],
    ["apply", plan],
    ["resume"],
    ["runs", "list"],
    ["init", "--host", "203.0.113.1", "--out", plan],
    ["snapshot", "check", plan],
    ["lab", "status"],
    ["lab", "down", "--name", "nolab"],
    ["lab", "break", "power-off", "cp1", "--name", "nolab"],
    ["explain", "PLAN_STAL"],
  ];
  for (const words of calls) {
    for (const format of ["json", "yaml"]) {
      const { err } = await cli([...words, "-o", format], { config }, work.path);
      if (err !== "") assert.equal(errorSchema.parse(json(err)).kind, "Error", `${words.join(" ")}: ${err}`);
    }
  }
  assert.match((await cli(["plan"], { config })).err, /something is to be done/);
  assert.match((await cli(["diagnose", "--save", join(work.path, "told.json"), "-o", "json"], { config, isTty: true })).err, /told\.json/);
});
