/**
 * `node bench/many-objects.ts`: all objects out of a snapshot of many small
 * ones, and the difference of two of those: what must not grow with the
 * number of objects. Goal: memory < 300 MB. What the program prints is thrown
 * away as it comes.
 *
 * REQUORUM_BENCH_KEYS (800000), REQUORUM_BENCH_VALUE_BYTES (100),
 * REQUORUM_BENCH_ROUNDS (3), REQUORUM_BENCH_ETCD (3.6), REQUORUM_BENCH_DIR,
 * REQUORUM_BENCH_FILES (a directory where from.db and to.db are, or are kept).
 */
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { etcdBulk } from "../test/support/etcd-traffic.ts";
import { storedConfigMap } from "../test/support/make-snapshot.ts";
import { PlainEtcd } from "../test/support/plain-etcd.ts";
import { filesSetting, programsFor } from "./files-setting.ts";
import { machineWords } from "./measure.ts";
import { runMeasured, type ProcessRun } from "./measure-process.ts";

const setting = filesSetting();
const keys = Number(process.env["REQUORUM_BENCH_KEYS"] ?? "800000");
const valueBytes = Number(process.env["REQUORUM_BENCH_VALUE_BYTES"] ?? "100");
const rounds = Number(process.env["REQUORUM_BENCH_ROUNDS"] ?? "3");
/** Changed between the two snapshots: more than are listed. */
const changedKeys = Math.min(keys, 12_000);
process.on("exit", () => rmSync(setting.directory, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130));

const files = process.env["REQUORUM_BENCH_FILES"] ?? setting.directory;
const [from, to] = [join(files, "from.db"), join(files, "to.db")];
if (!existsSync(to)) await makeSnapshots();
const { requorum } = await programsFor(setting);

async function makeSnapshots(): Promise<void> {
  mkdirSync(files, { recursive: true });
  const directory = join(setting.directory, "etcd");
  const etcd = await PlainEtcd.start({ version: setting.etcdVersion, directory, flags: ["--quota-backend-bytes=34359738368"] });
  try {
    const write = (count: number, letter: string): Promise<void> =>
      etcdBulk(etcd, {
        count,
        keys,
        valueBytes: valueBytes + 200,
        seed: 7,
        valueFor: (number) => {
          const name = `object-${String(number).padStart(8, "0")}`;
          return storedConfigMap(`namespace-${String(number % 50)}`, name, { data: letter.repeat(valueBytes) });
        },
      });
    await etcd.etcdctl(["put", "/registry/namespaces/default", '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"default"}}']);
    await write(keys, "a");
    await etcd.etcdctl(["snapshot", "save", from, "--command-timeout=600s"]);
    await write(changedKeys, "b");
    await etcd.etcdctl(["snapshot", "save", to, "--command-timeout=600s"]);
  } finally {
    await etcd.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

const subjects: readonly { readonly name: string; readonly words: readonly string[] }[] = [
  { name: "`requorum snapshot get`, all, as YAML", words: ["get", from] },
  { name: "the same as JSON", words: ["get", from, "-o", "json"] },
  { name: "`requorum snapshot diff` of the two", words: ["diff", from, to] },
];
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
process.stdout.write(
  `\n${megabytes(statSync(from).size)}, ${String(keys)} keys of ${String(valueBytes)} bytes, ${String(changedKeys)} of them changed\n`,
);
process.stdout.write(
  `${machineWords()}, ${new Date().toISOString().slice(0, 10)}\n\n| what | median | min-max | printed | peak memory (VmHWM) |\n| --- | --- | --- | --- | --- |\n`,
);
for (const { name, words } of subjects) {
  const runs: ProcessRun[] = [];
  for (let round = 0; round < rounds; round += 1)
    // 3: the namespace is no object, and the two differ.
    runs.push(
      await runMeasured(process.execPath, [requorum, "snapshot", ...words], {
        environment: { NO_COLOR: "1" },
        exits: [0, 3],
        keepsOutput: false,
      }),
    );
  const times = runs.map((run) => run.tookMs).sort((a, b) => a - b);
  const peak = Math.max(...runs.map((run) => run.peakBytes));
  process.stdout.write(
    `| ${name} | ${seconds(times[Math.floor(times.length / 2)] ?? NaN)} | ${seconds(times[0] ?? NaN)}-${seconds(times.at(-1) ?? NaN)} | ${megabytes(runs[0]?.outBytes ?? NaN)} | ${megabytes(peak)} |\n`,
  );
}
