import { goalWords } from "../plan-page.ts";
import { plainText } from "../page.ts";
import { stateSpan } from "../run-page.ts";
import { secondsWords, timeWords } from "../words.ts";
import { escapeMarkdown } from "./escape.ts";
import { quorumWordsShort } from "./report-html.ts";
import { headFacts, type Report } from "./report.ts";

/** The same report for a wiki or an issue. Everything from machines or people is escaped. */
export function renderReportMarkdown(report: Report): string {
  const { run, plan } = report;
  return `${[
    `# Recovery of ${escapeMarkdown(run.cluster)}: ${run.outcome.replaceAll("-", " ")}`,
    escapeMarkdown(
      `Run ${run.run}, ${run.openedAt === undefined ? "never opened" : timeWords(run.openedAt)}, by ${run.by ?? "nobody"}, goal: ${goalWords(run)} (${run.strategy.replaceAll("-", " ")}). ${run.detail}`,
    ),
    table(["fact", "value"], headFacts(report)),
    "## What was wrong",
    table(
      ["code", "what", "subject"],
      report.findings.map((finding) => [finding.code, finding.title, finding.subject]),
    ),
    "## What it rested on",
    table(
      ["what is lost for good", "how it is known", "evidence"],
      [
        ...plan.lossProofs.map((proof) => [
          `member ${proof.memberId}${proof.host === undefined ? "" : ` (${proof.host})`}`,
          proof.kind.replaceAll("-", " "),
          proof.evidence.join("; "),
        ]),
        ...run.attested.map((word) => [`machine ${word.host}`, `attested by ${word.by}`, word.statement]),
      ],
    ),
    "## The plan, and the quorum after each step",
    table(
      ["step", "what", "risk", "quorum after", "expected"],
      plan.steps.map((step) => [
        step.id,
        step.describes,
        step.risk,
        quorumWordsShort(step.quorumAfter),
        secondsWords(step.expectedSeconds),
      ]),
    ),
    "## Alternatives",
    table(
      ["way", "", "loses", "because"],
      plan.alternatives.map((other) => [
        other.name.replaceAll("-", " "),
        other.chosen ? "chosen" : other.isPossible ? "possible" : "not possible",
        other.isPossible ? other.loss.words : "-",
        other.because,
      ]),
    ),
    "## What was done",
    table(
      ["step", "what", "state", "took", "seen"],
      run.steps.map((step) => [
        step.id,
        step.describes,
        plainText(stateSpan(step.state)),
        step.seconds === undefined ? "-" : secondsWords(step.seconds),
        step.words,
      ]),
    ),
    "## Verification",
    report.verification.length === 0
      ? "The exit rules were not asked."
      : table(
          ["result", "rule", "why not"],
          report.verification.map((rule) => [rule.result, rule.rule, rule.words]),
        ),
    "## Moved aside, not deleted",
    report.aside.length === 0
      ? "Nothing was moved aside."
      : table(
          ["machine", "now in", "what", "needed until"],
          report.aside.map((entry) => [entry.host, entry.directory, entry.paths.join(", "), timeWords(entry.expiresAt)]),
        ),
    "## Timeline",
    table(
      ["time", "event"],
      report.timeline.map((event) => [timeWords(event.at), event.words]),
    ),
    "## For the record",
    table(
      ["what", "value"],
      [
        ["plan digest", plan.digest],
        [
          "consent",
          run.consent === undefined ? "none" : `${run.consent.by}, ${run.consent.how.replaceAll("-", " ")}, ${timeWords(run.consent.at)}`,
        ],
        ["program", run.program ?? ""],
        ["files", run.directory],
        ...run.facts.map((fact) => [fact.name, fact.value]),
      ],
    ),
  ].join("\n\n")}\n`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "None.";
  return [heads, heads.map(() => "---"), ...rows.map((row) => row.map(escapeMarkdown))].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
