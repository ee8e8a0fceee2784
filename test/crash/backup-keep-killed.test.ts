/** A slice of what scripts/kill-backup-trials.ts does a hundred times, on every store. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BackupTrials } from "../support/kill-backup-trial.ts";
import { seededRandom } from "../support/seeded-random.ts";

for (const verb of ["copy", "prune"] as const)
  test(`backup ${verb}: killed at random moments, nothing bad is listed, nothing proven is lost, and the next call ends the work`, async () => {
    const random = seededRandom(31);
    const trials = await BackupTrials.start("directory", verb);
    let killed = 0;
    try {
      for (let round = 0; round < 4; round += 1) killed += (await trials.round(verb, `round-${String(round)}`, random())).isKilled ? 1 : 0;
    } finally {
      await trials.close();
    }
    assert.ok(killed > 0);
  });
