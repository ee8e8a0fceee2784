import type { RunId } from "../model/ids.ts";
import type { RecoveryPlan } from "../model/plan.ts";
import type { AppContext } from "./app-ports.ts";
import { applyPlan, type AppliedRun, type AskConsent } from "./apply-plan.ts";
import { makePlan, type PlanRequest } from "./make-plan.ts";
import type { Look } from "./observe-cluster.ts";
import { assertNoRunHoldsLock } from "./open-run.ts";

export interface RecoverRequest extends PlanRequest {
  readonly askConsent: AskConsent;
  /** Shows what was found and what would be done, before consent is asked. */
  readonly onPlan: (plan: RecoveryPlan, look: Look) => void;
  readonly breakLock?: boolean;
  readonly onRun?: (run: RunId) => void;
}

/**
 * Diagnose, plan, consent, apply and verify in one sitting. Without a plan
 * that acts (nothing to do, wait, blocked) nothing is asked and nothing done:
 * `applied` is undefined and the plan says why. RUN_LOCKED before anything
 * else when a run that was killed is to be gone on with.
 */
export async function recoverCluster(
  context: AppContext,
  request: RecoverRequest,
): Promise<{ readonly plan: RecoveryPlan; readonly applied: AppliedRun | undefined }> {
  if (request.breakLock !== true) await assertNoRunHoldsLock(context);
  const { plan, look } = await makePlan(context, request);
  request.onPlan(plan, look);
  if (plan.verdict !== "act") return { plan, applied: undefined };
  const applied = await applyPlan(context, { ...request, plan });
  return { plan, applied };
}
