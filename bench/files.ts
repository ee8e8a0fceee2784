/**
 * `node bench/files.ts`: the verbs on files beside `etcdutl`, `etcdctl` and
 * `bbolt`, in turns on one file, with peak memory. Goals: inspect ≤ 2x
 * `etcdutl snapshot status`, restore ≤ 1.5x `etcdutl snapshot restore`,
 * memory < 300 MB on 8 GiB. Results are compared, too. All read the file from
 * the page cache: it is read once before.
 *
 * REQUORUM_BENCH_MB (400), REQUORUM_BENCH_VALUE_BYTES (10000),
 * REQUORUM_BENCH_ROUNDS (5), REQUORUM_BENCH_WARM_UP (1; 0 for none),
 * REQUORUM_BENCH_ETCD (3.6), REQUORUM_BENCH_DIR (where four times the size is
 * free), REQUORUM_BENCH_SNAPSHOT (a file that is there already).
 */
import assert from "node:assert/strict";
import { copyFileSync, createReadStream, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { PlainEtcd } from "../test/support/plain-etcd.ts";
import { filesSetting, makeBenchSnapshot, programsFor, versionWords } from "./files-setting.ts";
import { machineWords } from "./measure.ts";
import { memoryOf, runMeasured, type ProcessRun } from "./measure-process.ts";

interface FileSubject {
  readonly name: string;
  /** Not timed. */
  readonly before?: () => void;
  readonly run: () => Promise<ProcessRun>;
  /** What two subjects of one comparison must agree on. */
  readonly answerOf: (stdout: string) => string;
}

interface Comparison {
  readonly what: string;
  readonly ours: FileSubject;
  readonly theirs: FileSubject;
  /** What none that does this can be faster than, where that is worth knowing. */
  readonly floor?: FileSubject;
  /** Largest ratio of the medians. */
  readonly goal: number | undefined;
}

const setting = filesSetting();
process.on("exit", () => rmSync(setting.directory, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130));
const programs = await programsFor(setting);
const snapshot = await makeBenchSnapshot(setting);
const sizeBytes = statSync(snapshot).size;
const etcdutl = join(programs.etcd, "etcdutl");
const scratch = (name: string): string => join(setting.directory, name);
const remove = (path: string) => (): void => rmSync(path, { recursive: true, force: true });

function requorum(...words: readonly string[]): Promise<ProcessRun> {
  return runMeasured(process.execPath, [programs.requorum, "snapshot", ...words], {
    environment: { NODE_COMPILE_CACHE: scratch("compiled"), NO_COLOR: "1" },
  });
}

function field(stdout: string, ...names: readonly string[]): string {
  const document = JSON.parse(stdout) as { readonly [name: string]: unknown };
  return names.map((name) => String(document[name])).join(" ");
}

/** Without our verb: restore it all, start an etcd on it, ask, and throw it away. */
async function getThroughEtcd(key: string): Promise<ProcessRun> {
  const startedMs = performance.now();
  const dataDir = scratch("get-data");
  const restored = await runMeasured(etcdutl, ["snapshot", "restore", snapshot, "--data-dir", dataDir]);
  const etcd = await PlainEtcd.start({ version: setting.etcdVersion, directory: scratch("get"), dataDir, flags: ["--name=default"] });
  const stdout = await etcd.etcdctl(["get", key, "--print-value-only"]);
  const tookMs = performance.now() - startedMs;
  const memory = etcd.processId === undefined ? undefined : memoryOf(etcd.processId);
  await etcd.close();
  return {
    tookMs,
    peakBytes: Math.max(restored.peakBytes, memory?.peakBytes ?? 0),
    peakOwnBytes: Math.max(restored.peakOwnBytes, memory?.ownBytes ?? 0),
    peakTreeBytes: Math.max(restored.peakTreeBytes, memory?.peakBytes ?? 0),
    cpuMs: restored.cpuMs,
    stdout,
    outBytes: stdout.length,
  };
}

const wanted = { namespace: "namespace-7", name: "object-00000007" } as const;
const key = `/registry/configmaps/${wanted.namespace}/${wanted.name}`;
/** Both print it: ours as YAML, theirs as stored. */
const longestWord = (stdout: string): string => /[a-z]{500,}/.exec(stdout)?.[0] ?? "";
const nothing = (): string => "";

const comparisons: readonly Comparison[] = [
  {
    what: "inspect",
    goal: 2,
    ours: {
      name: "requorum snapshot inspect (sha256 and structure, too)",
      run: () => requorum("inspect", snapshot, "-o", "json"),
      answerOf: (stdout) => `${String(parseInt(field(stdout, "hash"), 16))} ${field(stdout, "revision", "totalKeys")}`,
    },
    theirs: {
      name: "etcdutl snapshot status",
      run: () => runMeasured(etcdutl, ["snapshot", "status", snapshot, "-w", "json"]),
      answerOf: (stdout) => field(stdout, "hash", "revision", "totalKey"),
    },
    floor: { name: "sha256sum (what status leaves out)", run: () => runMeasured("sha256sum", [snapshot]), answerOf: nothing },
  },
  {
    what: "check",
    goal: undefined,
    ours: {
      name: "requorum snapshot check (sha256, records, objects, too)",
      run: () => requorum("check", snapshot, "-o", "json"),
      answerOf: nothing,
    },
    theirs: { name: "bbolt check (structure only)", run: () => runMeasured(programs.bbolt, ["check", snapshot]), answerOf: nothing },
  },
  {
    what: "hashkv",
    goal: undefined,
    ours: {
      name: "requorum snapshot hashkv",
      run: () => requorum("hashkv", snapshot, "-o", "json"),
      answerOf: (stdout) => field(stdout, "hash", "revision"),
    },
    theirs: {
      name: "etcdutl hashkv (writes to the file: on a copy)",
      before: () => copyFileSync(snapshot, scratch("copy.db")),
      run: () => runMeasured(etcdutl, ["hashkv", scratch("copy.db"), "-w", "json"]),
      answerOf: (stdout) => field(stdout, "hash", "hashRevision"),
    },
  },
  {
    what: "restore",
    goal: 1.5,
    ours: {
      name: "requorum snapshot restore",
      before: remove(scratch("ours")),
      run: () => requorum("restore", snapshot, "--data-dir", scratch("ours")),
      answerOf: nothing,
    },
    theirs: {
      name: "etcdutl snapshot restore",
      before: remove(scratch("theirs")),
      run: () => runMeasured(etcdutl, ["snapshot", "restore", snapshot, "--data-dir", scratch("theirs")]),
      answerOf: nothing,
    },
  },
  {
    what: "one object",
    goal: undefined,
    ours: {
      name: "requorum snapshot get",
      run: () => requorum("get", snapshot, `configmap/${wanted.name}`, "-n", wanted.namespace),
      answerOf: longestWord,
    },
    theirs: {
      name: "etcdutl restore, etcd, etcdctl get",
      before: remove(scratch("get-data")),
      run: () => getThroughEtcd(key),
      answerOf: longestWord,
    },
  },
];

const runs = new Map<FileSubject, ProcessRun[]>();
async function once(subject: FileSubject): Promise<ProcessRun> {
  subject.before?.();
  return subject.run();
}
async function pair({ what, ours, theirs, floor }: Comparison, round: number, isKept: boolean): Promise<void> {
  const inTurn = [...(round % 2 === 0 ? [ours, theirs] : [theirs, ours]), ...(floor === undefined ? [] : [floor])];
  const answers = new Map<FileSubject, string>();
  for (const subject of inTurn) {
    const run = await once(subject);
    answers.set(subject, subject.answerOf(run.stdout));
    if (isKept) runs.set(subject, [...(runs.get(subject) ?? []), run]);
  }
  assert.equal(answers.get(ours), answers.get(theirs), `${what}: the two do not agree`);
  for (const name of ["ours", "theirs", "get-data", "copy.db"]) remove(scratch(name))();
}

const before = statSync(snapshot, { bigint: true });
// Without this the first subject reads the disk for all others.
await finished(createReadStream(snapshot, { highWaterMark: 1 << 20 }).resume());
for (const comparison of comparisons) {
  if (setting.hasWarmUp) await pair(comparison, 0, false);
  for (let round = 0; round < setting.rounds; round += 1) await pair(comparison, round, true);
  process.stderr.write(`${comparison.what}: done\n`);
}
const after = statSync(snapshot, { bigint: true });
assert.deepEqual([after.mtimeNs, after.size, after.ino], [before.mtimeNs, before.size, before.ino], "the snapshot was written to");

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
process.stdout.write(
  `\nA snapshot of ${megabytes(sizeBytes)}, values of ${String(setting.valueBytes)} bytes; ${versionWords(setting)}; ${String(setting.rounds)} rounds in turns\n`,
);
process.stdout.write(`${machineWords()}, ${new Date().toISOString().slice(0, 10)}\n\n`);
process.stdout.write(
  "| what | median | min-max | peak memory (VmHWM) | of it its own | ours / theirs (goal) |\n| --- | --- | --- | --- | --- | --- |\n",
);
for (const { ours, theirs, goal, floor } of comparisons) {
  const ratio = (to: FileSubject): string => (median(timesOf(ours)) / median(timesOf(to))).toFixed(2);
  for (const subject of [ours, theirs, ...(floor === undefined ? [] : [floor])]) {
    const [times, done] = [timesOf(subject), runs.get(subject) ?? []];
    const wanted = goal === undefined ? "" : ` (≤ ${String(goal)})`;
    const words = subject === ours ? `${ratio(theirs)}${wanted}` : subject === floor ? ratio(floor) : "";
    process.stdout.write(
      `| ${subject.name} | ${seconds(median(times))} | ${seconds(Math.min(...times))}-${seconds(Math.max(...times))} | ${megabytes(Math.max(...done.map((run) => run.peakBytes)))} | ${megabytes(Math.max(...done.map((run) => run.peakOwnBytes)))} | ${words} |\n`,
    );
  }
}

function timesOf(subject: FileSubject): readonly number[] {
  return (runs.get(subject) ?? []).map((run) => run.tookMs);
}
