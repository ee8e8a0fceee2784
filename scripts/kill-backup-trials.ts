/**
 * Kills `requorum backup copy` or `backup prune` with SIGKILL at random moments,
 * again and again: no listed set may be bad, no proven set lost, and the next
 * run must come to its end and leave nothing over.
 * node scripts/kill-backup-trials.ts directory|s3|ssh copy|prune ROUNDS [SEED]
 */
import { BackupTrials } from "../test/support/kill-backup-trial.ts";
import { seededRandom } from "../test/support/seeded-random.ts";
import { s3TestCredentials } from "../test/support/s3-server.ts";
import { trialStores } from "../test/support/trial-server.ts";

const kind = trialStores.find((one) => one === process.argv[2]);
const verb = (["copy", "prune"] as const).find((one) => one === process.argv[3]);
const rounds = Number(process.argv[4] ?? "10");
const seed = Number(process.argv[5] ?? "1");
if (kind === undefined || verb === undefined || !Number.isSafeInteger(rounds))
  throw new Error(`usage: kill-backup-trials.ts ${trialStores.join("|")} copy|prune ROUNDS [SEED]`);
process.env["AWS_ACCESS_KEY_ID"] = s3TestCredentials.accessKeyId;
process.env["AWS_SECRET_ACCESS_KEY"] = s3TestCredentials.secretAccessKey;
process.env["AWS_EC2_METADATA_DISABLED"] = "true";
const random = seededRandom(seed);
const trials = await BackupTrials.start(kind, verb);
const totals = { rounds: 0, killed: 0, withLeftovers: 0 };
try {
  for (let round = 0; round < rounds; round += 1) {
    const { isKilled, leftovers } = await trials.round(verb, `round-${String(seed)}-${String(round)}`, random());
    totals.rounds += 1;
    totals.killed += isKilled ? 1 : 0;
    totals.withLeftovers += leftovers > 0 ? 1 : 0;
  }
} finally {
  await trials.close();
}
console.log(JSON.stringify({ kind, verb, seed, ...totals }));
