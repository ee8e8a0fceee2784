import assert from "node:assert/strict";
import { test } from "node:test";
import { proofLevels, type BackupProof, type ProofLevel, type ProofOutcome } from "../../model/backup-set.ts";
import { asBackupSetId } from "../../model/ids.ts";
import type { StoredProof } from "../judge-proofs.ts";
import { restorabilityOf, scoreOfLevel } from "./restorability.ts";

const now = Date.parse("2026-06-01T00:00:00.000Z");
const daysAgo = (days: number): string => new Date(now - days * 86_400_000).toISOString();

function proof(
  at: string,
  through: ProofLevel | undefined,
  next: ProofOutcome["verdict"] = "not-tried",
  drill?: BackupProof["drill"],
): StoredProof {
  const reached = through === undefined ? -1 : proofLevels.indexOf(through);
  return {
    apiVersion: "requorum.backup/v1",
    kind: "BackupProof",
    set: asBackupSetId("20260301-030000-aaaaaa"),
    manifestSha256: "a".repeat(64),
    at,
    by: "anna@operator",
    program: "requorum 0.1.0",
    outcomes: proofLevels.map((level, rank) => ({
      level,
      verdict: rank <= reached ? "holds" : rank === reached + 1 ? next : "not-tried",
      because: ["a reason"],
      tookMs: 1,
    })),
    drill,
    storedAt: at,
  };
}
const clean = { marks: [] };

test("restorabilityOf: without a proof it is 0, and a proof is worth what its level is, never more", () => {
  assert.deepEqual([restorabilityOf(clean, [], now).score, restorabilityOf(clean, [], now).standing], [0, "unverified"]);
  assert.equal(restorabilityOf(clean, [proof(daysAgo(1), undefined, "unknown")], now).score, 0);
  for (const level of proofLevels) {
    const found = restorabilityOf(clean, [proof(daysAgo(1), level)], now);
    assert.deepEqual([found.level, found.score, found.expectedRto], [level, scoreOfLevel[level], undefined]);
  }
  const scores = proofLevels.map((level) => scoreOfLevel[level]);
  assert.deepEqual(
    scores,
    scores.toSorted((one, other) => one - other),
  );
});

test("restorabilityOf: what fails now is not better for having held, and has no recovery time", () => {
  const drill = proof(daysAgo(9), "V5", "not-tried", { etcdReadyMs: 1000, apiReadyMs: 7000 });
  const later = proof(daysAgo(2), "V2");
  assert.deepEqual(restorabilityOf(clean, [later, drill], now), {
    standing: "holds",
    score: 100,
    level: "V5",
    provenAt: daysAgo(9),
    because: [],
    expectedRto: { etcdMs: 1000, apiMs: 7000, measuredAt: daysAgo(9) },
  });
  const broken = restorabilityOf(clean, [proof(daysAgo(1), "V0", "fails"), later, drill], now);
  assert.deepEqual(
    [broken.standing, broken.level, broken.score, broken.expectedRto, broken.because],
    ["fails", "V0", 5, undefined, ["V1 fails: a reason"]],
  );
  // A later look that went less far says nothing of it.
  const hidden = restorabilityOf(clean, [proof(daysAgo(1), "V0"), proof(daysAgo(2), "V2", "fails"), drill], now);
  assert.deepEqual([hidden.standing, hidden.level, hidden.expectedRto, hidden.because], ["fails", "V2", undefined, ["V3 fails: a reason"]]);
});

test("restorabilityOf: what could not be read since it was proven, or whose later proof cannot be read, is not worth what it was", () => {
  const drill = proof(daysAgo(9), "V5", "not-tried", { etcdReadyMs: 1000, apiReadyMs: 7000 });
  const unreadable = restorabilityOf(clean, [proof(daysAgo(1), "V0", "unknown"), drill], now);
  assert.deepEqual(
    [unreadable.standing, unreadable.level, unreadable.score, unreadable.expectedRto],
    ["unknown", "V0", scoreOfLevel.V0, undefined],
  );
  assert.match(unreadable.because.join(), /could not be read when it was last tried \(V1\): a reason/);
  const lost = (days: number) => [{ name: "proofs/x", storedAt: daysAgo(days), because: "EIO" }];
  const hidden = restorabilityOf(clean, [drill], now, lost(3));
  assert.deepEqual([hidden.standing, hidden.level, hidden.score, hidden.expectedRto], ["unknown", undefined, 0, undefined]);
  assert.match(hidden.because.join(), /a proof of it cannot be read.*proofs\/x: EIO/);
  const since = restorabilityOf(clean, [drill], now, lost(20));
  assert.deepEqual([since.level, since.expectedRto?.apiMs, since.because.length], ["V5", 7000, 1]);
  assert.deepEqual(restorabilityOf(clean, [], now, lost(3)).provenAt, daysAgo(3));
});

test("restorabilityOf: age and marks take points, never below 0", () => {
  const proofs = [proof(daysAgo(60), "V5")];
  const old = restorabilityOf(clean, proofs, now);
  assert.deepEqual([old.score, old.because], [90, ["proven 60 days ago: 10 points less"]]);
  const marked = restorabilityOf(
    {
      marks: [
        { code: "MACHINE_UNREACHED", because: "cp2" },
        { code: "MACHINE_UNREACHED", because: "cp3" },
      ],
    },
    proofs,
    now,
  );
  assert.equal(marked.score, 75);
  assert.equal(restorabilityOf({ marks: [{ code: "OTHER_CLUSTER_ID", because: "" }] }, [proof(daysAgo(900), "V1")], now).score, 0);
});
