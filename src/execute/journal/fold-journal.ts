import type { PlanDigest, RunId, StepId } from "../../model/ids.ts";
import {
  isStepEvent,
  nextStepState,
  type JournalLine,
  type RunOutcome,
  type StepEvent,
  type StepState,
} from "../../model/journal-event.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

/** What the journal says of one step. */
export interface StepRecord {
  readonly id: StepId;
  readonly state: StepState;
  /** How often it was started. */
  readonly attempts: number;
  /** Time of the first start. */
  readonly startedAt: string | undefined;
  /** Time of the newest start. */
  readonly lastStartedAt: string | undefined;
  /** Time of the last event. */
  readonly changedAt: string;
  /** The last event in words: what was observed, why it was blocked, what is missing. */
  readonly words: string;
  readonly errorCode: string | undefined;
}

export interface RecordedFact {
  readonly name: string;
  readonly value: string;
  readonly at: string;
}

/** What the journal says of a run. Everything that shows or continues a run reads this. */
export interface RunState {
  readonly run: RunId;
  readonly cluster: string;
  readonly plan: PlanDigest;
  readonly by: string;
  readonly program: string;
  readonly openedAt: string;
  readonly consent: { readonly plan: PlanDigest; readonly by: string; readonly how: string; readonly at: string } | undefined;
  readonly attested: readonly { readonly host: string; readonly statement: string; readonly by: string }[];
  /** Held now, as far as the journal knows. */
  readonly lock: { readonly where: readonly string[]; readonly notOn: readonly string[]; readonly at: string } | undefined;
  /** false: it was never let in, so it never did anything. */
  readonly wasLocked: boolean;
  readonly resumedAt: readonly string[];
  readonly facts: readonly RecordedFact[];
  /** Steps that have had an event; the others are pending. */
  readonly steps: ReadonlyMap<StepId, StepRecord>;
  /** undefined: under way, or the program was killed. */
  readonly stopped: { readonly outcome: RunOutcome; readonly detail: string; readonly at: string } | undefined;
  readonly lastAt: string;
}

/**
 * Reduces the verified lines of one run. undefined: the run was never opened.
 * Throws JOURNAL_CORRUPT for an event that cannot be where it stands.
 */
export function foldJournal(lines: readonly JournalLine[]): RunState | undefined {
  let state: RunState | undefined;
  for (const line of lines) state = foldLine(state, line);
  return state;
}

/** pending when the journal has no event of the step. */
export function stepStateOf(state: RunState, step: StepId): StepState {
  return state.steps.get(step)?.state ?? "pending";
}

/** The newest value of a fact. */
export function factOf(state: RunState, name: string): RecordedFact | undefined {
  return state.facts.findLast((fact) => fact.name === name);
}

/** One more line; the only reducer. */
export function foldLine(state: RunState | undefined, line: JournalLine): RunState {
  const { event, at } = line;
  if (event.kind === "run-opened") {
    if (state !== undefined) throw misplaced(line, "the run is open already");
    const { run, cluster, plan, by, program } = event;
    return {
      run,
      cluster,
      plan,
      by,
      program,
      openedAt: at,
      consent: undefined,
      attested: [],
      lock: undefined,
      wasLocked: false,
      resumedAt: [],
      facts: [],
      steps: new Map(),
      stopped: undefined,
      lastAt: at,
    };
  }
  if (state === undefined) throw misplaced(line, "the run was not opened");
  const next = { ...state, lastAt: at };
  if (isStepEvent(event)) {
    const record = foldStep(state.steps.get(event.step), event, at);
    return { ...next, steps: new Map([...state.steps, [event.step, record]]) };
  }
  switch (event.kind) {
    case "consent-given":
      return { ...next, consent: { plan: event.plan, by: event.by, how: event.how, at } };
    case "attested":
      return { ...next, attested: [...state.attested, { host: event.host, statement: event.statement, by: event.by }] };
    case "lock-acquired":
      return { ...next, lock: { where: event.where, notOn: event.notOn, at }, wasLocked: true };
    case "lock-released":
      return { ...next, lock: undefined };
    case "run-resumed":
      return { ...next, resumedAt: [...state.resumedAt, at], stopped: undefined };
    case "fact-recorded":
      return { ...next, facts: [...state.facts, { name: event.name, value: event.value, at }] };
    case "run-stopped":
      return { ...next, stopped: { outcome: event.outcome, detail: event.detail, at } };
  }
}

function foldStep(before: StepRecord | undefined, event: StepEvent, at: string): StepRecord {
  const state = nextStepState(before?.state ?? "pending", event);
  const isStart = event.kind === "step-started";
  return {
    id: event.step,
    state,
    attempts: isStart ? event.attempt : (before?.attempts ?? 0),
    startedAt: before?.startedAt ?? (isStart ? at : undefined),
    lastStartedAt: isStart ? at : before?.lastStartedAt,
    changedAt: at,
    words: wordsOf(event),
    errorCode: event.kind === "step-failed" ? event.errorCode : undefined,
  };
}

function wordsOf(event: StepEvent): string {
  switch (event.kind) {
    case "step-blocked":
      return event.reasons.join("; ");
    case "step-skipped":
      return event.because;
    case "step-started":
      return `attempt ${event.attempt}`;
    case "step-outcome-unknown":
      return event.missing.join("; ");
    case "step-succeeded":
      return event.observed;
    case "step-failed":
      return event.detail;
  }
}

function misplaced(line: JournalLine, why: string): RecoveryError {
  return new RecoveryError("JOURNAL_CORRUPT", {
    subject: `journal line ${line.sequence}`,
    detail: `line ${line.sequence}: ${line.event.kind} cannot stand here: ${why}`,
  });
}
