import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { translating } from "../adapters/local-fs/to-recovery-error.ts";
import type { AppContext } from "../app/app-ports.ts";
import type { RunRecord } from "../app/run-records.ts";
import { findingEntryOf } from "../diagnose/finding-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { redactDocument } from "../model/redact.ts";
import { reportOf } from "../render/report/report.ts";
import { renderReportHtml } from "../render/report/report-html.ts";
import { renderReportMarkdown } from "../render/report/report-markdown.ts";
import { readVerification } from "../schemas/verification.ts";
import { writeNewFile } from "./write-file.ts";

/** Writes the report of a run beside the run, or into another directory; both files are replaced when they exist. */
export async function writeReport(
  app: AppContext,
  record: RunRecord,
  directory: string | undefined,
): Promise<{ readonly html: string; readonly markdown: string }> {
  // Before it is laid out: a secret that is cut off in the middle must not take the markup after it along.
  const report = redactDocument(
    reportOf({
      record,
      lines: record.journal.lines,
      ...(await verificationOf(app, record)),
      writtenAt: app.ports.clock.nowIso(),
      titleOf: (code) => findingEntryOf(code)?.title ?? code,
    }),
  );
  const into = directory ?? record.directory;
  await translating(into, "make the directory", () => mkdir(into, { recursive: true, mode: 0o700 }));
  const base = directory === undefined ? "report" : `requorum-report-${record.run}`;
  const html = join(into, `${base}.html`);
  const markdown = join(into, `${base}.md`);
  await writeNewFile(html, renderReportHtml(report), { replaces: true });
  await writeNewFile(markdown, renderReportMarkdown(report), { replaces: true });
  return { html, markdown };
}

/** The name under which the verifying step keeps what it saw. */
const verificationArtifact = "verify.json";

/** Empty when the run did not come so far. A damaged file is said, not hidden. */
async function verificationOf(app: AppContext, record: RunRecord): Promise<ReturnType<typeof readVerification>> {
  if ((await app.ports.runs.statArtifact(record.run, verificationArtifact)) === undefined) return { rules: [] };
  const text = new TextDecoder().decode(await app.ports.runs.readArtifact(record.run, verificationArtifact));
  try {
    return readVerification(text);
  } catch (cause) {
    throw new RecoveryError("LOCAL_FILE_FAILED", {
      subject: app.ports.runs.pathOf(record.run, verificationArtifact),
      detail: "what verification saw could not be understood",
      cause,
    });
  }
}
