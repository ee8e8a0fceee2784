import type { JournalLine, StepState } from "../model/journal-event.ts";
import type { LossStatement, RecoveryPlan } from "../model/plan.ts";
import type { QuorumState } from "../model/quorum.ts";

/** The outcome of a run, or that it has none yet: under way, or its program was killed. */
export type ShownOutcome = "succeeded" | "failed" | "blocked" | "outcome-unknown" | "interrupted" | "unfinished";

/** What a run did, for programs. */
export interface RunDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Run";
  readonly run: string;
  readonly cluster: string;
  readonly plan: string;
  readonly goal: RecoveryPlan["goal"];
  readonly strategy: string;
  readonly outcome: ShownOutcome;
  readonly detail: string;
  readonly by: string | undefined;
  readonly program: string | undefined;
  readonly openedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly resumedAt: readonly string[];
  readonly consent: { readonly by: string; readonly how: string; readonly at: string } | undefined;
  readonly steps: readonly RunDocumentStep[];
  /** From the first look that saw the trouble (where that is on record, else from the opening of the run) until the result was verified; undefined while it did not succeed. */
  readonly rtoSeconds: number | undefined;
  /** From the opening of the run, without the time that a person read the plan; undefined while it did not succeed. */
  readonly tookSeconds: number | undefined;
  readonly loss: LossStatement;
  readonly facts: readonly { readonly name: string; readonly value: string; readonly at: string }[];
  readonly attested: readonly { readonly host: string; readonly statement: string; readonly by: string }[];
  readonly directory: string;
}

export interface RunDocumentStep {
  readonly id: string;
  readonly kind: string;
  readonly host: string | undefined;
  readonly risk: string;
  readonly describes: string;
  readonly state: StepState;
  readonly attempts: number;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly seconds: number | undefined;
  /** What was observed, why it was blocked, what is missing. */
  readonly words: string;
  readonly errorCode: string | undefined;
  readonly quorumAfter: QuorumState | undefined;
}

/** What is read of a folded journal; the fold itself is the business of `execute`. */
export interface FoldedRun {
  readonly by: string;
  readonly program: string;
  readonly openedAt: string;
  readonly lastAt: string;
  readonly resumedAt: readonly string[];
  readonly consent: { readonly by: string; readonly how: string; readonly at: string } | undefined;
  readonly attested: RunDocument["attested"];
  readonly facts: RunDocument["facts"];
  readonly stopped: { readonly outcome: Exclude<ShownOutcome, "unfinished">; readonly detail: string; readonly at: string } | undefined;
  readonly steps: ReadonlyMap<
    string,
    {
      readonly state: StepState;
      readonly attempts: number;
      readonly startedAt: string | undefined;
      readonly changedAt: string;
      readonly words: string;
      readonly errorCode: string | undefined;
    }
  >;
}

export interface RunInput {
  readonly run: string;
  readonly plan: RecoveryPlan;
  /** undefined: the run was created and stopped before its first event. */
  readonly state: FoldedRun | undefined;
  readonly directory: string;
}

const settled: readonly StepState[] = ["succeeded", "skipped", "failed", "blocked", "unknown"];

/** When the trouble was first seen, where that is on record, else when the run was opened. Files that a person has put back are no trouble that was seen: their plan may be of yesterday. */
export function detectedAtOf({ state, plan }: RunInput): string | undefined {
  if (plan.goal.kind === "restore-parts") return state?.openedAt;
  return state?.facts.find((fact) => fact.name === "detected at")?.value ?? state?.openedAt;
}

