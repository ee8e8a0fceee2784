import { elsewhereWords } from "../../app/files/nothing-got.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import type { FileObjects } from "../../model/file-objects.ts";
import { logLossWords } from "../../model/log-loss-words.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { checksumLines } from "../../render/checksum-lines.ts";
import { incompleteWords, leftAsideWords } from "../../render/object-text.ts";
import { metaDamageLines } from "../../render/meta-damage-lines.ts";
import { line, warn, type Page } from "../../render/page.ts";
import { hasFlag, listArgument, textOption, type Invocation } from "../command-spec.ts";
import { printNote, printShortfall } from "../print-result.ts";
import type { ReadableSet } from "./answer-set-reads.ts";
import type { PrintObjectsRequest } from "./print-objects.ts";
import { runFileTask } from "./run-file-task.ts";
import { ReaderGone } from "./text-flow.ts";
import { revisionNumber } from "./whole-number.ts";

/** What the options and words of a verb that gets objects ask for. USAGE. */
export function askedObjects(invocation: Invocation): Omit<PrintObjectsRequest, "path" | "walDir"> {
  const [what, ...names] = listArgument(invocation, "what");
  return {
    selection: {
      what,
      names,
      namespace: hasFlag(invocation, "all-namespaces") ? undefined : textOption(invocation, "namespace"),
      selector: textOption(invocation, "selector"),
    },
    revision: revisionNumber(textOption(invocation, "revision"), "revision"),
    isRaw: hasFlag(invocation, "raw"),
    encryptionConfig: textOption(invocation, "encryption-config"),
    includesMadeAgain: hasFlag(invocation, "all"),
    prefix: textOption(invocation, "prefix"),
    committedOnly: hasFlag(invocation, "committed-only"),
    skipsHashCheck: hasFlag(invocation, "skip-hash-check"),
    form: invocation.cli.global.output === "json" ? "json" : "yaml",
  };
}

/**
 * Prints objects while they are read, and then what there is to say about
 * them. The result is made for kubectl, also as JSON: a List of objects and
 * not a document of ours. Nothing is redacted: the objects were asked for.
 */
export async function getObjectsAs(
  { cli }: Invocation,
  request: PrintObjectsRequest,
  options: { readonly sets?: readonly ReadableSet[]; readonly note?: Page } = {},
): Promise<ExitName> {
  let found: FileObjects;
  try {
    found = await runFileTask(cli, "get", request, options);
  } catch (error) {
    if (error instanceof ReaderGone) return "done";
    throw error;
  }
  if (options.note !== undefined && options.note.length > 0) printNote(cli, options.note);
  const withoutChecksum = checksumLines(found.file, found.sha256);
  if (withoutChecksum.length > 0) printNote(cli, withoutChecksum);
  // JSON has no comments.
  if (cli.global.output === "json" && found.leftAside.length > 0) printNote(cli, [line(warn(leftAsideWords(found)))]);
  if (found.metaDamage?.isInLog === true) printNote(cli, metaDamageLines(found.file, found.metaDamage));
  const shortfalls = shortfallsOf(found);
  if (shortfalls.length === 0) return "done";
  const page = shortfalls.map((words) => line(warn(words)));
  printShortfall(cli, shortfallError(found, shortfalls), page);
  return "findings";
}

/** What was asked for and is not in what is printed. */
function shortfallsOf(found: FileObjects): readonly string[] {
  const { unread, unreadCount, incomplete, incompleteCount } = found;
  return [
    ...(found.logLoss === undefined
      ? []
      : [`the log was not read to its end, objects may be older than they were: ${logLossWords(found.logLoss)}`]),
    ...(found.metaDamage?.isInLog === false ? [`the database is not whole: ${found.metaDamage.what}`] : []),
    ...unread.map(({ key, why }) => `left out: ${key}: ${why}`),
    ...(unreadCount > unread.length ? [`left out: ${String(unreadCount - unread.length)} more that cannot be read`] : []),
    ...found.missing.map(({ why }) => why),
    ...(found.elsewhere.length === 0 ? [] : [`left out: ${elsewhereWords(found)}; --prefix takes those`]),
    ...incomplete.map((one) => `${one.unknownFieldCount === 0 ? "beware" : "not whole"}: ${one.key}: ${incompleteWords(one)}`),
    ...(incompleteCount > incomplete.length ? [`not whole: ${String(incompleteCount - incomplete.length)} more`] : []),
  ];
}

/** The worst reason names it. */
function shortfallError({ file, unread, incompleteCount, logLoss, metaDamage }: FileObjects, shortfalls: readonly string[]): RecoveryError {
  const isUnreadable = unread.some(({ isSealed }) => !isSealed) || incompleteCount > 0;
  const code = isUnreadable ? "OBJECT_UNREADABLE" : unread.length > 0 ? "VALUE_SEALED" : "OBJECT_NOT_FOUND";
  const worst = logLoss !== undefined ? "LOG_DOES_NOT_FIT" : metaDamage?.isInLog === false ? "FILE_DAMAGED" : code;
  return new RecoveryError(worst, { subject: `file ${file}`, detail: shortfalls.join("; ") });
}
