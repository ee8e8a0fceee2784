/**
 * Kills a real etcd under load again and again, and compares what our replay
 * of its files gives with what the same etcd serves after its restart.
 * node scripts/kill-trials.ts VERSION TRIALS [SEED]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newLedger } from "../test/support/kill-load.ts";
import { killTrial, killTrialFlags } from "../test/support/kill-trial.ts";
import { engineVersions, PlainEtcd } from "../test/support/plain-etcd.ts";
import { seededRandom } from "../test/support/seeded-random.ts";

/** The data dir is made anew, so that neither it nor the ledger grows without end. */
const trialsPerDataDir = 10;

const version = engineVersions.find((one) => one === process.argv[2]);
const trials = Number(process.argv[3] ?? "10");
const firstSeed = Number(process.argv[4] ?? "1");
if (version === undefined || !Number.isSafeInteger(trials))
  throw new Error(`usage: kill-trials.ts ${engineVersions.join("|")} TRIALS [SEED]`);
const totals = { trials: 0, entries: 0, refused: 0, uncertain: 0, withUncertain: 0, compared: 0, acknowledged: 0 };
for (let seed = firstSeed; seed < firstSeed + trials;) {
  const directory = await mkdtemp(join(tmpdir(), "engine-kill-"));
  const etcd = await PlainEtcd.start({ version, directory, flags: killTrialFlags(seededRandom(seed)) });
  const ledger = newLedger();
  try {
    for (let turn = 0; turn < trialsPerDataDir && seed < firstSeed + trials; turn += 1, seed += 1) {
      const trial = await killTrial(etcd, ledger, seed, join(tmpdir(), `engine-kill-failed-${version}-${String(seed)}`));
      totals.trials += 1;
      totals.entries += trial.entryCount;
      totals.refused += trial.refusedCount;
      totals.uncertain += trial.uncertainCount;
      totals.withUncertain += trial.uncertainCount > 0 ? 1 : 0;
      totals.compared += trial.isCompared ? 1 : 0;
    }
    totals.acknowledged += ledger.acknowledged.size;
  } finally {
    await etcd.close();
    await rm(directory, { recursive: true, force: true });
  }
}
console.log(JSON.stringify({ version, ...totals }));
