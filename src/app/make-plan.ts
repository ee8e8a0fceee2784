import { configuredHost } from "../model/configured-host.ts";
import type { Attestation, Goal, RecoveryPlan } from "../model/plan.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { checkPlan } from "../plan/check/check-plan.ts";
import { judgeLooks } from "../plan/looks.ts";
import { planRecovery } from "../plan/plan-recovery.ts";
import type { AppContext } from "./app-ports.ts";
import { observeAgain, observeOnce, type Look } from "./observe-cluster.ts";

export interface PlanRequest {
  readonly goal: Goal;
  /** The operator's word for what cannot be observed: host name and statement. */
  readonly attestations: readonly { readonly host: string; readonly statement: string }[];
}

/** So often is it looked until two looks in a row agree: a slow member that answers now and then must not send the operator away at once. */
const looksMax = 4;

/**
 * Looks, decides, and lets the independent checker judge. One look is enough
 * to say that there is nothing to do; anything else is decided from two in a
 * row that stand apart and agree (I-G1). PLAN_REFUSED names the invariants.
 */
export async function makePlan(context: AppContext, request: PlanRequest): Promise<Planned> {
  const attestations = request.attestations.map((word) => attestationOf(context, word));
  const made = await planOnLooks(await observeOnce(context, { depth: "full" }), {
    plan: (look) => planFrom(context, look, request.goal, attestations),
    lookAgain: (look) => observeAgain(context, look, { changes: judgeLooks(look.inventory).changes }),
  });
  assertChecked(made.plan);
  return made;
}

export interface Planned {
  readonly plan: RecoveryPlan;
  readonly look: Look;
}

/** Plans on the first look, and on further ones as long as the plan rests on what has not settled. */
export async function planOnLooks(
  first: Look,
  { plan, lookAgain }: { readonly plan: (look: Look) => RecoveryPlan; readonly lookAgain: (last: Look) => Promise<Look> },
): Promise<Planned> {
  let made = { plan: plan(first), look: first };
  for (let looks = 1; looks < looksMax && wantsAnotherLook(made); looks += 1) {
    const look = await lookAgain(made.look);
    made = { plan: plan(look), look };
  }
  return made;
}

function wantsAnotherLook({ plan, look }: Planned): boolean {
  if (look.inventory.earlierLook === undefined) return plan.verdict !== "nothing-to-do";
  // What blocks a plan may be just what one of the two looks missed.
  return (plan.verdict === "wait" || plan.verdict === "blocked") && judgeLooks(look.inventory).changes.length > 0;
}

function planFrom(context: AppContext, look: Look, goal: Goal, attestations: readonly Attestation[]): RecoveryPlan {
  return planRecovery({
    inventory: look.inventory,
    diagnosis: look.diagnosis,
    goal,
    attestations,
    nowIso: context.ports.clock.nowIso(),
    sha256Hex: (text) => context.ports.hashing.sha256Hex(text),
  });
}

/** The one gate that every plan passes, when it is made and again before it runs. */
export function assertChecked(plan: RecoveryPlan): void {
  const objections = checkPlan(plan);
  if (objections.length === 0) return;
  throw new RecoveryError("PLAN_REFUSED", {
    subject: `plan ${plan.digest.slice(0, 12)}`,
    detail: objections
      .map((objection) => `${objection.invariant}${objection.step === undefined ? "" : ` (step ${objection.step})`}: ${objection.because}`)
      .join("; "),
  });
}

function attestationOf(context: AppContext, word: PlanRequest["attestations"][number]): Attestation {
  const { name } = configuredHost(context.config, word.host);
  return { kind: "host-lost", host: name, statement: word.statement, by: context.operator.by, at: context.ports.clock.nowIso() };
}
