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

/** A program of the sandbox did not do what it must. `output`: what it wrote, of which the end is shown. */
export function sandboxFailed(program: string, detail: string, output = "", cause?: unknown): RecoveryError {
  return toldError("SANDBOX_FAILED", { program, detail, output, cause });
}

/** The machine did not let it: that is unknown, and says nothing of what the program was given. */
export function sandboxUndecided(program: string, detail: string, output = "", cause?: unknown): RecoveryError {
  return toldError("SANDBOX_UNDECIDED", { program, detail, output, cause });
}

interface Told {
  readonly program: string;
  readonly detail: string;
  readonly output: string;
  readonly cause: unknown;
}

function toldError(code: "SANDBOX_FAILED" | "SANDBOX_UNDECIDED", { program, detail, output, cause }: Told): RecoveryError {
  const lines = redactText(output)
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .slice(-shownLines)
    .map((line) => (line.length > lineChars ? `${line.slice(0, lineChars)}…` : line));
  return new RecoveryError(code, {
    subject: `${program} in the sandbox`,
    detail: lines.length === 0 ? detail : `${detail}; the last that it wrote:\n${lines.join("\n")}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The cause stands in the last few; what comes before is the program's usual talk. */
const shownLines = 12;
const lineChars = 600;
