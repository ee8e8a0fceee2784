import { RecoveryError } from "../../model/recovery-error.ts";
import { redactText } from "../../model/redact.ts";

/** A file of the sandbox could not be made, written or removed. */
export function fileFailed(cause: unknown, path: string, what: string): RecoveryError {
  if (cause instanceof RecoveryError) return cause;
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new RecoveryError(isFull ? "LOCAL_DISK_FULL" : "LOCAL_FILE_FAILED", {
    subject: `file ${path}`,
    detail: `could not ${what}: ${code ?? (cause instanceof Error ? cause.message : String(cause))}`,
    cause,
  });
}

/** Somebody else has the port: the machine's, not that of what was started. */
export const portIsTaken = /address already in use/;

/**
 * A program of the sandbox did not do what it must. `output`: what it wrote, of
 * which the end is shown. `isOfMachine`: time, memory or a port was lacking; it
 * is transient then, and says nothing of the data that it was started on.
 */
export function sandboxFailed(program: string, detail: string, output = "", isOfMachine = false): RecoveryError {
  const lines = redactText(output)
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .slice(-shownLines)
    .map((line) => (line.length > lineChars ? `${line.slice(0, lineChars)}…` : line));
  return new RecoveryError("SANDBOX_FAILED", {
    subject: `${program} in the sandbox`,
    detail: lines.length === 0 ? detail : `${detail}; the last that it wrote:\n${lines.join("\n")}`,
    retry: isOfMachine || portIsTaken.test(output) ? "transient" : "permanent",
  });
}

/** The cause stands in the last few; what comes before is the program's usual talk. */
const shownLines = 12;
const lineChars = 600;
