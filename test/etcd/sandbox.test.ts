/** Backup sets tried in the sandbox with a real etcd of each minor version. A second each. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { createLocalSandboxes } from "../../src/adapters/sandbox/local-sandboxes.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { EtcdClient } from "../../src/ports/etcd-client.ts";
import { PlainEtcd, exactVersion, engineVersions, type EngineVersion } from "../support/plain-etcd.ts";
import { sandboxOptions } from "../support/sandbox-options.ts";
import { machineFiles, newPki, smallCluster, verifyWorld, type VerifyWorldOptions } from "../support/verify-world.ts";

const run = promisify(execFile);
const work = mkdtempSync(join(tmpdir(), "requorum-sandbox-test-"));
after(() => {
  rmSync(work, { recursive: true, force: true });
});

/** Everything that sandboxes leave on this machine. */
function traces(): readonly string[] {
  const { places } = sandboxOptions();
  return [...places.inMemory, places.onDisk].flatMap((place) => {
    try {
      return readdirSync(place).filter((name) => name.startsWith("requorum-sandbox-"));
    } catch {
      return []; // it was never made
    }
  });
}

async function snapshotOf(version: EngineVersion): Promise<Uint8Array> {
  const directory = join(work, `source-${version}`);
  const etcd = await PlainEtcd.start({ version, directory });
  try {
    for (const [key, value] of smallCluster)
      await putBytes(etcd, key, typeof value === "string" ? Buffer.from(value) : (value ?? new Uint8Array()));
    const file = join(directory, "snapshot.db");
    await etcd.etcdctl(["snapshot", "save", file]);
    return readFileSync(file);
  } finally {
    await etcd.close();
  }
}

