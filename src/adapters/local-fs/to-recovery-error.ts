import { RecoveryError } from "../../model/recovery-error.ts";

/** The only file of this adapter that looks at errno. ENOSPC and EDQUOT: write(2), Linux man-pages. */
export function toRecoveryError(cause: unknown, path: string, what: string): RecoveryError {
  if (cause instanceof RecoveryError) return cause;
  const code = errnoOf(cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new RecoveryError("LOCAL_DISK_FULL", {
      subject: `file ${path}`,
      detail: `could not ${what}: no space left for ${path} (${code})`,
      cause,
    });
  }
  const why = code ?? (cause instanceof Error ? cause.message : String(cause));
  return new RecoveryError("LOCAL_FILE_FAILED", { subject: `file ${path}`, detail: `could not ${what}: ${why}`, cause });
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** Runs a file operation and translates what it throws. */
export async function translating<T>(path: string, what: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toRecoveryError(error, path, what);
  }
}
