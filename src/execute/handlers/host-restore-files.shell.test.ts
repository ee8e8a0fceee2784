import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { argsOf, becomes, restoreFilesWorld, tag } from "../../../test/support/restore-files-world.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import type { RestoredFile } from "../../model/restored-file.ts";
import { stepSpecs } from "../../plan/steps/step-specs.ts";
import { hostRestoreFilesHandler } from "./host-restore-files.ts";

const hashing = new NodeHashing();

const cfg = "/etc/haproxy/haproxy.cfg";
const key = "/etc/kubernetes/pki/ca.key";

test("host.restoreFiles: a file is replaced with owner and mode, the old one is kept aside and listed, and the look says so", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n" });
  const { machines, facts } = world;
  machines.set("cp1", cfg, { text: "old\n", mode: 0o644 });
  const args = await argsOf(world, { [cfg]: becomes("new\n", { mode: 0o640, uid: 7 }) });
  const spec = stepSpecs["host.restoreFiles"];
  const before = await hostRestoreFilesHandler.observe(args, world.step);
  assert.deepEqual([spec.pre(before, args).kind, spec.post(before, args).kind], ["holds", "fails"]);
  await hostRestoreFilesHandler.perform(args, world.step);
  assert.equal(machines.text("cp1", cfg), "new\n");
  assert.equal(machines.mode("cp1", cfg), "640");
  assert.equal(lstatSync(machines.place("cp1", cfg)).uid, 7);
  const aside = join(machines.rootOf("cp1"), "var/lib/requorum/aside/R");
  assert.equal(readFileSync(join(aside, machines.place("cp1", cfg)), "utf8"), "old\n");
  assert.match(readFileSync(join(aside, "manifest.tsv"), "utf8"), /\t.*haproxy\.cfg\t.*aside\/R/);
  assert.equal(spec.post(await hostRestoreFilesHandler.observe(args, world.step), args).kind, "holds");
  assert.deepEqual(readdirSync(machines.place("cp1", "/etc/haproxy")), ["haproxy.cfg"]);
  assert.match(facts.join("\n"), /kept-aside: cp1.*aside\/R/);
});

test("host.restoreFiles: again where it was done, nothing is written, nothing more is kept aside, and no fact says that there was", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n" });
  const { machines, facts } = world;
  machines.set("cp1", cfg, { text: "old\n" });
  const args = await argsOf(world, { [cfg]: becomes("new\n") });
  await hostRestoreFilesHandler.perform(args, world.step);
  const inode = lstatSync(machines.place("cp1", cfg)).ino;
  const before = facts.splice(0);
  assert.equal(before.length, 2);
  await hostRestoreFilesHandler.perform(args, world.step);
  assert.deepEqual([facts, lstatSync(machines.place("cp1", cfg)).ino], [[], inode]);
  // Another attempt that does write says nothing a second time.
  machines.set("cp1", cfg, { text: "old\n" });
  await hostRestoreFilesHandler.perform(args, world.step);
  assert.deepEqual([facts, machines.text("cp1", cfg)], [[], "new\n"]);
  const manifest = readFileSync(machines.place("cp1", "/var/lib/requorum/aside/R/manifest.tsv"), "utf8");
  assert.equal(manifest.trim().split("\n").length, 2);
});

test("host.restoreFiles: a missing file and its missing directories are made as planned; a stranger's file beside it stays", async (context) => {
  const world = restoreFilesWorld(context, { [key]: "KEY\n" });
  const { machines } = world;
  machines.set("cp1", "/etc/kubernetes/own.conf", { text: "mine" });
  const seen = await world.look([key]);
  assert.deepEqual(seen[0]?.state, { kind: "absent" });
  assert.equal(seen[0].nearest, "/etc/kubernetes");
  const args = {
    ...(await argsOf(world, { [key]: becomes("KEY\n") })),
    directories: [{ path: "/etc/kubernetes/pki", mode: 0o700, uid: 5, gid: 5 }],
  };
  await hostRestoreFilesHandler.perform(args, world.step);
  assert.deepEqual([machines.text("cp1", key), machines.mode("cp1", key)], ["KEY\n", "600"]);
  assert.equal(machines.mode("cp1", "/etc/kubernetes/pki"), "700");
  assert.equal(lstatSync(machines.place("cp1", "/etc/kubernetes/pki")).uid, 5);
  assert.equal(machines.text("cp1", "/etc/kubernetes/own.conf"), "mine");
});

