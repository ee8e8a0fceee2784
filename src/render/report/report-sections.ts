import type { QuorumState } from "../../model/quorum.ts";
import { goalWords } from "../plan-page.ts";
import { plainText } from "../page.ts";
import { stateSpan } from "../run-page.ts";
import { secondsWords, timeWords } from "../words.ts";
import type { Report } from "./report.ts";

/** One table of the report; HTML and Markdown lay out the same ones. */
export interface ReportSection {
  readonly title: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What to say when there are no rows. */
  readonly empty: string;
}

/** The sentence under the title. */
export function introductionWords({ run }: Report): string {
  const opened = run.openedAt === undefined ? "never opened" : timeWords(run.openedAt);
  return `Run ${run.run}, ${opened}, by ${run.by ?? "nobody"}, goal: ${goalWords(run)} (${run.strategy.replaceAll("-", " ")}). ${run.detail}`;
}

export function timelineSection(report: Report): ReportSection {
  return {
    title: "Timeline",
    heads: ["time", "event"],
    rows: report.timeline.map((event) => [timeWords(event.at), event.words]),
    empty: "No events.",
  };
}

/** Everything but the timeline, in the order of the report. */
export function reportSections(report: Report): readonly ReportSection[] {
  return [
    {
      title: "What was wrong",
      heads: ["code", "what", "subject"],
      rows: report.findings.map((finding) => [finding.code, finding.title, finding.subject]),
      empty: "No findings were recorded in the plan.",
    },
    evidenceSection(report),
    planSection(report),
    alternativesSection(report),
    doneSection(report),
    {
      title: "Verification",
      heads: ["result", "rule", "why not"],
      rows: report.verification.map((rule) => [rule.result, rule.rule, rule.words]),
      empty: "The exit rules were not asked.",
    },
    {
      title: "Moved aside, not deleted",
      heads: ["machine", "now in", "what", "needed until"],
      rows: report.aside.map((entry) => [entry.host, entry.directory, entry.paths.join(", "), timeWords(entry.expiresAt)]),
      empty: "Nothing was moved aside.",
    },
    recordSection(report),
  ];
}

function evidenceSection({ plan, run }: Report): ReportSection {
  const proofs = plan.lossProofs.map((proof) => [
    `member ${proof.memberId}${proof.host === undefined ? "" : ` (${proof.host})`}`,
    proof.kind.replaceAll("-", " "),
    proof.evidence.join("; "),
  ]);
  const words = run.attested.map((word) => [`machine ${word.host}`, `attested by ${word.by}`, word.statement]);
  return {
    title: "What it rested on",
    heads: ["what is lost for good", "how it is known", "evidence"],
    rows: [...proofs, ...words],
    empty: "None.",
  };
}

function planSection({ plan }: Report): ReportSection {
  return {
    title: "The plan, and the quorum after each step",
    heads: ["step", "what", "risk", "quorum after", "expected"],
    rows: plan.steps.map((step) => [
      step.id,
      step.describes,
      step.risk,
      quorumWordsShort(step.quorumAfter),
      secondsWords(step.expectedSeconds),
    ]),
    empty: "No steps.",
  };
}

function alternativesSection({ plan }: Report): ReportSection {
  return {
    title: "Alternatives",
    heads: ["way", "", "loses", "because"],
    rows: plan.alternatives.map((other) => [
      other.name.replaceAll("-", " "),
      other.chosen ? "chosen" : other.isPossible ? "possible" : "not possible",
      other.isPossible ? other.loss.words : "-",
      other.because,
    ]),
    empty: "None.",
  };
}

function doneSection({ run }: Report): ReportSection {
  return {
    title: "What was done",
    heads: ["step", "what", "state", "took", "seen"],
    rows: run.steps.map((step) => [
      step.id,
      step.describes,
      plainText(stateSpan(step.state)),
      step.seconds === undefined ? "-" : secondsWords(step.seconds),
      step.words,
    ]),
    empty: "Nothing was done.",
  };
}

function recordSection({ plan, run }: Report): ReportSection {
  const consent =
    run.consent === undefined ? "none" : `${run.consent.by}, ${run.consent.how.replaceAll("-", " ")}, ${timeWords(run.consent.at)}`;
  return {
    title: "For the record",
    heads: ["what", "value"],
    rows: [
      ["plan digest", plan.digest],
      ["consent", consent],
      ["program", run.program ?? ""],
      ["files", run.directory],
      ...run.facts.map((fact): readonly string[] => [fact.name, fact.value]),
    ],
    empty: "None.",
  };
}

function quorumWordsShort(quorum: QuorumState | undefined): string {
  if (quorum === undefined) return "not known";
  const spare = quorum.faultTolerance < 0 ? "lost" : `spare ${String(quorum.faultTolerance)}`;
  return `${String(quorum.healthy)} of ${String(quorum.voters)} healthy, ${String(quorum.needed)} needed, ${spare}`;
}
