/**
 * The whole of what CI runs slices of, for the file engine: more than a
 * million damaged inputs over all decoders, the same against etcd's, bbolt's
 * and Kubernetes' own code, bulk data, and a thousand kills. Hours. Prints one
 * row of a table per sweep, for docs/performance.md; a failure prints the
 * test's output and the seed to start from again.
 *   node scripts/engine-sweep.ts [--scale 0.01] [--only NAME] [--seed 1]
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

interface Sweep {
  readonly name: string;
  readonly count: number;
  readonly what: string;
  /** Below the repository; a test file, or a script. */
  readonly command: (count: number, seed: number) => { readonly words: readonly string[]; readonly environment: NodeJS.ProcessEnv };
}

const root = resolve(import.meta.dirname, "..");

function testSweep(name: string, file: string, count: number, what: string, variable = "REQUORUM_FUZZ_ROUNDS"): Sweep {
  const seedVariable = variable === "REQUORUM_KUBE_VECTORS" ? "REQUORUM_KUBE_SEED" : "REQUORUM_FUZZ_SEED";
  return {
    name,
    count,
    what,
    command: (rounds, seed) => ({
      words: ["--test", "--test-reporter=tap", file],
      environment: { [variable]: String(rounds), [seedVariable]: String(seed) },
    }),
  };
}

function scriptSweep(name: string, script: string, version: string, count: number, what: string): Sweep {
  return { name, count, what, command: (rounds, seed) => ({ words: [script, version, String(rounds), String(seed)], environment: {} }) };
}

const sweeps: readonly Sweep[] = [
  testSweep("damaged-bolt", "test/fuzz/bolt-damage.test.ts", 200_000, "damaged bbolt files"),
  testSweep("damaged-records", "test/fuzz/mvcc-damage.test.ts", 200_000, "damaged databases, and as many damaged sets of entries"),
  testSweep("damaged-logs", "test/fuzz/wal-damage.test.ts", 200_000, "damaged logs, and as many requests and snap files"),
  testSweep("damaged-replay", "test/fuzz/replay-damage.test.ts", 100_000, "damaged databases and logs, replayed and restored"),
  testSweep("damaged-objects", "test/fuzz/kube-damage.test.ts", 400_000, "damaged values of Kubernetes"),
  testSweep("bolt-verdicts", "test/etcd/bolt-differential.test.ts", 2_000, "verdicts beside bbolt's", "REQUORUM_BOLT_ROUNDS"),
  testSweep("log-verdicts", "test/etcd/wal-verdicts.test.ts", 50_000, "damaged logs beside etcd's reader"),
  testSweep("requests", "test/etcd/request-differential.test.ts", 400_000, "requests beside etcd's types"),
  testSweep("object-verdicts", "test/etcd/kube-damage.test.ts", 400_000, "damaged objects beside Kubernetes' decoder"),
  testSweep("objects", "test/etcd/kube-types.test.ts", 200, "objects of every kind of every version", "REQUORUM_KUBE_VECTORS"),
  {
    name: "bulk",
    count: 1_000_000,
    what: "small keys, and 400 MiB of 10 kB and of 1 MB values, beside the server and etcdutl",
    command: (keys) => ({
      words: ["--test", "--test-reporter=tap", "test/etcd/mvcc-files.test.ts"],
      environment: { REQUORUM_BULK_KEYS: String(keys), REQUORUM_BULK_MIB: String(Math.max(1, Math.round(keys / 2_500))) },
    }),
  },
  ...["3.4", "3.5", "3.6", "3.7"].map((version) =>
    scriptSweep(
      `kills-${version}`,
      "scripts/kill-trials.ts",
      version,
      250,
      `kills of etcd ${version} under load: our replay beside its restart`,
    ),
  ),
  ...["3.5", "3.6", "3.7"].map((version) =>
    scriptSweep(
      `cluster-kills-${version}`,
      "scripts/kill-cluster-trials.ts",
      version,
      25,
      `kills of three members of ${version}: acknowledged writes`,
    ),
  ),
];

const { values } = parseArgs({
  options: { scale: { type: "string", default: "1" }, only: { type: "string" }, seed: { type: "string", default: "1" } },
});
const [scale, seed] = [Number(values.scale), Number(values.seed)];
if (!(scale > 0 && scale <= 100) || !Number.isSafeInteger(seed))
  throw new Error("usage: engine-sweep.ts [--scale 0.01] [--only NAME] [--seed 1]");
const chosen = sweeps.filter((sweep) => values.only === undefined || sweep.name.includes(values.only));
if (chosen.length === 0) throw new Error(`no such sweep; there are ${sweeps.map(({ name }) => name).join(", ")}`);

let failed = 0;
process.stdout.write("| sweep | rounds | what | result | time |\n| --- | --- | --- | --- | --- |\n");
for (const sweep of chosen) {
  const count = Math.max(1, Math.round(sweep.count * scale));
  const { words, environment } = sweep.command(count, seed);
  const startedMs = performance.now();
  const result = spawnSync(process.execPath, [...words], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...environment },
    maxBuffer: 256 * 1024 * 1024,
  });
  const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
  const isGood = result.status === 0;
  const said = /^\{.*\}$/m.exec(result.stdout)?.[0] ?? (isGood ? "passed" : "");
  process.stdout.write(
    `| ${sweep.name} | ${String(count)} from seed ${String(seed)} | ${sweep.what} | ${isGood ? said : "FAILED"} | ${minutes} min |\n`,
  );
  if (isGood) continue;
  failed += 1;
  process.stderr.write(`${sweep.name}: ${words.join(" ")}\n${result.stdout.slice(-6_000)}\n${result.stderr.slice(-6_000)}\n`);
}
process.exit(failed === 0 ? 0 : 1);
