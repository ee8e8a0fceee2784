import { errorCatalogue } from "../model/error-catalogue.ts";
import type { RecoveryError } from "../model/recovery-error.ts";
import { causesOf } from "./error-document.ts";
import { bad, command, dim, line, strong, type Page } from "./page.ts";

/** What happened, to what, why, and what to do next. */
export function errorPage(error: RecoveryError): Page {
  const entry = errorCatalogue[error.code];
  return [
    line([bad("error: "), strong(`${error.subject}: ${entry.summary}`), dim(`  [${error.code}]`)]),
    ...detailLines(error).map((words) => line(words, 2)),
    ...causesOf(error).map((words) => line(dim(`because: ${words}`), 2)),
    line(dim(entry.meaning), 2),
    ...error.remedies.map((remedy) =>
      remedy.command === undefined ? line(`next: ${remedy.why}`, 2) : command(remedy.command, `next: ${remedy.why}`),
    ),
  ];
}

/**
 * The lines of a file's problems as they are. Other lines after the first are
 * quoted from somewhere, as a program's last words: a mark keeps them from
 * being taken for lines of ours.
 */
function detailLines({ subject, detail }: RecoveryError): readonly string[] {
  const file = `${subject.replace(/^file /, "")}:`;
  return detail.split("\n").map((text, index) => (index === 0 || text.startsWith(file) || text.startsWith("… and ") ? text : `| ${text}`));
}

/** A broken assumption of ours. The stack is in the file, not on the screen. */
export function bugPage(error: unknown, savedAt: string): Page {
  return [
    line([bad("bug in requorum: "), strong(error instanceof Error ? error.message : String(error))]),
    ...savedAt.split("\n").map((text, index) => line(index === 0 ? `The stack is saved: ${text}` : `| ${text}`, 2)),
    line("A run under way is stopped and can be resumed; resuming looks before it acts.", 2),
    command("requorum runs list", "next: see whether a run was under way"),
  ];
}