/** etcdctl takes a value of any bytes from its standard input only. */
async function putBytes(etcd: PlainEtcd, key: string, value: Uint8Array): Promise<void> {
  const child = spawn(join(etcd.programs, "etcdctl"), [`--endpoints=${etcd.endpoint}`, "put", key], {
    env: { ...process.env, ETCDCTL_API: "3" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.stdin.end(value);
  const [code] = (await once(child, "exit")) as [number | null];
  assert.equal(code, 0);
}

function setOf(version: EngineVersion, snapshot: Uint8Array, other: VerifyWorldOptions = {}): ReturnType<typeof verifyWorld> {
  return verifyWorld({
    snapshot,
    machines: { cp1: machineFiles(newPki(), "cp1") },
    sandboxes: createLocalSandboxes(sandboxOptions()),
    cluster: { etcdVersion: exactVersion[version] },
    ...other,
  });
}

for (const version of engineVersions)
  test(`V4: a real etcd ${version} starts from the set with its hashkv, and nothing of it is left`, async () => {
    const snapshot = await snapshotOf(version);
    const world = await setOf(version, snapshot);
    const { outcomes, sandbox } = await world.verify({ level: "V4" });
    assert.deepEqual(
      outcomes.map(({ level, verdict }) => `${level} ${verdict}`),
      ["V0 holds", "V1 holds", "V2 holds", "V3 holds", "V4 holds", "V5 not-tried"],
      JSON.stringify(outcomes, undefined, 1),
    );
    assert.match(outcomes[4]?.because[0] ?? "", new RegExp(`^etcd ${exactVersion[version]} serves revision \\d+ with hashkv \\d+`));
    assert.match(sandbox ?? "", process.getuid?.() === 0 ? /as user 6\d{4} without privileges/ : /as the user who runs requorum/);
    assert.deepEqual(traces(), []);
    rmSync(world.spoolDirectory, { recursive: true });
  });

test("V4: an offline copy of a member that was killed: its log is replayed, and a real etcd serves what it gives", async () => {
  const directory = join(work, "killed");
  const etcd = await PlainEtcd.start({ version: "3.6", directory });
  for (const [key, value] of smallCluster)
    await putBytes(etcd, key, typeof value === "string" ? Buffer.from(value) : (value ?? new Uint8Array()));
  await etcd.kill();
  await etcd.close();
  const names = readdirSync(etcd.dataDir, { recursive: true, encoding: "utf8" }).filter((name) => /(\.wal|\.snap|\/db)$/.test(name));
  const dataDir = Object.fromEntries(names.map((name) => [name, readFileSync(join(etcd.dataDir, name))]));
  const world = await setOf("3.6", new Uint8Array(), { dataDir });
  const { outcomes } = await world.verify({ level: "V4" });
  assert.equal(outcomes[4]?.verdict, "holds", JSON.stringify(outcomes, undefined, 1));
  rmSync(world.spoolDirectory, { recursive: true });
});

test("V4: where memory has no room the sandbox lies on disk, where only its user gets to; and without room anywhere it is not tried", async () => {
  const snapshot = await snapshotOf("3.6");
  const { places } = sandboxOptions();
  const world = await setOf("3.6", snapshot, {
    sandboxes: createLocalSandboxes(sandboxOptions({ places: { ...places, inMemory: ["/nowhere", tmpdir()] } })),
  });
  let mode: number | undefined;
  const { outcomes, sandbox } = await world.verify(
    { level: "V4" },
    {
      report: (event) => {
        if (event.kind === "phase" && event.text.startsWith("starting etcd"))
          for (const name of traces()) mode = statSync(join(places.onDisk, name)).mode & 0o777;
      },
    },
  );
  assert.equal(outcomes[4]?.verdict, "holds", JSON.stringify(outcomes[4]));
  assert.match(sandbox ?? "", /^on disk, /);
  assert.equal(mode, process.getuid?.() === 0 ? 0o710 : 0o700);
  rmSync(world.spoolDirectory, { recursive: true });
  const sandboxes = createLocalSandboxes(sandboxOptions());
  await assert.rejects(sandboxes.open({ bytes: 1n << 60n }), { code: "LOCAL_DISK_FULL" });
  assert.deepEqual(traces(), []);
});

test("V4: an etcd that serves another hash than the set has fails it", async () => {
  const snapshot = await snapshotOf("3.6");
  const options = sandboxOptions();
  const lying = createLocalSandboxes({
    ...options,
    dialEtcd: (target) => {
      const client = options.dialEtcd(target);
      const hashKv: EtcdClient["hashKv"] = async (...call) => ({ ...(await client.hashKv(...call)), hash: 1 });
      return Object.assign(Object.create(client) as EtcdClient, {
        hashKv,
        status: client.status.bind(client),
        memberList: client.memberList.bind(client),
        probeRead: client.probeRead.bind(client),
        close: client.close.bind(client),
      });
    },
  });
  const world = await setOf("3.6", snapshot, { sandboxes: lying });
  const { outcomes } = await world.verify({ level: "V4" });
  assert.equal(outcomes[4]?.verdict, "fails");
  assert.match(outcomes[4].because.join(), /hashkv at revision \d+ is 1, the set's is/);
  rmSync(world.spoolDirectory, { recursive: true });
});

test("V4: a program that ends at once is told with what it wrote, and a stop leaves nothing", async () => {
  const snapshot = await snapshotOf("3.6");
  const sandboxes = createLocalSandboxes(sandboxOptions());
  const found = await sandboxes.findProgram("etcd", "3.6");
  assert.ok(found.kind === "found");
  const sandbox = await sandboxes.open({ bytes: 1n << 20n });
  const { signal } = new AbortController();
  await assert.rejects(
    sandbox.startEtcd({ program: { ...found.program, path: "/bin/false" }, dataDir: sandbox.directory, signal }),
    (error: unknown) => error instanceof RecoveryError && error.code === "SANDBOX_FAILED" && /ended with exit code 1/.test(error.detail),
  );
  await sandbox.close();
  const stop = new AbortController();
  const world = await setOf("3.6", snapshot);
  const verifying = world.verify(
    { level: "V4" },
    {
      signal: stop.signal,
      report: (event) => {
        if (event.kind === "phase" && event.text.startsWith("starting etcd"))
          stop.abort(new RecoveryError("INTERRUPTED", { subject: "test", detail: "Ctrl-C" }));
      },
    },
  );
  await assert.rejects(verifying, { code: "INTERRUPTED" });
  assert.deepEqual(traces(), []);
  assert.deepEqual(readdirSync(join(world.spoolDirectory, "spool")), []);
  rmSync(world.spoolDirectory, { recursive: true });
});

test("a sandbox goes when its maker is killed, with its programs; and where its guard was killed too, with the next one", async () => {
  const script = `
    import { createLocalSandboxes } from ${JSON.stringify(join(import.meta.dirname, "../../src/adapters/sandbox/local-sandboxes.ts"))};
    import { sandboxOptions } from ${JSON.stringify(join(import.meta.dirname, "../support/sandbox-options.ts"))};
    const sandboxes = createLocalSandboxes(sandboxOptions());
    const found = await sandboxes.findProgram("etcd", "3.6");
    const sandbox = await sandboxes.open({ bytes: 1n << 20n });
    await sandbox.startEtcd({ program: found.program, dataDir: sandbox.directory + "/new", signal: new AbortController().signal });
    console.log(sandbox.directory);
    setInterval(() => {}, 1000);`;
  for (const killsGuard of [false, true]) {
    const maker = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        script.replace(
          "await sandbox.startEtcd",
          `(await import("node:fs")).mkdirSync(sandbox.directory + "/new", { mode: 0o700 });\nawait sandbox.startEtcd`,
        ),
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [line] = (await once(maker.stdout, "data")) as [Buffer];
    const directory = line.toString().trim();
    const programs = await processesOf(`${directory}/`);
    assert.equal(programs.length, 1, "etcd runs");
    if (killsGuard) for (const pid of await processesOf(directory, /guard/)) process.kill(pid, "SIGKILL");
    maker.kill("SIGKILL");
    await once(maker, "exit");
    if (killsGuard) {
      assert.deepEqual(await processesOf(`${directory}/`), programs, "nobody ends it yet");
      await (await createLocalSandboxes(sandboxOptions()).open({ bytes: 1n << 20n })).close();
    }
    for (let left = 100; left > 0 && ((await processesOf(`${directory}/`)).length > 0 || traces().length > 0); left -= 1) await pause(50);
    assert.deepEqual([await processesOf(`${directory}/`), traces()], [[], []]);
  }
});

/** Processes whose command line names the directory. */
async function processesOf(text: string, form = /etcd/): Promise<readonly number[]> {
  const { stdout } = await run("ps", ["-eo", "pid=,args="], { maxBuffer: 1 << 26 });
  return stdout
    .split("\n")
    .filter(
      (one) => one.includes(text) && form.test(one.replaceAll(text, "")) && (form.source === "guard") === one.includes("sandbox-guard"),
    )
    .map((one) => Number(one.trim().split(" ")[0]));
}
