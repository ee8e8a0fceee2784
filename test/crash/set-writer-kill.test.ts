import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { killSetWriters } from "../support/kill-set-writer.ts";

/** node scripts/kill-set-writers.ts does a hundred. */
const rounds = Number(process.env["REQUORUM_KILL_ROUNDS"] ?? "4");
const seed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? "1");

test(`a writer of backup sets killed at ${rounds} random moments: no listed set is ever bad or lost, the next run clears up (seed ${seed})`, async () => {
  const directory = await mkdtemp(join(tmpdir(), "requorum-set-kill-"));
  try {
    const totals = await killSetWriters({
      place: join(directory, "sets"),
      options: {},
      stateDirectory: join(directory, "state"),
      rounds,
      seed,
    });
    assert.ok(totals.killed > 0, JSON.stringify(totals));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
