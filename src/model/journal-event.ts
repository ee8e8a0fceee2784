import type { PlanDigest, RunId, StepId } from "./ids.ts";
import { RecoveryError } from "./recovery-error.ts";

/**
 * Durable events of a run. They are appended and synced before the next
 * action and never dropped. Progress (percent, bytes, waiting) is not here:
 * see `progress-event.ts`.
 */
export type StepState = "pending" | "started" | "succeeded" | "skipped" | "failed" | "blocked" | "unknown";

export type StepEvent =
  | { readonly kind: "step-blocked"; readonly step: StepId; readonly reasons: readonly string[] }
  | { readonly kind: "step-skipped"; readonly step: StepId; readonly because: string }
  | { readonly kind: "step-started"; readonly step: StepId; readonly attempt: number }
  | { readonly kind: "step-outcome-unknown"; readonly step: StepId; readonly missing: readonly string[] }
  | { readonly kind: "step-succeeded"; readonly step: StepId; readonly observed: string }
  | { readonly kind: "step-failed"; readonly step: StepId; readonly errorCode: string; readonly detail: string };
export type StepEventKind = StepEvent["kind"];

export type RunOutcome = "succeeded" | "failed" | "blocked" | "outcome-unknown" | "interrupted";

export type RunEvent =
  | {
      readonly kind: "run-opened";
      readonly run: RunId;
      readonly cluster: string;
      readonly plan: PlanDigest;
      readonly by: string;
      readonly program: string;
    }
  | { readonly kind: "consent-given"; readonly plan: PlanDigest; readonly by: string; readonly how: string }
  | { readonly kind: "attested"; readonly host: string; readonly statement: string; readonly by: string }
  | { readonly kind: "lock-acquired"; readonly where: readonly string[]; readonly notOn: readonly string[] }
  | { readonly kind: "run-resumed"; readonly by: string; readonly program: string }
  /** A fact worth keeping for the report: snapshot digest, RTO mark, first write. Never a secret. */
  | { readonly kind: "fact-recorded"; readonly name: string; readonly value: string }
  | { readonly kind: "lock-released"; readonly where: readonly string[] }
  | { readonly kind: "run-stopped"; readonly outcome: RunOutcome; readonly detail: string };

export type JournalEvent = StepEvent | RunEvent;

/** One line of journal.jsonl. `previous` is the sha256 of the line before, "" on the first. */
export interface JournalLine {
  readonly version: "1.0";
  readonly sequence: number;
  readonly at: string;
  readonly previous: string;
  readonly event: JournalEvent;
}

/**
 * What one line of the file turned out to be. `unknown-kind` is written by a newer minor version: it is kept, and it
 * counts in sequence and hash, but says nothing to this version. `isNewer`: the line's minor version is above ours.
 */
export type JournalReading =
  | { readonly kind: "line"; readonly line: JournalLine; readonly isNewer: boolean }
  | {
      readonly kind: "unknown-kind";
      readonly eventKind: string;
      readonly sequence: number;
      readonly at: string;
      readonly previous: string;
      readonly isNewer: boolean;
    }
  | { readonly kind: "newer-major"; readonly version: string }
  | { readonly kind: "malformed"; readonly problem: string };

const legalMoves: { readonly [E in StepEventKind]: { readonly from: readonly StepState[]; readonly to: StepState } } = {
  "step-blocked": { from: ["pending", "failed", "blocked", "unknown"], to: "blocked" },
  "step-skipped": { from: ["pending", "failed", "blocked"], to: "skipped" },
  "step-started": { from: ["pending", "failed", "blocked", "unknown"], to: "started" },
  "step-outcome-unknown": { from: ["started"], to: "unknown" },
  "step-succeeded": { from: ["started", "unknown"], to: "succeeded" },
  "step-failed": { from: ["started", "unknown"], to: "failed" },
};

/** The only way a step changes state. An illegal event means a damaged journal. */
export function nextStepState(state: StepState, event: StepEvent): StepState {
  const move = legalMoves[event.kind];
  if (!move.from.includes(state)) {
    throw new RecoveryError("JOURNAL_CORRUPT", { subject: `step ${event.step}`, detail: `${event.kind} cannot follow ${state}` });
  }
  return move.to;
}

export function isStepEvent(event: JournalEvent): event is StepEvent {
  return event.kind.startsWith("step-");
}
