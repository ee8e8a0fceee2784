import type { FileLogLoss } from "./file-inspection.ts";

/** What is not there, as far as it is known. */
export function missingWords({ throughIndex, missingThrough, unreadBytes }: FileLogLoss): string {
  const first = throughIndex + 1n;
  const known =
    missingThrough === undefined
      ? `entries above ${String(throughIndex)}`
      : first === missingThrough
        ? `entry ${String(first)}, and those above it`
        : `entries ${String(first)} to ${String(missingThrough)}, and those above`;
  const bytes = unreadBytes === 0 ? "" : ` (${String(unreadBytes)} bytes of the log cannot be read)`;
  return `missing: ${known}, if there were any${bytes}`;
}

/** Causes and consequence, for an error or a warning. */
export function logLossWords(loss: FileLogLoss): string {
  return `${loss.problems.join("; ")}; ${missingWords(loss)}`;
}
