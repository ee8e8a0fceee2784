/**
 * Every single observation of every scenario is taken away once. Whatever is
 * planned then must pass the checker, and a gap must never make the planner
 * bolder: where the full picture gives no reason to remove a member, a picture
 * with a hole in it must not give one either.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { RecoveryPlan } from "../../src/model/plan.ts";
import { checkPlan } from "../../src/plan/check/check-plan.ts";
import { parseScenario } from "../scenarios/scenario-file.ts";
import { planned } from "../support/planned.ts";
import { evidencePlaces, removeEvidence } from "../support/remove-evidence.ts";

const folder = join(import.meta.dirname, "../scenarios");
const files = readdirSync(folder).filter((file) => file.endsWith(".scenario.txt"));

for (const file of files) {
  test(`planRecovery: no single gap in ${file} makes a plan that is refused, or a bolder one`, () => {
    const { inventory } = parseScenario(readFileSync(join(folder, file), "utf8"), file);
    const full = removals(planned(inventory));
    for (const place of evidencePlaces(inventory)) {
      const plan = planned(removeEvidence(inventory, place));
      assert.deepEqual(checkPlan(plan), [], `without ${place.join(" ")}`);
      const bolder = removals(plan).filter((id) => !full.includes(id));
      assert.deepEqual(bolder, [], `without ${place.join(" ")} a member is removed that otherwise stays`);
    }
  });
}

function removals(plan: RecoveryPlan): readonly string[] {
  return plan.steps.flatMap((step) => (step.kind === "etcd.removeMember" ? [step.args.memberId] : []));
}
