import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { RunId } from "../../model/ids.ts";
import type { RunOutcome } from "../../model/journal-event.ts";
import type { Consent, RecoveryPlan } from "../../model/plan.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import type { StepSpecs } from "../../model/step.ts";
import type { LocalLock } from "../../ports/local-lock.ts";
import type { RunState } from "../journal/fold-journal.ts";
import type { JournalTools } from "../journal/journal-tools.ts";
import type { StepHandlers, StepPorts } from "../step-handler.ts";

/** Everything a run needs beside its plan. Wired in cli. */
export interface RunContext {
  readonly config: ClusterConfig;
  readonly ports: StepPorts;
  readonly localLock: LocalLock;
  readonly journal: JournalTools;
  readonly operator: { readonly by: string; readonly host: string };
  /** "requorum 0.1.0" */
  readonly program: string;
  readonly specs: StepSpecs;
  readonly handlers: StepHandlers;
}

export interface RunRequest {
  readonly plan: RecoveryPlan;
  readonly run: RunId;
  readonly context: RunContext;
  readonly signal: AbortSignal;
  readonly report: ReportProgress;
  /** Take over another run's marker on the machines. Default false. */
  readonly breakLock?: boolean;
}

export interface ExecuteRequest extends RunRequest {
  readonly consent: Consent;
  /**
   * Makes the run in the store, once it is known that nobody else holds the
   * lock, here or on a machine: a run that was never let in is not left
   * behind. Absent: it was made already.
   */
  readonly create?: () => Promise<void>;
}

export interface RunResult {
  readonly outcome: RunOutcome;
  /** What stopped it, in words; for succeeded, what was reached. */
  readonly detail: string;
  readonly state: RunState;
}
