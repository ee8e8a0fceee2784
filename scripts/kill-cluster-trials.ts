/**
 * Kills three-member clusters under load, and counts the acknowledged writes
 * that our replay of each data dir lacks, beside what `--force-new-cluster`
 * on a copy of the same dir loses.
 * node scripts/kill-cluster-trials.ts VERSION TRIALS [SEED]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killClusterTrial } from "../test/support/kill-cluster-trial.ts";
import { engineVersions } from "../test/support/plain-etcd.ts";

const version = engineVersions.find((one) => one === process.argv[2]);
const trials = Number(process.argv[3] ?? "5");
const firstSeed = Number(process.argv[4] ?? "1");
if (version === undefined || !Number.isSafeInteger(trials))
  throw new Error(`usage: kill-cluster-trials.ts ${engineVersions.join("|")} TRIALS [SEED]`);
const leaders: number[][] = [];
const followers: number[][] = [];
let acknowledged = 0;
for (let seed = firstSeed; seed < firstSeed + trials; seed += 1) {
  const directory = await mkdtemp(join(tmpdir(), "engine-kill-cluster-"));
  try {
    const trial = await killClusterTrial(version, directory, seed);
    acknowledged += trial.acknowledged;
    for (const one of trial.members)
      (one.isLeader ? leaders : followers).push([one.missingFromReplay, one.missingFromForcedStart, one.uncertainCount]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
const summary = (losses: readonly number[][]): object => ({
  dirs: losses.length,
  replayLost: losses.map(([replay]) => replay ?? 0),
  forcedStartLost: losses.map(([, forced]) => forced ?? 0),
  uncertain: losses.map(([, , uncertain]) => uncertain ?? 0),
});
console.log(JSON.stringify({ version, trials, acknowledged, leaders: summary(leaders), followers: summary(followers) }));
