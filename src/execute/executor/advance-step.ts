import type { ErrorCode } from "../../model/error-catalogue.ts";
import type { RunOutcome } from "../../model/journal-event.ts";
import type { Consent } from "../../model/plan.ts";
import { assertInvariant, RecoveryError } from "../../model/recovery-error.ts";
import type { Journal } from "../journal/journal.ts";
import { stepStateOf, type RunState } from "../journal/fold-journal.ts";
import type { StepContext } from "../step-handler.ts";
import type { BoundStep } from "./bound-step.ts";
import { lookOnce, lookUntilSettled, wordsOf, type Look } from "./look.ts";

/** undefined: the step is done, go on. Otherwise why the run stops. */
export type StepEnd = { readonly outcome: RunOutcome; readonly detail: string } | undefined;

/**
 * Brings one step forward: look, skip or block, journal, perform, look. The
 * whole of house rule 7. It decides nothing: verdicts do.
 */
export async function advanceStep(
  step: BoundStep,
  options: {
    readonly consent: Consent;
    readonly journal: Journal;
    readonly context: StepContext;
    /** Why the member that it stops or removes may not be lost after all; asked just before, never remembered. */
    readonly lossDoubts: () => Promise<readonly string[]>;
    /** Why the run may change nothing any more; asked just before a step that changes something. */
    readonly lockProblems: () => Promise<readonly string[]>;
  },
): Promise<StepEnd> {
  const { journal, context, consent } = options;
  assertInvariant(consent.digest === context.plan.digest, "consent is bound to another plan");
  const id = step.planned.id;
  const state = stepStateOf(stateOf(journal), id);
  if (state === "succeeded" || state === "skipped") return undefined;
  if (state === "started") {
    await journal.append({
      kind: "step-outcome-unknown",
      step: id,
      missing: ["the program ended after this step was started and before its outcome was journalled"],
    });
  }
  const isUnsettled = state === "started" || state === "unknown";
  const look = isUnsettled ? await lookUntilSettled(step, context, settleLeftMs(step, journal, context)) : await lookOnce(step, context);
  // While its goal does not hold, what it needs may be needed yet; performing it again makes and removes its own.
  if ((isUnsettled || state === "failed") && look.post.kind === "holds") await step.cleanUp(context, { goalHolds: true });
  if (look.post.kind === "holds") {
    const words = "its goal is observed to hold already";
    await journal.append(
      isUnsettled ? { kind: "step-succeeded", step: id, observed: words } : { kind: "step-skipped", step: id, because: words },
    );
    return undefined;
  }
  if (look.post.kind === "unknown") {
    if (isUnsettled) return stop("outcome-unknown", step, wordsOf(look.post));
    return await block(step, journal, wordsOf(look.post));
  }
  const refused = await refusal(step, options, look);
  if (refused !== undefined) return refused;
  const problems = step.planned.risk === "read-only" ? [] : [...(await options.lossDoubts()), ...(await options.lockProblems())];
  return problems.length > 0 ? await block(step, journal, problems) : await performStep(step, options);
}

/** Why the step may not start now, journalled; undefined when it may. */
async function refusal(step: BoundStep, options: { readonly journal: Journal }, look: Look): Promise<StepEnd> {
  const { journal } = options;
  assertInvariant(look.model !== undefined, "a verdict without a model");
  const pre = step.pre(look.model);
  if (pre.kind !== "holds") return await block(step, journal, wordsOf(pre));
  const record = stateOf(journal).steps.get(step.planned.id);
  if ((record?.attempts ?? 0) < step.planned.attemptsMax) return undefined;
  const reasons = [...wordsOf(look.post), `it was started ${record?.attempts ?? 0} times, the plan allows ${step.planned.attemptsMax}`];
  if (record?.state === "unknown")
    await journal.append({ kind: "step-failed", step: step.planned.id, errorCode: "STEP_FAILED", detail: reasons.join("; ") });
  return stop("failed", step, reasons);
}

