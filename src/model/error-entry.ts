/** What an entry of the error catalogue says, and the exit codes it may name. */

/** What may be done after a failed call: repeat it, stop, or look again. */
export type Retry =
  | "transient" // no effect happened; the same call may be repeated
  | "permanent" // the same call will fail again
  | "unknown-outcome"; // it may have taken effect; observe before anything else

/** Exit codes are API; docs/exit-codes.md is generated from this table. */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  findings: 3,
  factsIncomplete: 10,
  locked: 11,
  blocked: 12,
  failed: 13,
  outcomeUnknown: 14,
  verificationFailed: 15,
  refused: 16,
  interrupted: 130,
} as const;
export type ExitName = keyof typeof exitCodes;

export interface ErrorEntry {
  readonly summary: string;
  readonly retry: Retry;
  readonly exit: ExitName;
  /** What it means for the operator, one or two sentences; shown by `requorum explain CODE`. */
  readonly meaning: string;
  readonly remedies?: readonly { readonly why: string; readonly command?: string }[];
}
