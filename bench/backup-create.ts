/**
 * `node bench/backup-create.ts`: `requorum backup create` beside `etcdctl
 * snapshot save` and `restic backup` (Debian's) of the same etcd and the same
 * files of the machine, in turns, each into a store of its own on one disk. A
 * round: a first set, then 2 % of the keys are written anew and the history is
 * compacted, then a second set into the same store. Goals: faster than that
 * pair; the second set adds at most 1.2 times what restic's adds.
 *
 * etcd is a real one on loopback with TLS. The program reaches it as etcdctl
 * does, and in REQUORUM_BENCH_SSH=1 through a real sshd and OpenSSH.
 *
 * REQUORUM_BENCH_MB (400), REQUORUM_BENCH_ROUNDS (5), REQUORUM_BENCH_WARM_UP
 * (1; 0 for none), REQUORUM_BENCH_ETCD (3.6), REQUORUM_BENCH_DIR (where five
 * times the size is free).
 */
import { Client, credentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join, resolve } from "node:path";
import { AgeKeyWrapping } from "../src/adapters/system/age-key-wrapping.ts";
import type { ClusterConfig } from "../src/model/cluster-config.ts";
import { asHostName } from "../src/model/ids.ts";
import { buildProgram } from "../scripts/build.ts";
import { debianRestic } from "../test/support/debian-restic.ts";
import { compactEtcd, etcdBulk, type EtcdCalls } from "../test/support/etcd-traffic.ts";
import { etcdUnaryCall } from "../test/support/etcd-unary-call.ts";
import { kubeadmFiles, MachinesBelow } from "../test/support/machines-below.ts";
import { RealEtcd } from "../test/support/real-etcd.ts";
import { loopbackConfig } from "../test/support/real-etcd-subject.ts";
import { startSshServer } from "../test/support/ssh-server.ts";
import type { BenchProgram } from "./backup-program.ts";
import { filesSetting } from "./files-setting.ts";
import { machineWords } from "./measure.ts";
import { runMeasured, type ProcessRun } from "./measure-process.ts";
import { podLikeValue } from "./pod-values.ts";

const root = resolve(import.meta.dirname, "..");
const setting = filesSetting();
const scratch = (name: string): string => join(setting.directory, name);
process.on("exit", () => rmSync(setting.directory, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130));

const withSsh = process.env["REQUORUM_BENCH_SSH"] === "1";
const changedPart = 0.02;
const host = asHostName(withSsh ? "good" : "cp1");
const restic = await debianRestic();
const etcd = await RealEtcd.start({ memberCount: 1, version: setting.etcdVersion });
const etcdHost = asHostName("cp1");
const machines = new MachinesBelow(etcd.directory);
machines.put(host, kubeadmFiles("a secret of the machine"));
const machineDirectory = join(etcd.directory, `machine-${host}`);
const sshServer = withSsh ? await startSshServer({ environment: { REQUORUM_PROBE_ROOT: machineDirectory } }) : undefined;
const client = new Client(
  `ipv4:127.0.0.1:${String(etcd.member(etcdHost).clientPort)}`,
  credentials.createSsl(readFileSync(etcd.client.ca), readFileSync(etcd.client.key), readFileSync(etcd.client.certificate)),
  { "grpc.ssl_target_name_override": "localhost" },
);
const calls: EtcdCalls = { call: (method, types, request) => etcdUnaryCall(client, { method, types, request, timeoutMs: 60_000 }) };

const program = await builtProgram();
const identity = await new AgeKeyWrapping().newIdentity();

async function builtProgram(): Promise<string> {
  const built = scratch("package");
  mkdirSync(built);
  await buildProgram(join(built, "dist"), { "cli/bench": "bench/backup-program.ts" });
  writeFileSync(join(built, "package.json"), '{"type":"module","version":"0.0.0"}\n');
  symlinkSync(join(root, "node_modules"), join(built, "node_modules"));
  return join(built, "dist/cli/bench.js");
}

interface SetTaken {
  readonly tookMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
  /** All that lies in the store afterwards. */
  readonly storedBytes: number;
  /** For words about what took how long. */
  readonly parts: readonly number[];
}

interface Subject {
  readonly name: string;
  readonly begin: () => Promise<void>;
  readonly take: () => Promise<SetTaken>;
}

