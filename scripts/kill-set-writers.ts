/**
 * Kills real writers of backup sets again and again, and reads every listed set
 * after each kill. Where to: a directory, an S3 server, or a directory over SSH.
 * node scripts/kill-set-writers.ts [directory|s3|ssh] [ROUNDS] [SEED]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killSetWriters } from "../test/support/kill-set-writer.ts";
import { s3TestCredentials } from "../test/support/s3-server.ts";
import { trialServer, trialStores } from "../test/support/trial-server.ts";

/** Every listed set is read after every kill: a store of its own for so many keeps that short. */
const roundsPerStore = 5;

const kind = trialStores.find((one) => one === process.argv[2]);
const [roundsText = "100", seedText = "1"] = process.argv.slice(kind === undefined ? 2 : 3);
const rounds = Number(roundsText);
const firstSeed = Number(seedText);
if (!Number.isSafeInteger(rounds) || !Number.isSafeInteger(firstSeed))
  throw new Error(`usage: kill-set-writers.ts [${trialStores.join("|")}] [ROUNDS] [SEED]`);
process.env["AWS_ACCESS_KEY_ID"] = s3TestCredentials.accessKeyId;
process.env["AWS_SECRET_ACCESS_KEY"] = s3TestCredentials.secretAccessKey;
process.env["AWS_EC2_METADATA_DISABLED"] = "true";
const sum = { kind: kind ?? "directory", rounds: 0, killed: 0, listed: 0, withLeftovers: 0 };
const directory = await mkdtemp(join(tmpdir(), "requorum-set-kill-"));
const server = await trialServer(sum.kind, directory);
try {
  for (let seed = firstSeed; sum.rounds < rounds; seed += 1) {
    const { place, ...options } = server.placeOf(`seed-${String(seed)}`);
    const totals = await killSetWriters({
      place,
      options: { ...options, controlDirectory: join(directory, "c") },
      stateDirectory: join(directory, `state-${String(seed)}`),
      rounds: Math.min(roundsPerStore, rounds - sum.rounds),
      seed,
      say: (words) => process.stdout.write(`seed ${String(seed)}, ${words}\n`),
    });
    sum.rounds += totals.rounds;
    sum.killed += totals.killed;
    sum.listed += totals.listed;
    sum.withLeftovers += totals.withLeftovers;
    if (sum.kind === "directory") await rm(place, { recursive: true, force: true });
  }
} finally {
  await server.closeServer();
  await rm(directory, { recursive: true, force: true });
}
console.log(JSON.stringify(sum));
