import type { Diagnosis } from "../model/finding.ts";
import type { Inventory } from "../model/inventory.ts";
import { foldSymptoms } from "./fold-symptoms.ts";
import { triageOrder } from "./rule.ts";
import { rules } from "./rules.ts";
import { situationOf } from "./situation/situation.ts";
import { unknownLines } from "./unknown-lines.ts";

/**
 * What is wrong, by the facts of one round. Pure: the time is the inventory's.
 *
 * Rules speak in triage order (failure catalogue, section 0.2); symptoms are
 * folded under the finding that explains them. What was not observed is listed
 * in `unknown` and never counted as healthy or dead. `faultTolerance` comes
 * from the live voter list, unstarted and zombie members included, learners not.
 */
export function diagnose(inventory: Inventory): Diagnosis {
  const situation = situationOf(inventory);
  const findings = triageOrder.flatMap((stage) => rules.filter((rule) => rule.stage === stage).flatMap((rule) => rule.diagnose(situation)));
  return {
    takenAt: inventory.takenAt,
    findings: foldSymptoms(findings),
    faultTolerance: situation.quorum.faultTolerance,
    quorum: situation.quorum.kind,
    unknown: unknownLines(situation),
  };
}
