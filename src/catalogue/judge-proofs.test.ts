import assert from "node:assert/strict";
import { test } from "node:test";
import { proofLevels, type ProofOutcome } from "../model/backup-set.ts";
import { asBackupSetId } from "../model/ids.ts";
import { parseProof } from "../formats/backup-set/proof.ts";
import { newestProofsFirst, provenLevel, standingFailure, standingOf, type StoredProof } from "./judge-proofs.ts";

const id = asBackupSetId("20260101-000000-aaaaaa");

function proof(at: string, verdicts: readonly ProofOutcome["verdict"][], storedAt = at): StoredProof {
  return {
    apiVersion: "requorum.backup/v1",
    kind: "BackupProof",
    set: id,
    manifestSha256: "a".repeat(64),
    at,
    by: "me@here",
    program: "requorum 0.1.0",
    outcomes: proofLevels.map((level, index) => ({ level, verdict: verdicts[index] ?? "not-tried", because: [], tookMs: 1 })),
    drill: undefined,
    storedAt,
  };
}
const upTo = (count: number) => Array.from({ length: count }, () => "holds" as const);

test("parseProof: a proof comes back as it was written, and one of another set is none", () => {
  const one = { ...proof("2026-01-02T00:00:00.000Z", upTo(6)), drill: { etcdReadyMs: 900, apiReadyMs: 4000 } };
  assert.deepEqual({ ...parseProof(JSON.stringify(one), id), storedAt: one.storedAt }, one);
  assert.throws(() => parseProof(JSON.stringify(one), asBackupSetId("20260101-000000-bbbbbb")), { code: "BACKUP_SET_DAMAGED" });
  assert.throws(() => parseProof("{}", id), { code: "BACKUP_SET_DAMAGED" });
});

test("provenLevel: the furthest level counts until a later proof finds something wrong", () => {
  assert.equal(provenLevel([]), undefined);
  const drill = proof("2026-01-02T00:00:00.000Z", upTo(6));
  const look = proof("2026-01-03T00:00:00.000Z", upTo(2));
  const broken = proof("2026-01-04T00:00:00.000Z", ["holds", "fails"]);
  assert.deepEqual(provenLevel([look, drill]), { level: "V5", at: drill.at });
  assert.deepEqual(provenLevel([broken, look, drill]), { level: "V0", at: broken.at });
  assert.deepEqual(provenLevel([proof("2026-01-05T00:00:00.000Z", ["unknown"]), drill]), { level: "V5", at: drill.at });
});

test("newestProofsFirst: by the store's clock, so that a verifier whose clock is wrong hides no failure, and no proof stays young", () => {
  const [early, late] = ["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"];
  const ahead = proof("2031-01-01T00:00:00.000Z", upTo(6), early);
  const broken = proof("2026-01-01T00:00:00.000Z", ["holds", "fails"], late);
  const sorted = newestProofsFirst([ahead, broken]);
  assert.deepEqual(sorted, [broken, ahead]);
  assert.deepEqual(provenLevel(sorted), { level: "V0", at: broken.at });
  assert.deepEqual(provenLevel([ahead]), { level: "V5", at: early });
  // In the same second of the store the verifiers' clocks decide.
  assert.deepEqual(newestProofsFirst([{ ...broken, storedAt: early }, ahead])[0], ahead);
});

test("standingFailure: a failure stands until its level holds again, whatever a look that went less far says", () => {
  const [first, second, third] = ["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z", "2026-01-04T00:00:00.000Z"];
  const drill = proof(first, upTo(6));
  const broken = proof(second, [...upTo(3), "fails"]);
  assert.equal(standingFailure([broken, drill])?.level, "V3");
  assert.equal(standingFailure([proof(third, upTo(1)), broken, drill])?.level, "V3");
  assert.equal(standingFailure([proof(third, [...upTo(2), "unknown"]), broken])?.level, "V3");
  assert.equal(standingFailure([proof(third, upTo(4)), broken]), undefined);
});

test("standingOf: what it ever held is forgotten only when it is damaged since", () => {
  const [first, second] = ["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"];
  const drill = proof(first, upTo(6));
  const inconsistent = standingOf([proof(second, [...upTo(3), "fails"]), drill]);
  assert.deepEqual([inconsistent.proven?.level, inconsistent.everProven], ["V2", "V5"]);
  const rotten = standingOf([proof(second, [...upTo(1), "fails"]), drill], [drill]);
  assert.deepEqual([rotten.proven?.level, rotten.everProven, rotten.saidByUnknown], ["V0", undefined, "V5"]);
});
