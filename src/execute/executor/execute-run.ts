import type { HostName } from "../../model/ids.ts";
import type { RunOutcome } from "../../model/journal-event.ts";
import { consentOf, type Consent, type PlannedStep } from "../../model/plan.ts";
import { planAgeProblem } from "../../model/plan-age.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { factOf, stepStateOf, type RunState } from "../journal/fold-journal.ts";
import { Journal } from "../journal/journal.ts";
import {
  acquireMachineLocks,
  assertNotLocked,
  lockProblems,
  markedHosts,
  releaseMachineLocks,
  type MachineLocks,
} from "../lock/machine-lock.ts";
import type { StepContext } from "../step-handler.ts";
import { advanceStep, type StepEnd } from "./advance-step.ts";
import { bindStep } from "./bound-step.ts";
import { lookOnce, wordsOf } from "./look.ts";
import { lossDoubts } from "./loss-doubts.ts";
import type { ExecuteRequest, RunRequest, RunResult } from "./run-context.ts";

/** Name of the fact that says when the trouble was first looked at. */
export const detectedFact = "detected at";

/**
 * Carries out a plan that the operator consented to. The run must have been
 * created (`RunStore.create`), or be by `create`, and have an empty journal;
 * the caller has checked the plan against what the cluster looks like now.
 * Throws CONSENT_MISSING, PLAN_STALE, PLAN_REFUSED, RUN_LOCKED before
 * anything is changed; everything later ends in a result or, for a bug or a
 * journal that cannot be written, in a throw that leaves the run resumable.
 */
export async function executeRun(request: ExecuteRequest): Promise<RunResult> {
  const { plan, consent, context, run } = request;
  if (consent.digest !== plan.digest) {
    throw new RecoveryError("CONSENT_MISSING", {
      subject: `plan ${plan.digest}`,
      detail: `the consent given is for plan ${consent.digest}`,
    });
  }
  if (plan.verdict !== "act") {
    throw new RecoveryError("PLAN_REFUSED", {
      subject: `plan ${plan.digest}`,
      detail: `its verdict is ${plan.verdict}: there is nothing in it to carry out`,
    });
  }
  const age = planAgeProblem(plan, context.ports.clock.nowIso());
  if (age !== undefined) throw new RecoveryError("PLAN_STALE", { subject: `plan ${plan.digest}`, detail: age });
  const local = await context.localLock.acquire(plan.cluster, localHolder(request));
  try {
    if (request.create !== undefined) {
      const { signal, breakLock } = request;
      if (breakLock !== true) await assertNotLocked({ hostAccess: context.ports.hostAccess, hosts: lockedHosts(request), signal });
      await request.create();
    }
    const journal = await openJournal(request);
    if (journal.state !== undefined) {
      throw new RecoveryError("RUN_LOCKED", {
        subject: `run ${run}`,
        detail: "it was begun already; it is continued, not begun again",
        remedies: [{ why: "go on with it", command: `requorum resume ${run}` }],
      });
    }
    await journal.append({
      kind: "run-opened",
      run,
      cluster: plan.cluster,
      plan: plan.digest,
      by: context.operator.by,
      program: context.program,
    });
    await giveConsent(journal, request);
    return await underMachineLocks(request, journal, (locks) => runSteps(request, { journal, consent, locks }));
  } finally {
    await local.release();
  }
}

/**
 * Goes on with a run by looking, not by remembering. The consent in the
 * journal counts when it is for this very plan; a run that was killed before
 * it journalled its consent needs `consent` again (else CONSENT_MISSING).
 */
export async function resumeRun(request: RunRequest & { readonly consent?: Consent }): Promise<RunResult> {
  const { plan, context, run } = request;
  const local = await context.localLock.acquire(plan.cluster, localHolder(request));
  try {
    const journal = await openJournal(request);
    const before = journal.state;
    if (before !== undefined && before.plan !== plan.digest) {
      throw new RecoveryError("PLAN_INVALID", {
        subject: `run ${run}`,
        detail: `its journal is of plan ${before.plan}, the plan given is ${plan.digest}`,
      });
    }
    const consent = journalledConsent(before) ?? request.consent;
    if (consent?.digest !== plan.digest) {
      throw new RecoveryError("CONSENT_MISSING", {
        subject: `run ${run}`,
        detail: "it was stopped before consent to its plan was journalled; nothing was changed by it",
      });
    }
    if (before !== undefined && before.stopped?.outcome === "succeeded" && isComplete(journal, request)) {
      return { outcome: "succeeded", detail: "every step was done already", state: before };
    }
    if (before === undefined)
      await journal.append({
        kind: "run-opened",
        run,
        cluster: plan.cluster,
        plan: plan.digest,
        by: context.operator.by,
        program: context.program,
      });
    else await journal.append({ kind: "run-resumed", by: context.operator.by, program: context.program });
    if (journalledConsent(before) === undefined) await giveConsent(journal, { ...request, consent });
    return await underMachineLocks(request, journal, (locks) => runSteps(request, { journal, consent, locks }));
  } finally {
    await local.release();
  }
}

