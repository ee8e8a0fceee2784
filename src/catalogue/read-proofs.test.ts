import assert from "node:assert/strict";
import { test } from "node:test";
import { proofLevels, type BackupProof, type ProofOutcome } from "../model/backup-set.ts";
import { asBackupSetId } from "../model/ids.ts";
import { parseProof } from "../formats/backup-set/proof.ts";
import { provenLevel } from "./read-proofs.ts";

const id = asBackupSetId("20260101-000000-aaaaaa");

function proof(at: string, verdicts: readonly ProofOutcome["verdict"][]): BackupProof {
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
  };
}
const upTo = (count: number) => Array.from({ length: count }, () => "holds" as const);

test("parseProof: a proof comes back as it was written, and one of another set is none", () => {
  const one = { ...proof("2026-01-02T00:00:00.000Z", upTo(6)), drill: { etcdReadyMs: 900, apiReadyMs: 4000 } };
  assert.deepEqual(parseProof(JSON.stringify(one), id), one);
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