test("host.restoreFiles: a link on the machine is replaced, never written through; a directory behind a link is refused", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n", [key]: "KEY\n" });
  const { machines } = world;
  machines.set("cp1", "/srv/real.cfg", { text: "keep me" });
  mkdirSync(machines.place("cp1", "/etc/haproxy"), { recursive: true });
  symlinkSync(machines.place("cp1", "/srv/real.cfg"), machines.place("cp1", cfg));
  await hostRestoreFilesHandler.perform(await argsOf(world, { [cfg]: becomes("new\n") }), world.step);
  assert.equal(machines.text("cp1", "/srv/real.cfg"), "keep me");
  assert.equal(lstatSync(machines.place("cp1", cfg)).isSymbolicLink(), false);
  assert.equal(machines.text("cp1", cfg), "new\n");
  mkdirSync(machines.place("cp1", "/etc/kubernetes"), { recursive: true });
  mkdirSync(machines.place("cp1", "/srv/pki"), { recursive: true });
  symlinkSync(machines.place("cp1", "/srv/pki"), machines.place("cp1", "/etc/kubernetes/pki"));
  const [seen] = await world.look([key]);
  assert.deepEqual(seen?.state, { kind: "other", what: "reached through a link: /etc/kubernetes/pki is really /srv/pki" });
});

test("host.restoreFiles: below a link of the system's own, as /lib of a merged /usr, files are looked at and put back", async (context) => {
  const [there, missing] = ["/lib/systemd/system/haproxy.service", "/lib/systemd/system/new.d/a.conf"];
  const world = restoreFilesWorld(context, { [there]: "new\n", [missing]: "conf\n" });
  const { machines } = world;
  machines.set("cp1", "/usr/lib/systemd/system/haproxy.service", { text: "old\n" });
  symlinkSync("usr/lib", machines.place("cp1", "/lib"));
  assert.equal((await world.look([missing]))[0]?.nearest, "/lib/systemd/system");
  const directories = [{ path: "/lib/systemd/system/new.d", mode: 0o755, uid: 0, gid: 0 }];
  const args = { ...(await argsOf(world, { [there]: becomes("new\n"), [missing]: becomes("conf\n") })), directories };
  await hostRestoreFilesHandler.perform(args, world.step);
  assert.equal(machines.text("cp1", "/usr/lib/systemd/system/haproxy.service"), "new\n");
  assert.equal(machines.text("cp1", "/usr/lib/systemd/system/new.d/a.conf"), "conf\n");
});

test("host.restoreFiles: a link of the set is put back as a link", async (context) => {
  const path = "/var/lib/kubelet/pki/kubelet-client-current.pem";
  const world = restoreFilesWorld(context, { [path]: "kubelet-client-1.pem" });
  const { machines } = world;
  mkdirSync(machines.place("cp1", "/var/lib/kubelet/pki"), { recursive: true });
  symlinkSync("kubelet-client-2.pem", machines.place("cp1", path));
  const link: RestoredFile["becomes"] = { kind: "symlink", tag: tag("symlink", Buffer.from("kubelet-client-1.pem")), uid: 0, gid: 0 };
  const args = await argsOf(world, { [path]: link });
  await hostRestoreFilesHandler.perform(args, world.step);
  assert.equal(machines.tree("cp1")[path], "-> kubelet-client-1.pem");
  assert.equal(stepSpecs["host.restoreFiles"].post(await hostRestoreFilesHandler.observe(args, world.step), args).kind, "holds");
});