function bytesBelow(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function configFor(store: string): ClusterConfig {
  const loopback = loopbackConfig([host]);
  const ssh = sshServer?.clusterConfig();
  return {
    ...loopback,
    ...(ssh === undefined ? {} : { ssh: ssh.ssh, hosts: loopback.hosts }),
    paths: { ...loopback.paths, etcdDataDir: etcd.member(etcdHost).dataDir },
    backup: {
      store,
      recipients: [identity.recipient],
      signers: [],
      source: "follower",
      retention: { last: 9, daily: 0, weekly: 0, monthly: 0, neverBelow: 1 },
    },
  };
}

const ours: Subject = {
  name: `requorum backup create${withSsh ? " (through SSH)" : ""}`,
  begin: () => {
    for (const name of ["store", "work"]) rmSync(scratch(name), { recursive: true, force: true });
    mkdirSync(scratch("work"));
    return Promise.resolve();
  },
  take: async () => {
    const wiring: BenchProgram = {
      config: configFor(scratch("store")),
      work: scratch("work"),
      clientPort: etcd.member(etcdHost).clientPort,
      certificates: etcd.client,
      machines: etcd.directory,
      reach: withSsh ? "ssh" : "direct",
    };
    const flags = (process.env["REQUORUM_BENCH_NODE_FLAGS"] ?? "").split(" ").filter(Boolean);
    const run = await runMeasured(process.execPath, [...flags, program, "backup", "create", "-o", "json"], {
      environment: { REQUORUM_BENCH_PROGRAM: JSON.stringify(wiring), NODE_COMPILE_CACHE: scratch("compiled"), NO_COLOR: "1" },
      exits: [3], // no API server gave the cluster's records
    });
    const { set } = JSON.parse(run.stdout) as { readonly set: { readonly marks: readonly { readonly code: string }[] } };
    assert.deepEqual(new Set(set.marks.map(({ code }) => code)), new Set(["API_DOWN"]));
    return {
      tookMs: run.tookMs,
      cpuMs: run.cpuMs,
      peakBytes: run.peakTreeBytes,
      storedBytes: bytesBelow(scratch("store")),
      parts: [run.tookMs],
    };
  },
};

const theirs: Subject = {
  name: "etcdctl snapshot save, restic backup",
  begin: async () => {
    for (const name of ["repository", "cache"]) rmSync(scratch(name), { recursive: true, force: true });
    writeFileSync(scratch("password"), "a password of the repository\n", { mode: 0o600 });
    await resticRun(["init"]);
  },
  take: async () => {
    const file = scratch("snapshot.db");
    const { ca, certificate, key } = etcd.client;
    const saved = await runMeasured(etcd.program("etcdctl"), [
      `--endpoints=https://127.0.0.1:${String(etcd.member(etcdHost).clientPort)}`,
      ...[`--cacert=${ca}`, `--cert=${certificate}`, `--key=${key}`],
      ...["--command-timeout=600s", "snapshot", "save", file],
    ]);
    const stored = await resticRun(["backup", file, machineDirectory]);
    rmSync(file);
    return {
      tookMs: saved.tookMs + stored.tookMs,
      cpuMs: saved.cpuMs + stored.cpuMs,
      peakBytes: Math.max(saved.peakTreeBytes, stored.peakTreeBytes),
      storedBytes: bytesBelow(scratch("repository")),
      parts: [saved.tookMs, stored.tookMs],
    };
  },
};

function resticRun(words: readonly string[]): Promise<ProcessRun> {
  return runMeasured(restic.program, words, {
    environment: {
      RESTIC_REPOSITORY: scratch("repository"),
      RESTIC_PASSWORD_FILE: scratch("password"),
      RESTIC_CACHE_DIR: scratch("cache"),
      RESTIC_PROGRESS_FPS: "0.1",
    },
  });
}

const keys = Math.ceil((setting.megabytes * 1e6) / 11_700); // measured: what a value is, and pages add
let version = 0;
/** All keys, or a part of them, spread evenly, each with a value that is new. */
async function write(count: number): Promise<void> {
  version += 1;
  const every = Math.floor(keys / count);
  const shift = version % every;
  const numbers = Array.from({ length: count }, (_, at) => (at * every + shift) % keys);
  await etcdBulk(calls, {
    count,
    keys,
    valueBytes: 13_000,
    seed: version,
    keyFor: (at) => numbers[at] ?? at,
    valueFor: (at) => podLikeValue(numbers[at] ?? at, version),
  });
}

async function compact(): Promise<void> {
  const status = JSON.parse(await etcd.etcdctl(etcdHost, ["endpoint", "status", "-w", "json"])) as readonly [
    { readonly Status: { readonly header: { readonly revision: number } } },
  ];
  await compactEtcd(calls, BigInt(status[0].Status.header.revision));
}

interface Round {
  readonly first: SetTaken;
  readonly second: SetTaken;
}
const rounds = new Map<Subject, Round[]>([
  [ours, []],
  [theirs, []],
]);

async function round(at: number): Promise<ReadonlyMap<Subject, Round>> {
  const inTurn = at % 2 === 0 ? [ours, theirs] : [theirs, ours];
  const first = new Map<Subject, SetTaken>();
  const done = new Map<Subject, Round>();
  for (const subject of inTurn) {
    await subject.begin();
    first.set(subject, await subject.take());
  }
  await write(Math.ceil(keys * changedPart));
  await compact();
  for (const subject of inTurn) {
    const before = first.get(subject);
    assert.ok(before !== undefined);
    done.set(subject, { first: before, second: await subject.take() });
  }
  return done;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const seconds = (ms: number): string => (ms / 1000).toFixed(2);
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

function span(values: readonly number[], form: (value: number) => string): string {
  return `${form(median(values))} (${form(Math.min(...values))}-${form(Math.max(...values))})`;
}

function printRounds(sizeBytes: number): void {
  const loads = loadavg().map((one) => one.toFixed(1));
  process.stdout.write(
    `\nA snapshot of ${megabytes(sizeBytes)} MB, ${String(keys)} keys, 2 % of them changed; etcd ${setting.etcdVersion}, ${restic.version}; ${String(setting.rounds)} rounds in turns, load ${loads.join(" ")}\n`,
  );
  process.stdout.write(`${machineWords()}, ${new Date().toISOString().slice(0, 10)}\n\n`);
  process.stdout.write(
    "| what | first set: s | processor: s | second set: s | processor: s | first set stored: MB | added by the second: MB | peak memory: MB |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
  );
  const added = (subject: Subject): number[] => of(subject).map(({ first, second }) => second.storedBytes - first.storedBytes);
  const of = (subject: Subject): readonly Round[] => rounds.get(subject) ?? [];
  const rows = [ours, theirs].map((subject) => {
    const all = of(subject);
    const cells = [
      span(
        all.map(({ first }) => first.tookMs),
        seconds,
      ),
      seconds(median(all.map(({ first }) => first.cpuMs))),
      span(
        all.map(({ second }) => second.tookMs),
        seconds,
      ),
      seconds(median(all.map(({ second }) => second.cpuMs))),
      span(
        all.map(({ first }) => first.storedBytes),
        megabytes,
      ),
      span(added(subject), megabytes),
      megabytes(Math.max(...all.flatMap(({ first, second }) => [first.peakBytes, second.peakBytes]))),
    ];
    return `| ${subject.name} | ${cells.join(" | ")} |`;
  });
  const ratio = (value: (round: Round) => number): string =>
    median(of(ours).map((one, at) => value(one) / value(of(theirs)[at] ?? one))).toFixed(2);
  const ratios = [
    `${ratio(({ first }) => first.tookMs)} (< 1)`,
    ratio(({ first }) => first.cpuMs),
    `${ratio(({ second }) => second.tookMs)} (< 1)`,
    ratio(({ second }) => second.cpuMs),
    ratio(({ first }) => first.storedBytes),
    `${ratio(({ first, second }) => second.storedBytes - first.storedBytes)} (≤ 1.2)`,
    "",
  ];
  process.stdout.write(`${rows.join("\n")}\n| ours / theirs, round by round: median (goal) | ${ratios.join(" | ")} |\n`);
  const parts = of(theirs).map(({ first, second }) => [...first.parts, ...second.parts]);
  const words = ["etcdctl", "restic", "etcdctl", "restic"].map(
    (name, at) => `${name} ${seconds(median(parts.map((one) => one[at] ?? NaN)))} s`,
  );
  process.stdout.write(`\nOf theirs: ${words.join(", ")}\n`);
}

try {
  await write(keys);
  await compact();
  if (setting.hasWarmUp) await round(0);
  for (let at = 0; at < setting.rounds; at += 1) {
    for (const [subject, done] of await round(at)) {
      rounds.get(subject)?.push(done);
      process.stderr.write(
        `${subject.name}: ${seconds(done.first.tookMs)} s (${seconds(done.first.cpuMs)}), ${seconds(done.second.tookMs)} s (${seconds(done.second.cpuMs)}), ${megabytes(done.first.storedBytes)} MB, +${megabytes(done.second.storedBytes - done.first.storedBytes)} MB, ${megabytes(done.first.peakBytes)} and ${megabytes(done.second.peakBytes)} MB of memory\n`,
      );
    }
  }
  printRounds(statSync(join(etcd.member(etcdHost).dataDir, "member/snap/db")).size);
} finally {
  client.close();
  await sshServer?.remove();
  await machines.close();
  await etcd.close();
}
