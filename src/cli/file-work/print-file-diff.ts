import type { DiffFilesRequest } from "../../app/files/diff-files.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import { logLossLines } from "../../render/log-loss-lines.ts";
import { fileDiffPage, type FileDiffDocument } from "../../render/file-diff-page.ts";
import type { Page } from "../../render/page.ts";
import { hasFlag, textOption, type Invocation } from "../command-spec.ts";
import { printNote, printResult } from "../print-result.ts";
import type { ReadableSet } from "./answer-set-reads.ts";
import { runFileTask } from "./run-file-task.ts";
import { revisionNumber } from "./whole-number.ts";

/** What the options of a verb that compares two states ask for. USAGE. */
export function askedDiff(invocation: Invocation, { from, to }: { readonly from: string; readonly to: string }): DiffFilesRequest {
  const committedOnly = hasFlag(invocation, "committed-only");
  const skipsHashCheck = hasFlag(invocation, "skip-hash-check");
  const revisionOf = (option: string): bigint => revisionNumber(textOption(invocation, option), option);
  return {
    from: { path: from, revision: revisionOf("from-revision"), committedOnly, skipsHashCheck },
    to: { path: to, revision: revisionOf("to-revision"), committedOnly, skipsHashCheck },
    selection: { what: textOption(invocation, "only"), namespace: textOption(invocation, "namespace"), selector: undefined },
    includesNoise: hasFlag(invocation, "all"),
    encryptionConfig: textOption(invocation, "encryption-config"),
  };
}

/** Compares, and prints what differs. */
export async function printFileDiff(
  { cli }: Invocation,
  request: DiffFilesRequest,
  options: { readonly sets?: readonly ReadableSet[]; readonly note?: Page } = {},
): Promise<ExitName> {
  const diff = await runFileTask(cli, "diff", request, options);
  const document: FileDiffDocument = { apiVersion: "requorum/v1", kind: "SnapshotDiff", ...diff };
  printResult(cli, document, () => [...fileDiffPage(document), ...(options.note ?? [])]);
  if (cli.global.output !== "text" && options.note !== undefined && options.note.length > 0) printNote(cli, options.note);
  const losses = [diff.from, diff.to].flatMap(({ file, logLoss }) => logLossLines(file, logLoss));
  if (losses.length > 0) printNote(cli, losses);
  const isWhole = losses.length === 0 && [diff.from, diff.to].every(({ metaDamage }) => metaDamage?.isInLog !== false);
  return diff.objects.length === 0 && isWhole && diff.missing.length === 0 ? "done" : "findings";
}
