/**
 * Kills real writers of backup sets again and again on a directory store, and
 * reads every listed set after each kill.
 * node scripts/kill-set-writers.ts [ROUNDS] [SEED]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killSetWriters } from "../test/support/kill-set-writer.ts";

/** Every listed set is read after every kill: a store of its own for so many keeps that short. */
const roundsPerStore = 20;

const rounds = Number(process.argv[2] ?? "100");
const firstSeed = Number(process.argv[3] ?? "1");
if (!Number.isSafeInteger(rounds) || !Number.isSafeInteger(firstSeed)) throw new Error("usage: kill-set-writers.ts [ROUNDS] [SEED]");
const sum = { rounds: 0, killed: 0, listed: 0, withLeftovers: 0 };
for (let seed = firstSeed; sum.rounds < rounds; seed += 1) {
  const directory = await mkdtemp(join(tmpdir(), "requorum-set-kill-"));
  try {
    const totals = await killSetWriters({
      place: join(directory, "sets"),
      options: {},
      stateDirectory: join(directory, "state"),
      rounds: Math.min(roundsPerStore, rounds - sum.rounds),
      seed,
      say: (words) => process.stdout.write(`seed ${String(seed)}, ${words}\n`),
    });
    sum.rounds += totals.rounds;
    sum.killed += totals.killed;
    sum.listed += totals.listed;
    sum.withLeftovers += totals.withLeftovers;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
console.log(JSON.stringify(sum));
