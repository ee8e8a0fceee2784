import type { JournalLine } from "../../model/journal-event.ts";
import type { RecoveryPlan } from "../../model/plan.ts";
import type { Verdict } from "../../model/verdict.ts";
import { planDocument, type PlanDocument } from "../plan-document.ts";
import { detectedAtOf, eventWords, runDocument, secondsBetween, type RunDocument, type RunInput } from "../run-document.ts";
import { secondsWords } from "../words.ts";

/** Everything the post-mortem shows, before it is HTML or Markdown. */
export interface Report {
  readonly writtenAt: string;
  readonly run: RunDocument;
  readonly plan: PlanDocument;
  readonly findings: readonly { readonly code: string; readonly title: string; readonly subject: string }[];
  readonly timeline: readonly { readonly at: string; readonly words: string; readonly kind: JournalLine["event"]["kind"] }[];
  /** The exit rules, each with what was seen; empty: they were not asked. */
  readonly verification: readonly { readonly rule: string; readonly result: "holds" | "fails" | "unknown"; readonly words: string }[];
  /** Moved, not deleted, with the day after which nobody should need it. */
  readonly aside: readonly {
    readonly host: string;
    readonly directory: string;
    readonly paths: readonly string[];
    readonly expiresAt: string;
  }[];
  /** Steps' spans in seconds from the opening of the run; for the drawing. */
  readonly spans: readonly ReportSpan[];
  readonly totalSeconds: number;
  /** From the opening of the run, for the drawing. */
  readonly firstWriteSeconds: number | undefined;
  /** From the same moment as the recovery time, for the words beside it. */
  readonly firstWriteAfterSeconds: number | undefined;
  readonly toleranceNow: number | undefined;
  /** undefined: not compared. */
  readonly comparison: { readonly objectsBefore: number; readonly objectsNow: number; readonly lost: number } | undefined;
}

export interface ReportSpan {
  readonly id: string;
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly state: RunDocument["steps"][number]["state"];
}

export interface ReportInput {
  readonly record: RunInput & { readonly plan: RecoveryPlan };
  readonly lines: readonly JournalLine[];
  /** verify.json of the run, parsed; empty when there is none. */
  readonly rules: readonly { readonly rule: string; readonly verdict: Verdict }[];
  /** The objects of the record from before, looked for afterwards; from the same file. */
  readonly comparison?: Report["comparison"];
  readonly writtenAt: string;
  readonly titleOf: (code: string) => string;
}

/** What lies aside may go after a week: by then somebody has missed it, or nobody will. */
const asideDays = 7;

export function reportOf(input: ReportInput): Report {
  const run = runDocument(input.record);
  const plan = planDocument(input.record.plan, undefined);
  const openedMs = Date.parse(run.openedAt ?? input.writtenAt);
  const lastAt = run.endedAt ?? input.lines.at(-1)?.at ?? input.writtenAt;
  const seconds = (iso: string): number => Math.max(0, (Date.parse(iso) - openedMs) / 1000);
  const firstWrite = run.facts.find((fact) => fact.name === "first write through the control-plane endpoint");
  return {
    writtenAt: input.writtenAt,
    run,
    plan,
    findings: plan.findings.map(({ code, subject }) => ({ code, subject, title: input.titleOf(code) })),
    timeline: input.lines.map((line) => ({ at: line.at, words: eventWords(line), kind: line.event.kind })),
    verification: input.rules.map(({ rule, verdict }) => ({ rule, result: verdict.kind, words: verdictWords(verdict) })),
    aside: asideOf(input, run),
    spans: run.steps.flatMap((step) =>
      step.startedAt === undefined
        ? []
        : [{ id: step.id, label: step.describes, from: seconds(step.startedAt), to: seconds(step.endedAt ?? lastAt), state: step.state }],
    ),
    totalSeconds: Math.max(1, seconds(lastAt)),
    firstWriteSeconds: firstWrite === undefined ? undefined : seconds(firstWrite.value),
    firstWriteAfterSeconds:
      firstWrite === undefined ? undefined : secondsBetween(detectedAtOf(input.record) ?? firstWrite.value, firstWrite.value),
    toleranceNow: toleranceOf(run),
    comparison: input.comparison,
  };
}

/** What the plan promised for its end, once the verification has checked it; a promise that was not checked is not shown as a fact. */
function toleranceOf(run: RunDocument): number | undefined {
  const last = run.steps.at(-1);
  const isProven = last?.kind === "cluster.verify" && (last.state === "succeeded" || last.state === "skipped");
  return isProven ? last.quorumAfter?.faultTolerance : undefined;
}

function asideOf(input: ReportInput, run: RunDocument): Report["aside"] {
  return input.record.plan.steps.flatMap((step) => {
    const done = run.steps.find((candidate) => candidate.id === step.id);
    if (step.kind !== "host.moveStateAside" || done?.state !== "succeeded") return [];
    const expiresAt = new Date(Date.parse(done.endedAt ?? input.writtenAt) + asideDays * 86_400_000).toISOString();
    return [{ host: step.args.host, directory: `/var/lib/requorum/aside/${run.run}/`, paths: step.args.paths, expiresAt }];
  });
}

export function verdictWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case "holds":
      return "";
    case "fails":
      return verdict.because.join("; ");
    case "unknown":
      return `not known: ${verdict.missing.join("; ")}`;
    default:
      return verdict satisfies never;
  }
}

/** The few facts that the first screen of a report shows, in order. */
export function headFacts(report: Report): readonly (readonly [string, string])[] {
  const { run, plan } = report;
  return [
    ["Outcome", run.outcome === "outcome-unknown" ? "outcome unknown" : run.outcome],
    ["Recovery time (RTO)", run.rtoSeconds === undefined ? "not finished" : `${secondsWords(run.rtoSeconds)}, from first seen to proven`],
    [
      "First write through the endpoint",
      report.firstWriteAfterSeconds === undefined ? "not proven" : `after ${secondsWords(report.firstWriteAfterSeconds)}`,
    ],
    [
      "Objects compared",
      report.comparison === undefined
        ? "not compared"
        : `${String(report.comparison.objectsBefore)} before, ${String(report.comparison.objectsNow)} now, ${String(report.comparison.lost)} lost`,
    ],
    ["Failures it now survives", report.toleranceNow === undefined ? "not known" : String(report.toleranceNow)],
    ["Lost", run.outcome === "succeeded" ? plan.loss.words : `planned: ${plan.loss.words}`],
  ];
}
