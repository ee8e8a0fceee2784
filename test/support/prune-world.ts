import type { Copying } from "../../src/catalogue/copy-set.ts";
import type { Pruning, PruneRequest } from "../../src/catalogue/prune-store.ts";
import { SetWriter, type SetWriting } from "../../src/catalogue/set-writer.ts";
import { writeProof } from "../../src/catalogue/write-proof.ts";
import { proofLevels, type BackupManifest, type ProofLevel, type ProofOutcome } from "../../src/model/backup-set.ts";
import type { SigningKey } from "../../src/formats/backup-set/signed-document.ts";
import { asBackupSetId, asClusterId, type BackupSetId } from "../../src/model/ids.ts";
import { pruneConsentOf, type PruneConsent, type PrunePlan, type PrunePolicy } from "../../src/model/prune-plan.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";
import { manifestFacts, partHead, recipient, seededBytes, type SetWorld } from "./set-world.ts";

export const keepNothing: PrunePolicy = { last: 0, daily: 0, weekly: 0, monthly: 0, neverBelow: 1, withinMs: undefined };

/** The id of a set of that day of March 2026. */
export function dayId(day: number): BackupSetId {
  return asBackupSetId(`202603${String(day).padStart(2, "0")}-030000-aaaaaa`);
}

export interface DaySet {
  readonly clusterId?: string;
  readonly revision?: bigint;
  /** Bytes of its own; 100 000 more are shared by all. */
  readonly ownBytes?: number;
}

/** A set of that day, which shares a part with all others. */
export async function writeDay(writing: SetWriting, day: number, set: DaySet = {}): Promise<BackupManifest> {
  const writer = await SetWriter.begin(writing, { id: dayId(day), recipients: [recipient] });
  await writer.addPart(partHead("/shared"), seededBytes(1000, 100_000));
  await writer.addPart(partHead("/own"), seededBytes(day, set.ownBytes ?? 70_000));
  const facts = manifestFacts();
  return writer.finish({
    ...facts,
    createdAt: `2026-03-${String(day).padStart(2, "0")}T03:00:00.000Z`,
    cluster: { ...facts.cluster, clusterId: asClusterId(set.clusterId ?? "0000000000000001") },
    snapshot: { ...facts.snapshot, revision: set.revision ?? BigInt(day * 100), totalKeys: 1000 },
  });
}

/** Evidence that every level up to this one holds. */
export function proveDay(world: Pick<SetWorld<BackupStore>, "writing" | "reading">, day: number, level: ProofLevel): Promise<string> {
  return judgeDay(
    world,
    day,
    proofLevels.slice(0, proofLevels.indexOf(level) + 1).map(() => "holds"),
  );
}

/** Evidence with these verdicts from V0 on. */
export async function judgeDay(
  { writing, reading }: Pick<SetWorld<BackupStore>, "writing" | "reading">,
  day: number,
  verdicts: readonly ProofOutcome["verdict"][],
  key?: SigningKey,
): Promise<string> {
  const bytes = await writing.store.get(`sets/${dayId(day)}.json`);
  return writeProof(
    reading,
    {
      apiVersion: "requorum.backup/v1",
      kind: "BackupProof",
      set: dayId(day),
      manifestSha256: Buffer.from(writing.ciphers.sha256(bytes)).toString("hex"),
      at: writing.clock.nowIso(),
      by: "anna@operator",
      program: "requorum 0.1.0",
      outcomes: proofLevels.map((level, index) => ({ level, verdict: verdicts[index] ?? "not-tried", because: ["seen"], tookMs: 1 })),
      drill: undefined,
    },
    { key: key ?? (await writing.keys.signingKey()), random: writing.randomHex(3) },
  );
}

export function pruningOf({ writing, reading }: Pick<SetWorld<BackupStore>, "writing" | "reading">): Pruning {
  return { ...clearingOf(writing), store: writing.store, trust: reading.trust, report: () => undefined };
}

export function copyingOf(world: Pick<SetWorld<BackupStore>, "writing" | "reading">, to: BackupStore): Copying {
  return { ...clearingOf(world.writing), from: world.writing.store, to, trust: world.reading.trust, report: () => undefined };
}

function clearingOf({ ciphers, clock, owner, randomHex, isRunning }: SetWriting): Omit<Pruning, "store" | "trust" | "report"> {
  return { ciphers, clock, owner, randomHex, isRunning: isRunning ?? (() => Promise.resolve(undefined)) };
}

export function pruneRequest(policy: Partial<PrunePolicy>, other: Partial<PruneRequest> = {}): PruneRequest {
  return { cluster: "north", policy: { ...keepNothing, ...policy }, acceptedBreaks: [], asideMs: 7 * 86_400_000, ...other };
}

export function agreed({ digest }: PrunePlan): PruneConsent {
  return pruneConsentOf({ digest, by: "anna@operator", how: "approved-digest" });
}
