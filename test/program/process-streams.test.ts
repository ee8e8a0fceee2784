import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { databaseBytes, kubeJson, landmarkWrites, type KeyWrites } from "../support/kube-database.ts";
import { errorSchema } from "../../src/schemas/output.ts";

const program = join(import.meta.dirname, "../../bin/requorum.js");
const main = join(import.meta.dirname, "../../src/cli/main.ts");

test("bin: a reader that goes away early is no error", () => {
  const result = spawnSync("bash", ["-c", `set -o pipefail; "${program}" explain | head -1`], { encoding: "utf8", timeout: 30_000 });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stderr, "");
  assert.equal(result.stdout.trim(), "findings");
});

test("bin: objects of a snapshot end quietly when their reader goes away", () => {
  const work = mkdtempSync(join(tmpdir(), "requorum-head-"));
  try {
    const writes = Array.from({ length: 30 }, (_, at): KeyWrites[number] => {
      const name = `c${String(at)}`;
      const object = kubeJson("v1", "ConfigMap", { name, namespace: "shop" }, { data: { a: "x".repeat(50_000) } });
      return [`/registry/configmaps/shop/${name}`, object];
    });
    writeFileSync(join(work, "db"), databaseBytes({ writes: [...landmarkWrites, ...writes] }));
    const call = `set -o pipefail; "${process.execPath}" "${main}" snapshot get "${join(work, "db")}" | head -c 20`;
    const result = spawnSync("bash", ["-c", call], { encoding: "utf8", timeout: 30_000 });
    assert.deepEqual([result.status, result.stderr, result.stdout], [0, "", "# /registry/namespac"]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

test("bin: a result that has no room is an error in the usual form; remarks that have none are left out", () => {
  const call = (words: string) =>
    spawnSync("bash", ["-c", `"${process.execPath}" "${main}" ${words}`], { encoding: "utf8", timeout: 30_000 });
  const result = call("version -o json > /dev/full");
  assert.equal(result.status, 13, result.stderr);
  const { error } = errorSchema.parse(JSON.parse(result.stderr));
  assert.equal(error.code, "LOCAL_DISK_FULL");
  assert.equal(error.subject, "standard output");
  assert.equal(call("nonsense 2> /dev/full").status, 2);
});

test("bin: started by whatever node is in front, the result is the same", () => {
  for (const [command, words] of [
    [program, []],
    [process.execPath, [program]],
    ["node", [program]],
  ] as const) {
    const result = spawnSync(command, [...words, "--version"], { encoding: "utf8", timeout: 30_000 });
    assert.equal(result.status, 0, result.stderr);
    assert.equal(result.stdout.trim(), "0.1.0");
  }
});

test("bin: the exit code of a wrong call reaches the shell through every way of starting", () => {
  for (const [command, words] of [
    [program, []],
    ["node", [program]],
  ] as const)
    assert.equal(spawnSync(command, [...words, "nonsense"], { timeout: 30_000 }).status, 2);
});

/** Nobody listens on this port of this machine: each look is short. */
function writeConfig(work: string): void {
  writeFileSync(
    join(work, "requorum.yaml"),
    `apiVersion: requorum/v1
cluster: watched
platform: kubeadm
etcdTopology: stacked
controlPlaneEndpoint: 127.0.0.2:1
hosts:
  - name: a
    address: 127.0.0.2
    sshPort: 1
    roles: [control-plane, etcd]
`,
  );
}

test(
  "bin: a signal to whatever process was started stops the program, which says so; one that comes twice at once is one",
  { timeout: 60_000 },
  async () => {
    const work = mkdtempSync(join(tmpdir(), "requorum-stop-"));
    try {
      writeConfig(work);
      const child = spawn("node", [program, "plan"], { cwd: work, env: { ...process.env, XDG_STATE_HOME: join(work, "state") } });
      let err = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        // From here on it waits for some seconds.
        if (!err.includes("a second time") && (err + text).includes("a second time")) {
          child.kill("SIGINT");
          setTimeout(() => child.kill("SIGINT"), 50);
        }
        err += text;
      });
      const code = await new Promise((resolve) => child.on("close", resolve));
      assert.equal(code, 130, err);
      assert.match(err, /error: requorum plan: interrupted {2}\[INTERRUPTED\]\n {2}stopped by SIGINT; nothing was changed/);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  },
);

/** bin/requorum.js in a Node that is too old for it, so that it starts another one. */
const inOldNode = [
  "--import",
  `data:text/javascript,${encodeURIComponent('Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.0.0" } })')}`,
  program,
];

test("bin: what was started by a process that is killed with SIGKILL ends, too, and says so", { timeout: 60_000 }, async () => {
  const work = mkdtempSync(join(tmpdir(), "requorum-orphan-"));
  try {
    writeConfig(work);
    const env = { ...process.env, XDG_STATE_HOME: join(work, "state") };
    const child = spawn(process.execPath, [...inOldNode, "plan"], { cwd: work, env });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
      // From here on it waits for some seconds.
      if (err.includes("a second time")) child.kill("SIGKILL");
    });
    // "close" comes when nobody holds its standard error any more, so when the program that it started has ended.
    await new Promise((resolve) => child.on("close", resolve));
    assert.equal(child.signalCode, "SIGKILL");
    assert.match(err, /INTERRUPTED[^]*stopped by the end of the process that started it/);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

test("bin: in a working directory that was removed, the error is in the usual form", () => {
  const work = mkdtempSync(join(tmpdir(), "requorum-gone-"));
  const call = `cd "${work}" && rmdir "${work}" && "${process.execPath}" "${program}" snapshot inspect x`;
  const result = spawnSync("bash", ["-c", call], { encoding: "utf8", timeout: 30_000 });
  assert.deepEqual([result.status, result.stdout], [13, ""]);
  assert.match(result.stderr, /^error: working directory: [^]*it was removed/);
});

test("bin: a signal while the program is still being read ends it with a word", () => {
  const preload = `import module from "node:module"; module.registerHooks({ resolve(name, context, next) {
    if (name.includes("cli/main.")) process.kill(process.pid, "SIGINT");
    return next(name, context);
  } });`;
  const hooked = ["--import", `data:text/javascript,${encodeURIComponent(preload)}`, program, "status"];
  const text = spawnSync(process.execPath, hooked, { encoding: "utf8", timeout: 30_000 });
  assert.deepEqual([text.status, text.stdout], [130, ""]);
  assert.match(text.stderr, /^error: requorum.*: interrupted {2}\[INTERRUPTED\]\n {2}stopped by SIGINT.*; nothing was changed\n/);
  const json = spawnSync(process.execPath, [...hooked, "-o", "json"], { encoding: "utf8", timeout: 30_000 });
  assert.equal(errorSchema.parse(JSON.parse(json.stderr)).error.code, "INTERRUPTED");
});

test("bin: a watch ends when nobody reads it any more", { timeout: 60_000 }, () => {
  const work = mkdtempSync(join(tmpdir(), "requorum-watch-"));
  try {
    writeConfig(work);
    for (const format of ["text", "json"]) {
      const result = spawnSync(
        "bash",
        ["-c", `"${process.execPath}" "${main}" status --watch --interval 1s -o ${format} | head -1; echo "\${PIPESTATUS[0]}"`],
        { encoding: "utf8", timeout: 20_000, cwd: work, env: { ...process.env, XDG_STATE_HOME: join(work, "state") } },
      );
      assert.equal(result.error, undefined, `${format}: ${result.stderr}`);
      assert.match(result.stdout, /\n10\n$/, result.stderr);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