test("host.restoreFiles: a file that somebody changed after the plan is left as it is, also in the last moment", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n", [key]: "KEY\n" });
  const { machines } = world;
  machines.set("cp1", cfg, { text: "old\n" });
  const args = await argsOf(world, { [cfg]: becomes("new\n") });
  machines.beforeRun = (_host, request) => {
    if (request.reason.startsWith("put files")) machines.set("cp1", cfg, { text: "edited\n" });
  };
  await assert.rejects(hostRestoreFilesHandler.perform(args, world.step), /not what was looked at a moment ago/);
  assert.equal(machines.text("cp1", cfg), "edited\n");
  machines.beforeRun = undefined;
  await assert.rejects(hostRestoreFilesHandler.perform(args, world.step), /somebody changed it/);
  chmodSync(machines.place("cp1", cfg), 0o666);
  const model = await hostRestoreFilesHandler.observe(args, world.step);
  assert.equal(stepSpecs["host.restoreFiles"].pre(model, args).kind, "fails");
});

test("host.restoreFiles: every file is checked before the first is written, and nothing that was made stays", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n", [key]: "KEY\n" });
  const { machines } = world;
  machines.set("cp1", cfg, { text: "old\n" });
  machines.set("cp1", key, { text: "OLD\n" });
  const args = await argsOf(world, { [cfg]: becomes("new\n"), [key]: becomes("KEY\n") });
  machines.beforeRun = (_host, request) => {
    if (request.reason.startsWith("put files")) machines.set("cp1", key, { text: "OTHER\n" });
  };
  await assert.rejects(hostRestoreFilesHandler.perform(args, world.step), /nothing was written/);
  assert.deepEqual([machines.text("cp1", cfg), machines.text("cp1", key)], ["old\n", "OTHER\n"]);
  assert.deepEqual(readdirSync(machines.place("cp1", "/var/lib/requorum/aside/R")), []);
  machines.beforeRun = undefined;
  machines.set("cp1", key, { text: "OLD\n" });
  await hostRestoreFilesHandler.perform(args, world.step);
  assert.deepEqual([machines.text("cp1", cfg), machines.text("cp1", key)], ["new\n", "KEY\n"]);
});

test("host.restoreFiles: while another script is at work there, nothing is written and nothing is said to have failed", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n" });
  const { machines } = world;
  machines.set("cp1", cfg, { text: "old\n" });
  const args = await argsOf(world, { [cfg]: becomes("new\n") });
  const lock = machines.place("cp1", "/var/lib/requorum/aside/.restoring");
  mkdirSync(dirname(lock), { recursive: true });
  const other = spawn("flock", [lock, "sh", "-c", "echo held; read -r end"], { stdio: ["pipe", "pipe", "inherit"] });
  await once(other.stdout, "data");
  const spec = stepSpecs["host.restoreFiles"];
  const model = await hostRestoreFilesHandler.observe(args, world.step);
  assert.deepEqual([spec.pre(model, args).kind, spec.post(model, args).kind], ["unknown", "unknown"]);
  assert.match(JSON.stringify(spec.post(model, args)), /still running there/);
  other.stdin.end("\n");
  await once(other, "exit");
  assert.equal(spec.post(await hostRestoreFilesHandler.observe(args, world.step), args).kind, "fails");
  await hostRestoreFilesHandler.perform(args, world.step);
  assert.equal(machines.text("cp1", cfg), "new\n");
});