function openJournal(request: RunRequest): Promise<Journal> {
  const { ports, journal } = request.context;
  return Journal.open({ runs: ports.runs, run: request.run, tools: journal, clock: ports.clock });
}

function localHolder(request: RunRequest): string {
  return `run ${request.run} of ${request.context.operator.by}, since ${request.context.ports.clock.nowIso()}`;
}

/** Attestations first: who reads the journal up to the consent knows all that was agreed to. */
async function giveConsent(journal: Journal, request: ExecuteRequest): Promise<void> {
  const { plan, consent } = request;
  const known = journal.state?.attested ?? [];
  for (const { host, statement, by } of plan.attestations) {
    if (known.some((other) => other.host === host && other.statement === statement)) continue;
    await journal.append({ kind: "attested", host, statement, by });
  }
  await journal.append({ kind: "consent-given", plan: consent.digest, by: consent.by, how: consent.how });
}

/** The operator's own words, as they were journalled when they were given. */
function journalledConsent(state: RunState | undefined): Consent | undefined {
  const given = state?.consent;
  if (given === undefined) return undefined;
  const how = given.how === "approved-digest" ? "approved-digest" : "typed-cluster-name";
  return consentOf({ digest: given.plan, by: given.by, how, at: given.at });
}

async function underMachineLocks(
  request: RunRequest,
  journal: Journal,
  body: (locks: MachineLocks) => Promise<{ outcome: RunOutcome; detail: string }>,
): Promise<RunResult> {
  let locks: MachineLocks | undefined;
  try {
    locks = await lockMachines(request, journal);
    const end = await body(locks);
    await unlockMachines(request, journal, locks);
    return await stopRun(journal, end);
  } catch (error) {
    // The first error is the one that matters; when the journal cannot be written, these fail with it too.
    if (!journal.hasFailed) {
      if (locks !== undefined) await unlockMachines(request, journal, locks);
      const outcome: RunOutcome = request.signal.aborted ? "interrupted" : "failed";
      const result = await stopRun(journal, { outcome, detail: error instanceof Error ? error.message : String(error) });
      if (request.signal.aborted) return result;
    } else if (locks !== undefined) {
      await releaseMachineLocks({
        hostAccess: request.context.ports.hostAccess,
        hosts: markedHosts(locks),
        run: request.run,
        host: request.context.operator.host,
      });
    }
    throw error;
  }
}

async function lockMachines(request: RunRequest, journal: Journal): Promise<MachineLocks> {
  const { context, run, plan } = request;
  const { by, host } = context.operator;
  const locks = await acquireMachineLocks({
    hostAccess: context.ports.hostAccess,
    hosts: lockedHosts(request),
    holder: { cluster: plan.cluster, run, by, host, at: context.ports.clock.nowIso() },
    breakLock: request.breakLock ?? false,
    signal: request.signal,
  });
  await journal.append({ kind: "lock-acquired", where: locks.where, notOn: locks.notOn });
  // From here the report counts: when the trouble was first seen, not when somebody had read the plan.
  if (journal.state !== undefined && factOf(journal.state, detectedFact) === undefined) {
    await journal.append({ kind: "fact-recorded", name: detectedFact, value: plan.looks?.first ?? plan.createdAt });
  }
  return locks;
}

/** Every machine that carries the control plane or that the plan works on. */
function lockedHosts(request: RunRequest): readonly HostName[] {
  const members = request.context.config.hosts
    .filter((host) => host.roles.includes("control-plane") || host.roles.includes("etcd"))
    .map((host) => host.name);
  const targets = request.plan.steps.flatMap((step) => step.host ?? []);
  return [...new Set([...members, ...targets])].sort();
}

async function unlockMachines(request: RunRequest, journal: Journal, locks: MachineLocks): Promise<void> {
  const answer = await releaseMachineLocks({
    hostAccess: request.context.ports.hostAccess,
    hosts: markedHosts(locks),
    run: request.run,
    host: request.context.operator.host,
  });
  await journal.append({ kind: "lock-released", where: answer.released });
  if (answer.leftOn.length > 0) await journal.append({ kind: "fact-recorded", name: "lock-left-on", value: answer.leftOn.join("; ") });
}

