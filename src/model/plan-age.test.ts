import assert from "node:assert/strict";
import test from "node:test";
import { planAgeProblem } from "./plan-age.ts";

const plan = { createdAt: "2026-11-21T03:00:00.000Z", expiresAt: "2026-11-21T04:00:00.000Z" };

test("planAgeProblem: a plan holds from its making until it expires, and at no other time", () => {
  assert.equal(planAgeProblem(plan, "2026-11-21T03:00:00.000Z"), undefined);
  assert.equal(planAgeProblem(plan, "2026-11-21T03:59:59.999Z"), undefined);
  assert.equal(planAgeProblem(plan, "2026-11-21T04:00:00.000Z"), "it expired at 2026-11-21T04:00:00.000Z");
  assert.match(planAgeProblem(plan, "2026-11-21T02:59:59.999Z") ?? "", /it was made at 2026-11-21T03:00:00.000Z: the clock was set back/);
});

test("planAgeProblem: a clock behind the run's own last event is one that was set back", () => {
  assert.match(
    planAgeProblem(plan, "2026-11-21T03:10:00.000Z", "2026-11-21T05:00:00.000Z") ?? "",
    /its run recorded its last event at 2026/,
  );
  assert.equal(planAgeProblem(plan, "2026-11-21T03:10:00.000Z", "2026-11-21T03:09:00.000Z"), undefined);
  // A run's times say nothing where they are older than the plan.
  assert.match(planAgeProblem(plan, "2026-11-21T02:00:00.000Z", "2026-11-21T01:00:00.000Z") ?? "", /it was made at/);
});