test("host.restoreFiles: two scripts of one run never exchange contents; the second one says that the first is running", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n", [key]: "KEY\n" });
  const { machines } = world;
  machines.set("cp1", cfg, { text: "old\n" });
  machines.set("cp1", key, { text: "OLD\n" });
  const args = await argsOf(world, { [cfg]: becomes("new\n"), [key]: becomes("KEY\n") });
  machines.syncsAfter = machines.place("cp1", "/disk-answers");
  const bothLooked = Promise.withResolvers<undefined>();
  let looked = 0;
  machines.beforeRun = async (_host, { reason }) => {
    if (!reason.startsWith("put files")) return;
    if ((looked += 1) === 2) bothLooked.resolve(undefined);
    await bothLooked.promise;
  };
  const calls = [0, 1].map(() => hostRestoreFilesHandler.perform(args, world.step));
  await assert.rejects(Promise.race(calls), /exit 75.*still running/);
  // One that looks first is told the same.
  await assert.rejects(hostRestoreFilesHandler.perform(args, world.step), /still running/);
  writeFileSync(machines.syncsAfter, "");
  const ends = await Promise.allSettled(calls);
  assert.deepEqual(ends.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.deepEqual([machines.text("cp1", cfg), machines.text("cp1", key)], ["new\n", "KEY\n"]);
});

test("host.restoreFiles: where the old files will be is in the journal before the first write", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n" });
  const { machines, facts } = world;
  machines.set("cp1", cfg, { text: "old\n" });
  const args = await argsOf(world, { [cfg]: becomes("new\n") });
  machines.beforeRun = (_host, request) => {
    if (request.reason.startsWith("put files")) throw new Error("the line is cut");
  };
  await assert.rejects(hostRestoreFilesHandler.perform(args, world.step), /line is cut/);
  assert.match(
    facts.join("\n"),
    /^kept-aside: .*\/var\/lib\/requorum\/aside\/R\/ .*\/\.requorum-aside\/R\/ for \/etc where \/var is a disk of its own/,
  );
});

const isRootWithMounts = spawnSync("unshare", ["-m", "true"]).status === 0;
test(
  "host.restoreFiles: behind a bind mount files are replaced, and kept aside on that mount",
  { skip: !isRootWithMounts },
  async (context) => {
    const conf = "/etc/kubernetes/a.conf";
    const second = "/etc/kubernetes/b.conf";
    const world = restoreFilesWorld(context, { [cfg]: "new\n", [conf]: "NEW\n", [second]: "SECOND\n" });
    const { machines } = world;
    machines.set("cp1", cfg, { text: "old\n" });
    machines.set("cp1", "/data/a.conf", { text: "OLD\n" });
    mkdirSync(machines.place("cp1", "/etc/kubernetes"), { recursive: true });
    machines.bound = { from: "/data", at: "/etc/kubernetes" };
    const args = await argsOf(world, { [cfg]: becomes("new\n"), [conf]: becomes("NEW\n"), [second]: becomes("SECOND\n") });
    await hostRestoreFilesHandler.perform(args, world.step);
    assert.deepEqual(
      [cfg, "/data/a.conf", "/data/b.conf"].map((path) => machines.text("cp1", path)),
      ["new\n", "NEW\n", "SECOND\n"],
    );
    const kept = join(machines.place("cp1", "/data/.requorum-aside/R"), machines.place("cp1", conf));
    assert.equal(readFileSync(kept, "utf8"), "OLD\n");
    assert.deepEqual(readdirSync(machines.place("cp1", "/data/.requorum-aside/R")), [machines.place("cp1", "/").split("/")[1]]);
  },
);

test("host.restoreFiles: content goes over standard input; neither it nor its hash is in a command line, a fact or an error", async (context) => {
  const secret = "planted-secret-5f1c";
  const world = restoreFilesWorld(context, { [key]: `${secret}\n` });
  const { machines, facts } = world;
  machines.set("cp1", key, { text: `old-${secret}\n` });
  const args = await argsOf(world, { [key]: becomes(`${secret}\n`) });
  await hostRestoreFilesHandler.perform(args, world.step);
  const said = JSON.stringify([machines.words, facts, args]);
  for (const form of [
    secret,
    Buffer.from(secret).toString("base64").slice(0, 16),
    hashing.sha256Hex(`${secret}\n`),
    hashing.sha256Hex(`old-${secret}\n`),
  ])
    assert.equal(said.includes(form), false);
});
