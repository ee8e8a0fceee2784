import { executeRun } from "../execute/executor/execute-run.ts";
import type { RunResult } from "../execute/executor/run-context.ts";
import { errorCatalogue, errorCodes } from "../model/error-catalogue.ts";
import { asRunId, type RunId } from "../model/ids.ts";
import type { Inventory } from "../model/inventory.ts";
import { consentOf, type Consent, type RecoveryPlan } from "../model/plan.ts";
import { planAgeProblem } from "../model/plan-age.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { fingerprintProblems } from "../plan/fingerprint.ts";
import { writePlan } from "../schemas/plan.ts";
import type { AppContext } from "./app-ports.ts";
import { askOnFreshLook } from "./ask-on-fresh-look.ts";
import { assertChecked } from "./make-plan.ts";
import { observeOnce } from "./observe-cluster.ts";
import { assertNoRunHoldsLock, openRun, openRunWords, resumeRemedy } from "./open-run.ts";
import { runContextOf } from "./run-context-of.ts";
import type { NewestRun } from "./run-records.ts";

/** How the operator agrees. Asked once the plan is known to fit; nothing has been changed by then. */
export type AskConsent = (plan: RecoveryPlan) => Promise<Consent>;

export interface AppliedRun {
  readonly run: RunId;
  readonly result: RunResult;
}

/** `--approve` takes the digest or its first digits; fewer than 12 would be guessable by accident. */
const approvedDigitsMin = 12;

/**
 * Checks the plan again, looks whether another run holds the lock and whether
 * the cluster is still as it was when the plan was made, asks for consent,
 * looks again if that took its time, and carries it out. Throws PLAN_REFUSED,
 * PLAN_STALE, CONSENT_MISSING or RUN_LOCKED before anything is changed.
 */
export async function applyPlan(
  context: AppContext,
  request: {
    readonly plan: RecoveryPlan;
    readonly askConsent: AskConsent;
    readonly breakLock?: boolean;
    readonly onRun?: (run: RunId) => void;
  },
): Promise<AppliedRun> {
  const { plan } = request;
  assertChecked(plan);
  assertFresh(context, plan);
  if (request.breakLock !== true) await assertNoRunHoldsLock(context);
  const consent = await askOnFreshLook(context.ports.clock, {
    assertCurrent: () => {
      assertFresh(context, plan);
    },
    look: () => assertStillFits(context, plan),
    ask: () => request.askConsent(plan),
  });
  const run = newRunId(context);
  const result = await executeRun({
    plan,
    consent,
    run,
    create: async () => {
      await context.ports.runs.create(run, writePlan(plan));
      request.onRun?.(run);
    },
    context: runContextOf(context),
    signal: context.signal,
    report: context.report,
    ...(request.breakLock === undefined ? {} : { breakLock: request.breakLock }),
  });
  return { run, result };
}

/** PLAN_STALE when the cluster is not as the plan assumes (I-G8). That a run was stopped half-way, this plan's own or another, is told first. */
async function assertStillFits(context: AppContext, plan: RecoveryPlan): Promise<void> {
  context.report({ kind: "phase", text: "looking whether the cluster is still as the plan assumes" });
  const look = await observeOnce(context, { depth: "full" });
  const problems = fingerprintProblems(plan, look.inventory);
  if (problems.length === 0) return;
  const open = await openRun(context);
  throw planStale(plan, problems, look.inventory, open);
}

/** PLAN_STALE that also says why a machine that the plan knew could not be looked at, with that error's own remedies first. */
export function planStale(plan: RecoveryPlan, problems: readonly string[], inventory: Inventory, open?: NewestRun): RecoveryError {
  const silent = inventory.hosts.filter(
    (host) => host.ssh.kind === "unknown" && problems.some((problem) => problem.includes(`host ${host.name} `)),
  );
  const codes = errorCodes.filter((code) => silent.some((host) => host.sshErrorCode === code));
  // The gap's own words begin with the code.
  const why = silent.map((host) => `${host.name} could not be looked at (${host.ssh.kind === "unknown" ? host.ssh.detail : ""}).`);
  return new RecoveryError("PLAN_STALE", {
    subject: `plan ${plan.digest.slice(0, approvedDigitsMin)}`,
    detail: [
      ...(open === undefined
        ? []
        : [
            `Run ${open.run}${open.plan === plan.digest ? " carries out this very plan" : ""}: ${openRunWords(open)}; the changes may be its own.`,
          ]),
      ...why,
      ...problems,
    ].join(" "),
    remedies: [
      ...(open === undefined ? [] : [resumeRemedy(open.run)]),
      ...[...codes, "PLAN_STALE" as const].flatMap((code) => errorCatalogue[code].remedies ?? []),
    ],
  });
}

/** Consent by `--approve DIGEST`. CONSENT_MISSING when the digits are not this plan's. */
export function approveByDigest(context: AppContext, approved: string): AskConsent {
  return (plan) => {
    const digits = approved.toLowerCase();
    if (digits.length < approvedDigitsMin || !plan.digest.startsWith(digits)) {
      return Promise.reject(
        new RecoveryError("CONSENT_MISSING", {
          subject: `plan ${plan.digest.slice(0, approvedDigitsMin)}`,
          detail:
            digits.length < approvedDigitsMin
              ? `--approve needs at least the first ${String(approvedDigitsMin)} digits of the plan's digest`
              : "the digest given with --approve is not this plan's",
        }),
      );
    }
    return Promise.resolve(
      consentOf({ digest: plan.digest, by: context.operator.by, how: "approved-digest", at: context.ports.clock.nowIso() }),
    );
  };
}

/** Consent by typing the cluster's name. CONSENT_MISSING when something else was typed. */
export function consentByTyping(context: AppContext, ask: (plan: RecoveryPlan) => Promise<string>): AskConsent {
  return async (plan) => {
    const typed = (await ask(plan)).trim();
    if (typed !== plan.cluster) {
      throw new RecoveryError("CONSENT_MISSING", {
        subject: `cluster ${plan.cluster}`,
        detail: `${JSON.stringify(typed)} was typed, not ${JSON.stringify(plan.cluster)}; nothing was changed`,
      });
    }
    return consentOf({ digest: plan.digest, by: context.operator.by, how: "typed-cluster-name", at: context.ports.clock.nowIso() });
  };
}

function assertFresh(context: AppContext, plan: RecoveryPlan): void {
  if (plan.cluster !== context.config.cluster) {
    throw new RecoveryError("PLAN_STALE", {
      subject: `plan ${plan.digest.slice(0, approvedDigitsMin)}`,
      detail: `it is for cluster ${plan.cluster}; the configuration is of ${context.config.cluster}`,
    });
  }
  const detail = planAgeProblem(plan, context.ports.clock.nowIso());
  if (detail !== undefined) throw new RecoveryError("PLAN_STALE", { subject: `plan ${plan.digest.slice(0, approvedDigitsMin)}`, detail });
}

/** Sorts by time; the random digits keep two operators' runs of one second apart. */
function newRunId(context: AppContext): RunId {
  const [date = "", time = ""] = context.ports.clock.nowIso().split("T");
  return asRunId(`${date.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${context.ports.hashing.randomHex(2)}`);
}