async function performStep(step: BoundStep, options: { readonly journal: Journal; readonly context: StepContext }): Promise<StepEnd> {
  const { journal, context } = options;
  const id = step.planned.id;
  const attempt = (stateOf(journal).steps.get(id)?.attempts ?? 0) + 1;
  await journal.append({ kind: "step-started", step: id, attempt });
  context.report({
    kind: "phase",
    text: step.planned.describes,
    step: id,
    ...(step.planned.host === undefined ? {} : { host: step.planned.host }),
  });
  let thrown: Error | undefined;
  try {
    await step.perform(context);
  } catch (error) {
    thrown = error instanceof Error ? error : new Error("something that is no Error was thrown", { cause: error });
  }
  if (context.signal.aborted) {
    await journal.append({ kind: "step-outcome-unknown", step: id, missing: ["it was interrupted"] });
    return { outcome: "interrupted", detail: `${id} was interrupted; resuming looks what came of it` };
  }
  const look = await lookAfter(step, options, mayStillLand(thrown) ? step.settleMs : 0);
  if (look === undefined) return { outcome: "interrupted", detail: `${id} was interrupted; resuming looks what came of it` };
  // What was under way had the whole window to land after perform had cleared up behind itself.
  // Without its goal another attempt makes and removes its own; with it, nobody would come back.
  if (thrown !== undefined && (mayStillLand(thrown) ? look.post.kind !== "unknown" : look.post.kind === "holds"))
    await step.cleanUp(context, { goalHolds: look.post.kind === "holds" });
  const end = await settle(step, journal, look, thrown);
  if (thrown !== undefined && !(thrown instanceof RecoveryError)) throw thrown;
  return end;
}

/** A refusal is an answer: nothing of it is under way any more. */
function mayStillLand(thrown: Error | undefined): boolean {
  return !(thrown instanceof RecoveryError) || thrown.retry === "unknown-outcome";
}

/** undefined: interrupted while looking; that is journalled. */
async function lookAfter(
  step: BoundStep,
  options: { readonly journal: Journal; readonly context: StepContext },
  windowMs: number,
): Promise<Look | undefined> {
  try {
    return await lookUntilSettled(step, options.context, windowMs);
  } catch (error) {
    const words = options.context.signal.aborted ? "it was interrupted" : `the look at its outcome failed: ${String(error)}`;
    await options.journal.append({ kind: "step-outcome-unknown", step: step.planned.id, missing: [words] });
    if (options.context.signal.aborted) return undefined;
    throw error;
  }
}

/** Whatever `perform` returned or threw, observation decides. */
async function settle(step: BoundStep, journal: Journal, look: Look, thrown: Error | undefined): Promise<StepEnd> {
  const id = step.planned.id;
  const said = thrown === undefined ? [] : [`it said: ${errorWords(thrown)}`];
  switch (look.post.kind) {
    case "holds":
      await journal.append({ kind: "step-succeeded", step: id, observed: ["its goal is observed to hold", ...said].join("; ") });
      return undefined;
    case "fails": {
      const reasons = [...said, ...wordsOf(look.post)];
      const errorCode: ErrorCode =
        thrown instanceof RecoveryError ? thrown.code : step.planned.kind === "cluster.verify" ? "VERIFICATION_FAILED" : "STEP_FAILED";
      await journal.append({ kind: "step-failed", step: id, errorCode, detail: reasons.join("; ") });
      return stop("failed", step, reasons);
    }
    case "unknown": {
      const missing = [...said, ...wordsOf(look.post)];
      await journal.append({ kind: "step-outcome-unknown", step: id, missing });
      return stop("outcome-unknown", step, missing);
    }
  }
}

/** Whom it is about, where the words themselves do not say it. */
function errorWords(error: Error): string {
  return error instanceof RecoveryError && !error.message.includes(error.subject) ? `${error.subject}: ${error.message}` : error.message;
}

async function block(step: BoundStep, journal: Journal, reasons: readonly string[]): Promise<StepEnd> {
  await journal.append({ kind: "step-blocked", step: step.planned.id, reasons });
  return stop("blocked", step, reasons);
}

function stop(outcome: RunOutcome, step: BoundStep, reasons: readonly string[]): StepEnd {
  return { outcome, detail: `${step.planned.id} (${step.planned.describes}): ${reasons.join("; ")}` };
}

/** What is left of the time in which the effect may land, counted from the newest start. */
function settleLeftMs(step: BoundStep, journal: Journal, context: StepContext): number {
  const record = stateOf(journal).steps.get(step.planned.id);
  const since = record?.lastStartedAt === undefined ? 0 : context.ports.clock.nowMs() - Date.parse(record.lastStartedAt);
  // A wall clock that was set back must not make this wait longer than the whole window.
  return Math.min(step.settleMs, Math.max(0, step.settleMs - since));
}

function stateOf(journal: Journal): RunState {
  assertInvariant(journal.state !== undefined, "the run was not opened");
  return journal.state;
}
