/**
 * Random observations are taken away from known situations. Whatever is
 * missing, the diagnosis must not claim health or death that it does not claim
 * with all facts. A seed that once failed is kept in `keptSeeds`.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import type { Diagnosis } from "../../src/model/finding.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import { evidencePlaces, removeEvidence } from "../support/remove-evidence.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { parseScenario } from "../scenarios/scenario-file.ts";

const scenarioFolder = join(import.meta.dirname, "../scenarios");
const situations = readdirSync(scenarioFolder)
  .filter((file) => file.endsWith(".scenario.txt"))
  .sort()
  .map((file) => ({ file, inventory: parseScenario(readFileSync(join(scenarioFolder, file), "utf8"), file).inventory }));

/** Seeds that found a defect; tried first, for every situation. */
const keptSeeds: readonly number[] = [];
/** With the single gaps this takes about three seconds on two busy cores; the budget is five. */
const seedsPerSituation = 80;

/** Findings that say that something is gone for good. */
const claimsOfLoss: readonly string[] = ["N01_MEMBER_LOST_QUORUM_KEPT", "E01_QUORUM_LOST_PERMANENTLY", "A02_RESET_LEFT_MEMBER"];
/** Findings that say that a quorum is lost. */
const claimsOfLostQuorum: readonly string[] = [
  "E01_QUORUM_LOST_PERMANENTLY",
  "E02_QUORUM_LOST_MAJORITY_CAN_RETURN",
  "E38_NO_LEADER_THOUGH_MAJORITY_RUNS",
];

interface Case {
  readonly name: string;
  readonly full: Diagnosis;
  readonly partial: Diagnosis;
  readonly removed: readonly string[];
}

function* cases(): Generator<Case> {
  for (const { file, inventory } of situations) {
    const full = diagnose(inventory);
    const places = evidencePlaces(inventory);
    // Every single gap, then random sets of them.
    for (const place of places) yield { name: file, full, partial: diagnose(removeEvidence(inventory, place)), removed: [place.join(" ")] };
    for (const seed of [...keptSeeds, ...Array.from({ length: seedsPerSituation }, (_, index) => index + 1)]) {
      const random = seededRandom(seed);
      // From one gap to almost nothing left.
      const share = random() ** 2;
      const removed = places.filter(() => random() < share);
      const partial = removed.reduce<Inventory>((rest, place) => removeEvidence(rest, place), inventory);
      yield { name: `${file} seed ${String(seed)}`, full, partial: diagnose(partial), removed: removed.map((place) => place.join(" ")) };
    }
  }
}

const all = [...cases()];

function check(claim: (found: Case) => readonly string[]): void {
  for (const found of all) {
    const wrong = claim(found);
    assert.deepEqual(wrong, [], `${found.name}; without: ${found.removed.join(", ")}`);
  }
}

test("gaps: no loss is claimed that is not claimed with all facts", () => {
  check(({ full, partial }) => {
    const lost = new Set(full.findings.flatMap((finding) => (finding.lossProof === undefined ? [] : [finding.host ?? finding.subject])));
    const isAllLost = full.findings.some((finding) => finding.code === "E01_QUORUM_LOST_PERMANENTLY");
    return partial.findings
      .filter((finding) => finding.lossProof !== undefined || claimsOfLoss.includes(finding.code))
      .filter((finding) => (finding.code === "E01_QUORUM_LOST_PERMANENTLY" ? !isAllLost : !lost.has(finding.host ?? finding.subject)))
      .map((finding) => `${finding.code} ${finding.subject}`);
  });
});

test("gaps: no lost quorum is claimed that is not claimed with all facts", () => {
  check(({ full, partial }) => {
    const isLost = full.faultTolerance !== undefined && full.faultTolerance < 0;
    return partial.findings
      .filter((finding) => claimsOfLostQuorum.includes(finding.code) && !isLost && !hasCode(full, claimsOfLostQuorum))
      .map((finding) => finding.code);
  });
});

test("gaps: the fault tolerance never grows, and never becomes negative", () => {
  check(({ full, partial }) => {
    if (partial.faultTolerance === undefined) return [];
    if (full.faultTolerance === undefined) return [`${String(partial.faultTolerance)} from not known`];
    if (full.faultTolerance >= 0 && partial.faultTolerance < 0) return [`negative: ${String(partial.faultTolerance)}`];
    if (full.faultTolerance < 0 && partial.faultTolerance < 0) return [];
    return partial.faultTolerance > full.faultTolerance
      ? [`${String(partial.faultTolerance)} instead of ${String(full.faultTolerance)}`]
      : [];
  });
});

test("gaps: a finding that disappears leaves a line among what is not known", () => {
  check(({ full, partial }) => {
    const disappeared = full.findings.filter(
      (finding) => finding.severity !== "info" && !partial.findings.some((other) => other.code === finding.code),
    );
    return disappeared.length > 0 && partial.unknown.length <= full.unknown.length && !hasNewDoubt(full, partial)
      ? disappeared.map((finding) => finding.code)
      : [];
  });
});

function hasCode(diagnosis: Diagnosis, codes: readonly string[]): boolean {
  return diagnosis.findings.some((finding) => codes.includes(finding.code));
}

/** Either another line among the unknown, or a finding that says what would settle it. */
function hasNewDoubt(full: Diagnosis, partial: Diagnosis): boolean {
  const known = new Set(full.unknown);
  return partial.unknown.some((line) => !known.has(line)) || partial.findings.some((finding) => (finding.wouldSettle ?? []).length > 0);
}
