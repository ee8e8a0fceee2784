import { escapeMarkdown } from "./escape.ts";
import { introductionWords, reportSections, timelineSection } from "./report-sections.ts";
import { headFacts, type Report } from "./report.ts";

/** The same report for a wiki or an issue. Everything from machines or people is escaped. */
export function renderReportMarkdown(report: Report): string {
  const { run } = report;
  const sections = [...reportSections(report), timelineSection(report)];
  return `${[
    `# Recovery of ${escapeMarkdown(run.cluster)}: ${run.outcome.replaceAll("-", " ")}`,
    escapeMarkdown(introductionWords(report)),
    table(["fact", "value"], headFacts(report)),
    ...sections.flatMap((section) => [
      `## ${section.title}`,
      section.rows.length === 0 ? section.empty : table(section.heads, section.rows),
    ]),
  ].join("\n\n")}\n`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => "---"), ...rows.map((row) => row.map(escapeMarkdown))].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
