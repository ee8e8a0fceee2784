import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { killClusterTrial } from "../support/kill-cluster-trial.ts";
import { newLedger } from "../support/kill-load.ts";
import { killTrial, killTrialFlags } from "../support/kill-trial.ts";
import { engineVersions, PlainEtcd } from "../support/plain-etcd.ts";
import { seededRandom } from "../support/seeded-random.ts";

/** scripts/kill-trials.ts runs as many as wanted. */
const trials = Number(process.env["REQUORUM_KILL_TRIALS"] ?? "3");

for (const version of engineVersions)
  test(`replay: ${version} killed under load: the replayed state is what it serves after its restart, and every acknowledged write is in it`, async () => {
    const directory = await mkdtemp(join(tmpdir(), "requorum-kill-"));
    const etcd = await PlainEtcd.start({ version, directory, flags: killTrialFlags(seededRandom(1)) });
    const ledger = newLedger();
    try {
      for (let seed = 1; seed <= trials; seed += 1) await killTrial(etcd, ledger, seed);
    } finally {
      await etcd.close();
      await rm(directory, { recursive: true, force: true });
    }
  });

for (const version of engineVersions)
  test(`replay: three members of ${version} killed at once under load: the leader's dir and the longest log have every acknowledged write`, async () => {
    const directory = await mkdtemp(join(tmpdir(), "requorum-kill-"));
    try {
      await killClusterTrial(version, directory, 1);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
