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
  // A key that is not known, a slow machine: what was known before still is.
  assert.deepEqual(provenLevel([proof("2026-01-05T00:00:00.000Z", [...upTo(2), "unknown"]), drill]), { level: "V5", at: drill.at });
  assert.deepEqual(provenLevel([proof("2026-01-05T00:00:00.000Z", ["holds", "not-tried"]), drill]), { level: "V5", at: drill.at });
});

test("provenLevel: what was proven before the bytes could not be read is not so until they were read again", () => {
  const drill = proof("2026-01-02T00:00:00.000Z", upTo(6));
  const unread = proof("2026-01-03T00:00:00.000Z", ["holds", "unknown"]);
  const look = proof("2026-01-04T00:00:00.000Z", upTo(1));
  assert.equal(provenLevel([look, unread, drill])?.level, "V0");
  assert.equal(provenLevel([proof(look.at, ["unknown"]), drill])?.level, undefined);
  assert.match(standingOf([look, unread, drill]).unread ?? "", /could not be read when it was last tried \(V1\)/);
  const again = [proof("2026-01-05T00:00:00.000Z", upTo(2)), look, unread, drill];
  assert.deepEqual([provenLevel(again)?.level, standingOf(again).unread], ["V5", undefined]);
});

test("provenLevel: a proof that cannot be read may have said anything of what was proven before it, and nothing of what was since", () => {
  const drill = proof("2026-01-02T00:00:00.000Z", upTo(6));
  const later = proof("2026-01-04T00:00:00.000Z", upTo(3));
  const unread = [{ name: "proofs/x", storedAt: "2026-01-03T00:00:00.000Z", because: "EIO" }];
  assert.equal(provenLevel([drill], unread), undefined);
  assert.equal(provenLevel([later, drill], unread)?.level, "V2");
  assert.match(standingOf([later, drill], [], unread).unread ?? "", /proofs\/x: EIO/);
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
  // V4 and V5 are tried where V3 is not known to hold: a drill that succeeded takes back one that failed.
  const above = proof(third, [...upTo(3), "unknown", "holds", "holds"]);
  for (const failed of [4, 5]) assert.equal(standingFailure([above, proof(second, [...upTo(failed), "fails"])]), undefined);
  assert.equal(standingFailure([above, broken])?.level, "V3");
});

test("standingOf: what it ever held is forgotten only when it is damaged since", () => {
  const [first, second] = ["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"];
  const drill = proof(first, upTo(6));
  const inconsistent = standingOf([proof(second, [...upTo(3), "fails"]), drill]);
  assert.deepEqual([inconsistent.proven?.level, inconsistent.everProven], ["V2", "V5"]);
  const rotten = standingOf([proof(second, [...upTo(1), "fails"]), drill], [drill]);
  assert.deepEqual([rotten.proven?.level, rotten.everProven, rotten.saidByUnknown], ["V0", undefined, "V5"]);
});