export function runDocument(input: RunInput): RunDocument {
  const { plan, state } = input;
  const stopped = state?.stopped;
  // A run that was killed after its proof is closed by a later resume: that is not the time of recovery.
  const proof = plan.steps.findLast((step) => step.kind === "cluster.verify" && state?.steps.get(step.id)?.state === "succeeded");
  const rtoEnd = (proof === undefined ? undefined : state?.steps.get(proof.id)?.changedAt) ?? stopped?.at;
  const untilProven = (from: string | undefined): number | undefined =>
    from === undefined || rtoEnd === undefined || stopped?.outcome !== "succeeded" ? undefined : secondsBetween(from, rtoEnd);
  return {
    apiVersion: "requorum/v1",
    kind: "Run",
    run: input.run,
    cluster: plan.cluster,
    plan: plan.digest,
    goal: plan.goal,
    strategy: plan.strategy,
    outcome: stopped?.outcome ?? "unfinished",
    detail: stopped?.detail ?? (state === undefined ? "stopped before anything was done" : "under way, or its program was killed"),
    by: state?.by,
    program: state?.program,
    openedAt: state?.openedAt,
    endedAt: stopped?.at,
    resumedAt: state?.resumedAt ?? [],
    consent: state?.consent === undefined ? undefined : { by: state.consent.by, how: state.consent.how, at: state.consent.at },
    steps: plan.steps.map((step): RunDocumentStep => {
      const record = state?.steps.get(step.id);
      const endedAt = record !== undefined && settled.includes(record.state) ? record.changedAt : undefined;
      return {
        id: step.id,
        kind: step.kind,
        host: step.host,
        risk: step.risk,
        describes: step.describes,
        state: record?.state ?? "pending",
        attempts: record?.attempts ?? 0,
        startedAt: record?.startedAt,
        endedAt,
        seconds: record?.startedAt === undefined || endedAt === undefined ? undefined : secondsBetween(record.startedAt, endedAt),
        words: record?.words ?? "",
        errorCode: record?.errorCode,
        quorumAfter: step.quorumAfter,
      };
    }),
    rtoSeconds: untilProven(detectedAtOf(input)),
    tookSeconds: untilProven(state?.openedAt),
    loss: plan.loss,
    facts: state?.facts ?? [],
    attested: state?.attested ?? [],
    directory: input.directory,
  };
}

export function secondsBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 100) / 10;
}

export interface RunListDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "RunList";
  readonly cluster: string;
  readonly runs: readonly RunListEntry[];
}

export interface RunListEntry {
  readonly run: string;
  readonly openedAt: string | undefined;
  readonly by: string | undefined;
  readonly strategy: string | undefined;
  readonly outcome: ShownOutcome;
  readonly stepsDone: number;
  readonly stepsTotal: number;
  readonly problem: string | undefined;
}

export interface JournalDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "JournalVerification";
  readonly run: string;
  /** Every line fits, and the last one is the end of the run. */
  readonly isIntact: boolean;
  /** Every line fits, and still some may be missing; a journal with damage has no document. */
  readonly doubts: readonly string[];
  readonly lines: number;
  readonly lastHash: string;
  /** Kinds of events that only a newer version knows. */
  readonly unknownKinds: readonly string[];
}

/** One journal event in words, for timelines. */
export function eventWords(line: JournalLine): string {
  const { event } = line;
  switch (event.kind) {
    case "run-opened":
      return `run opened by ${event.by} with ${event.program}`;
    case "consent-given":
      return `consent by ${event.by} (${event.how.replaceAll("-", " ")})`;
    case "attested":
      return `${event.by} attests that ${event.host} is lost: ${event.statement}`;
    case "lock-acquired":
      return `lock held on ${event.where.join(", ")}${event.notOn.length === 0 ? "" : `; not on ${event.notOn.join(", ")}`}`;
    case "run-resumed":
      return `resumed by ${event.by} with ${event.program}`;
    case "fact-recorded":
      return `${event.name}: ${event.value}`;
    case "lock-released":
      return `lock released on ${event.where.join(", ")}`;
    case "run-stopped":
      return `run stopped: ${event.outcome}${event.detail === "" ? "" : ` (${event.detail})`}`;
    case "step-blocked":
      return `${event.step} blocked: ${event.reasons.join("; ")}`;
    case "step-skipped":
      return `${event.step} skipped: ${event.because}`;
    case "step-started":
      return `${event.step} started${event.attempt > 1 ? ` (attempt ${String(event.attempt)})` : ""}`;
    case "step-outcome-unknown":
      return `${event.step} outcome unknown: ${event.missing.join("; ")}`;
    case "step-succeeded":
      return `${event.step} succeeded: ${event.observed}`;
    case "step-failed":
      return `${event.step} failed (${event.errorCode}): ${event.detail}`;
    default:
      return event satisfies never;
  }
}
