import { timeWords } from "../words.ts";
import { escapeHtml } from "./escape.ts";
import { introductionWords, reportSections, timelineSection, type ReportSection } from "./report-sections.ts";
import { headFacts, type Report } from "./report.ts";
import { timelineSvg } from "./timeline-svg.ts";

/**
 * One self-contained file: no script, no font, no picture from outside, so
 * that it can be mailed, archived and opened years later. Everything that
 * comes from machines or people is escaped.
 */
export function renderReportHtml(report: Report): string {
  const { run } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(`Recovery of ${run.cluster}: ${run.outcome}`)}</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="kicker">requorum report</p>
<h1>${escapeHtml(run.cluster)} <span class="badge ${run.outcome}">${escapeHtml(run.outcome.replaceAll("-", " "))}</span></h1>
<p>${escapeHtml(introductionWords(report))}</p>
</header>
<dl class="facts">${headFacts(report)
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join("")}</dl>
${timelineHtml(report)}
${reportSections(report).map(sectionHtml).join("\n")}
<footer><p>${escapeHtml(`Written ${timeWords(report.writtenAt)} from the run's journal. Check it: requorum runs verify-journal ${run.run}`)}</p></footer>
</body>
</html>
`;
}

function timelineHtml(report: Report): string {
  const events = `<details><summary>Every event of the journal</summary>${tableHtml(timelineSection(report))}</details>`;
  return `<section><h2>Timeline</h2>${timelineSvg(report)}${events}</section>`;
}

function sectionHtml(section: ReportSection): string {
  return `<section><h2>${escapeHtml(section.title)}</h2>${tableHtml(section)}</section>`;
}

/** A row's first cell is its class where it is a word of the style sheet (holds, fails, unknown), so that verdicts have colours. */
function tableHtml(section: ReportSection): string {
  if (section.rows.length === 0) return `<p>${escapeHtml(section.empty)}</p>`;
  const head = section.heads.map((words) => `<th>${escapeHtml(words)}</th>`).join("");
  const isRules = section.heads[0] === "result";
  const body = section.rows
    .map((row) => {
      const open = isRules ? `<tr class="${escapeHtml(row[0] ?? "")}">` : "<tr>";
      return `${open}${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;
    })
    .join("\n");
  return `<div class="scroll"><table${isRules ? ' class="rules"' : ""}><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
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
