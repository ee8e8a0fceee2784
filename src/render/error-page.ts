import { errorCatalogue } from "../model/error-catalogue.ts";
import type { RecoveryError } from "../model/recovery-error.ts";
import { causesOf } from "./error-document.ts";
import { bad, command, dim, line, strong, type Page } from "./page.ts";

/** What happened, to what, why, and what to do next. */
export function errorPage(error: RecoveryError): Page {
  const entry = errorCatalogue[error.code];
  return [
    line([bad("error: "), strong(`${error.subject}: ${entry.summary}`), dim(`  [${error.code}]`)]),
    ...error.detail.split("\n").map((part) => line(part, 2)),
    ...causesOf(error).map((words) => line(dim(`because: ${words}`), 2)),
    line(dim(entry.meaning), 2),
    ...error.remedies.map((remedy) =>
      remedy.command === undefined ? line(`next: ${remedy.why}`, 2) : command(remedy.command, `next: ${remedy.why}`),
    ),
  ];
}

/** A broken assumption of ours. The stack is in the file, not on the screen. */
export function bugPage(error: unknown, savedAt: string): Page {
  return [
    line([bad("bug in requorum: "), strong(error instanceof Error ? error.message : String(error))]),
    line(`The stack is saved: ${savedAt}`, 2),
    line("A run under way is stopped and can be resumed; resuming looks before it acts.", 2),
    command("requorum runs list", "next: see whether a run was under way"),
  ];
}
