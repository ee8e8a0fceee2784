import type { QuorumState } from "../../model/quorum.ts";
import { goalWords } from "../plan-page.ts";
import { plainText } from "../page.ts";
import { stateSpan } from "../run-page.ts";
import { secondsWords, timeWords } from "../words.ts";
import { escapeHtml } from "./escape.ts";
import { headFacts, type Report } from "./report.ts";
import { timelineSvg } from "./timeline-svg.ts";

/**
 * One self-contained file: no script, no font, no picture from outside, so
 * that it can be mailed, archived and opened years later. Everything that
 * comes from machines or people is escaped.
 */
export function renderReportHtml(report: Report): string {
  const { run, plan } = report;
  const title = `Recovery of ${run.cluster}: ${run.outcome}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="kicker">requorum report</p>
<h1>${escapeHtml(run.cluster)} <span class="badge ${run.outcome}">${escapeHtml(run.outcome.replaceAll("-", " "))}</span></h1>
<p>${escapeHtml(`Run ${run.run}, ${run.openedAt === undefined ? "never opened" : timeWords(run.openedAt)}, by ${run.by ?? "nobody"}, goal: ${goalWords(run)} (${run.strategy.replaceAll("-", " ")}). ${run.detail}`)}</p>
</header>
<dl class="facts">${headFacts(report)
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join("")}</dl>
${section(
  "Timeline",
  `${timelineSvg(report)}${details(
    "Every event of the journal",
    table(
      ["time", "event"],
      report.timeline.map((event) => [timeWords(event.at), event.words]),
    ),
  )}`,
)}
${section(
  "What was wrong",
  report.findings.length === 0
    ? "<p>No findings were recorded in the plan.</p>"
    : table(
        ["code", "what", "subject"],
        report.findings.map((finding) => [finding.code, finding.title, finding.subject]),
      ),
)}
${section("What it rested on", evidenceHtml(report))}
${section(
  "The plan, and the quorum after each step",
  table(
    ["step", "what", "risk", "quorum after", "expected"],
    plan.steps.map((step) => [step.id, step.describes, step.risk, quorumWordsShort(step.quorumAfter), secondsWords(step.expectedSeconds)]),
  ),
)}
${section(
  "Alternatives",
  table(
    ["way", "", "loses", "because"],
    plan.alternatives.map((other) => [
      other.name.replaceAll("-", " "),
      other.chosen ? "chosen" : other.isPossible ? "possible" : "not possible",
      other.isPossible ? other.loss.words : "-",
      other.because,
    ]),
  ),
)}
${section(
  "What was done",
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
)}
${section("Verification", report.verification.length === 0 ? "<p>The exit rules were not asked.</p>" : verificationHtml(report))}
${section(
  "Moved aside, not deleted",
  report.aside.length === 0
    ? "<p>Nothing was moved aside.</p>"
    : table(
        ["machine", "now in", "what", "needed until"],
        report.aside.map((entry) => [entry.host, entry.directory, entry.paths.join(", "), timeWords(entry.expiresAt)]),
      ),
)}
${section("For the record", table(["what", "value"], [["plan digest", plan.digest], ["consent", run.consent === undefined ? "none" : `${run.consent.by}, ${run.consent.how.replaceAll("-", " ")}, ${timeWords(run.consent.at)}`], ["program", run.program ?? ""], ["files", run.directory], ...run.facts.map((fact): readonly string[] => [fact.name, fact.value])]))}
<footer><p>${escapeHtml(`Written ${timeWords(report.writtenAt)} from the run's journal. Check it: requorum runs verify-journal ${run.run}`)}</p></footer>
</body>
</html>
`;
}

function section(title: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${body}</section>`;
}

function details(summary: string, body: string): string {
  return `<details><summary>${escapeHtml(summary)}</summary>${body}</details>`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "<p>None.</p>";
  const head = heads.map((words) => `<th>${escapeHtml(words)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`).join("\n");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function evidenceHtml(report: Report): string {
  const proofs = report.plan.lossProofs.map((proof) => [
    `member ${proof.memberId}${proof.host === undefined ? "" : ` (${proof.host})`}`,
    proof.kind.replaceAll("-", " "),
    proof.evidence.join("; "),
  ]);
  const words = report.run.attested.map((word) => [`machine ${word.host}`, `attested by ${word.by}`, word.statement]);
  return table(["what is lost for good", "how it is known", "evidence"], [...proofs, ...words]);
}

function verificationHtml(report: Report): string {
  const rows = report.verification
    .map(
      (rule) =>
        `<tr class="${rule.result}"><td>${escapeHtml(rule.result)}</td><td>${escapeHtml(rule.rule)}</td><td>${escapeHtml(rule.words)}</td></tr>`,
    )
    .join("\n");
  return `<div class="scroll"><table class="rules"><thead><tr><th>result</th><th>rule</th><th>why not</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

export function quorumWordsShort(quorum: QuorumState | undefined): string {
  if (quorum === undefined) return "not known";
  return `${String(quorum.healthy)} of ${String(quorum.voters)} healthy, ${String(quorum.needed)} needed, ${quorum.faultTolerance < 0 ? "lost" : `spare ${String(quorum.faultTolerance)}`}`;
}

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d4d9df;--ground:#fff;--panel:#f5f7f9;--good:#1a7f37;--warn:#9a6700;--bad:#c62828;--bar:#2f6fde}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa4ae;--line:#363c44;--ground:#14171a;--panel:#1d2126;--good:#4fc26a;--warn:#e0b13f;--bad:#ff7b72;--bar:#6aa2ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1040px;padding:32px 20px 60px;font:15px/1.5 system-ui,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--ground)}
h1{font-size:30px;line-height:1.2;margin:4px 0 8px}h2{font-size:19px;margin:36px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
.kicker{margin:0;color:var(--soft);letter-spacing:.06em;text-transform:uppercase;font-size:12px}
.badge{font-size:15px;vertical-align:middle;padding:3px 10px;border-radius:12px;background:var(--warn);color:var(--ground)}.badge.succeeded{background:var(--good)}.badge.failed,.badge.outcome-unknown{background:var(--bad)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:10px;margin:20px 0 0}.facts div{background:var(--panel);border-radius:8px;padding:12px 14px}dt{color:var(--soft);font-size:13px}dd{margin:2px 0 0;font-size:16px;font-weight:600}
.facts div:last-child{grid-column:1/-1}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}th{text-align:left;color:var(--soft);font-weight:600;border-bottom:1px solid var(--line);padding:6px 12px 6px 0}td{vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);overflow-wrap:break-word}td:first-child{white-space:nowrap}
.rules .holds td:first-child{color:var(--good)}.rules .fails td:first-child{color:var(--bad);font-weight:700}.rules .unknown td:first-child{color:var(--warn);font-weight:700}
.timeline{width:100%;height:auto;font-size:12px}.timeline text{fill:var(--ink)}.timeline .took,.timeline .ticks text{fill:var(--soft)}.timeline .ticks line{stroke:var(--line)}.timeline rect{fill:var(--bar)}.timeline .failed rect,.timeline .unknown rect{fill:var(--bad)}.timeline .blocked rect,.timeline .started rect{fill:var(--warn)}.timeline .write{stroke:var(--good);stroke-width:2;stroke-dasharray:4 3}
details{margin-top:10px}summary{cursor:pointer;color:var(--soft)}footer{margin-top:40px;color:var(--soft);font-size:13px}
@media print{details{display:block}body{max-width:none}}`;
