import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AppContext } from "../app/app-ports.ts";
import type { RunRecord } from "../app/run-records.ts";
import { findingEntryOf } from "../diagnose/finding-catalogue.ts";
import { redactText } from "../render/redact.ts";
import { reportOf } from "../render/report/report.ts";
import { renderReportHtml } from "../render/report/report-html.ts";
import { renderReportMarkdown } from "../render/report/report-markdown.ts";
import { writeNewFile } from "./write-file.ts";

/** Writes the report of a run beside the run, or into another directory; both files are replaced when they exist. */
export async function writeReport(app: AppContext, record: RunRecord, directory: string | undefined): Promise<{ readonly html: string; readonly markdown: string }> {
  const report = reportOf({
    record,
    lines: record.journal.lines,
    hosts: app.config.hosts.map(({ name, address }) => ({ name, address })),
    writtenAt: app.ports.clock.nowIso(),
    titleOf: (code) => findingEntryOf(code)?.title ?? code,
  });
  const into = directory ?? record.directory;
  await mkdir(into, { recursive: true, mode: 0o700 });
  const base = directory === undefined ? "report" : `requorum-report-${record.run}`;
  const html = join(into, `${base}.html`);
  const markdown = join(into, `${base}.md`);
  await writeNewFile(html, redactText(renderReportHtml(report)), { replaces: true });
  await writeNewFile(markdown, redactText(renderReportMarkdown(report)), { replaces: true });
  return { html, markdown };
}
