import type { RecoveryPlan } from "./plan.ts";

/**
 * Why the plan may not be carried out at this time, in words; undefined: it
 * may. A plan, and with it every word and look that it rests on (I-G1, I-G2),
 * holds from its making until it expires. A clock that says that it was not
 * made yet was set back or was wrong then: its age is not known, so it counts
 * as expired. `lastEventAt`: the newest time that the run itself has recorded.
 * Not seen: a clock that was set back to between the plan's making and its end.
 */
export function planAgeProblem(
  plan: Pick<RecoveryPlan, "createdAt" | "expiresAt">,
  nowIso: string,
  lastEventAt?: string,
): string | undefined {
  const now = Date.parse(nowIso);
  const [earliest, what] =
    lastEventAt !== undefined && Date.parse(lastEventAt) > Date.parse(plan.createdAt)
      ? [lastEventAt, "its run recorded its last event"]
      : [plan.createdAt, "it was made"];
  if (now < Date.parse(earliest))
    return `this machine's clock says ${nowIso}, but ${what} at ${earliest}: the clock was set back, or was wrong then, and whether the plan has expired (${plan.expiresAt}) cannot be told`;
  return now < Date.parse(plan.expiresAt) ? undefined : `it expired at ${plan.expiresAt}`;
}