async function stopRun(journal: Journal, end: { readonly outcome: RunOutcome; readonly detail: string }): Promise<RunResult> {
  await journal.append({ kind: "run-stopped", outcome: end.outcome, detail: end.detail });
  if (journal.state === undefined) throw new Error("broken assumption in requorum: a run was stopped that was not opened");
  return { ...end, state: journal.state };
}

/** In the plan's order, which respects `after`; stops at the first step that does not get done. */
async function runSteps(
  request: RunRequest,
  { journal, consent, locks }: { readonly journal: Journal; readonly consent: Consent; readonly locks: MachineLocks },
): Promise<{ outcome: RunOutcome; detail: string }> {
  const { plan, context, run, signal, report } = request;
  const { hostAccess } = context.ports;
  const done = new Set<string>();
  const remembered = new Set(plan.steps.map((step) => step.id).filter((id) => isDone(journal, id)));
  for (const [index, planned] of plan.steps.entries()) {
    if (signal.aborted) return { outcome: "interrupted", detail: `before ${planned.id}; nothing is under way` };
    const missing = planned.after.filter((id) => !done.has(id));
    if (missing.length > 0)
      return { outcome: "blocked", detail: `${planned.id} comes after ${missing.join(", ")}, which the plan lists later or not at all` };
    report({ kind: "count", text: planned.describes, done: index, total: plan.steps.length });
    const isFirstSince = planned.copyBy !== undefined && !isDone(journal, planned.id) && remembered.delete(planned.copyBy);
    const end =
      (isFirstSince ? await copyIsGone(request, journal, planned) : undefined) ??
      (await advanceOrInterrupt(bindStep(planned, context.specs, context.handlers), {
        consent,
        journal,
        context: stepContext(request, journal, planned.id),
        lossDoubts: () =>
          lossDoubts(planned, stepContext(request, journal, planned.id), (step) => ({
            step: bindStep(step, context.specs, context.handlers),
            context: stepContext(request, journal, step.id),
          })),
        lockProblems: () => lockProblems({ hostAccess, hosts: markedHosts(locks), run, host: context.operator.host, signal }),
        signal,
      }));
    if (end !== undefined) return end;
    done.add(planned.id);
  }
  report({ kind: "count", text: "done", done: plan.steps.length, total: plan.steps.length });
  return { outcome: "succeeded", detail: `all ${plan.steps.length} steps are done` };
}

function isDone({ state }: Journal, id: StepContext["step"]): boolean {
  return state !== undefined && ["succeeded", "skipped"].includes(stepStateOf(state, id));
}

/**
 * I-S8 after a restart: the journal remembers that the copy was made; that it
 * is still there and whole is looked at before anything irreversible relies on it.
 */
async function copyIsGone(request: RunRequest, journal: Journal, planned: PlannedStep): Promise<StepEnd> {
  const { plan, context } = request;
  const copy = plan.steps.find((step) => step.id === planned.copyBy);
  if (copy === undefined)
    return { outcome: "blocked", detail: `${planned.id} relies on the copy of ${String(planned.copyBy)}, which is no step of the plan` };
  const { post } = await lookOnce(bindStep(copy, context.specs, context.handlers), stepContext(request, journal, copy.id));
  if (post.kind === "holds") return undefined;
  return {
    outcome: "blocked",
    detail: `${planned.id} (${planned.describes}) relies on the copy of ${copy.id}, made before the run was stopped: ${wordsOf(post).join("; ")}. Nothing was changed; plan again`,
  };
}

/** Aborting while a step is looked at, before it starts, leaves nothing under way. */
async function advanceOrInterrupt(
  step: ReturnType<typeof bindStep>,
  options: Parameters<typeof advanceStep>[1] & { readonly signal: AbortSignal },
): Promise<StepEnd> {
  try {
    return await advanceStep(step, options);
  } catch (error) {
    if (!options.signal.aborted || options.journal.hasFailed) throw error;
    return { outcome: "interrupted", detail: `while looking at ${step.planned.id}; nothing new is under way` };
  }
}

function stepContext(request: RunRequest, journal: Journal, step: StepContext["step"]): StepContext {
  const { context, plan, run, report, signal } = request;
  return {
    ports: context.ports,
    plan,
    run,
    step,
    config: context.config,
    report,
    signal,
    get state() {
      if (journal.state === undefined) throw new Error("broken assumption in requorum: the run was not opened");
      return journal.state;
    },
    recordFact: (name, value) => journal.append({ kind: "fact-recorded", name, value }),
  };
}

function isComplete(journal: Journal, request: RunRequest): boolean {
  return request.plan.steps.every((step) => isDone(journal, step.id));
}
