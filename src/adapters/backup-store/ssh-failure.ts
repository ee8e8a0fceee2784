import type { ErrorCode } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

/**
 * What reaching the store's machine threw, as an error of a store. Writes are
 * done in two steps of which neither changes what is there, so a lost answer is
 * `transient`: the same call may be made again.
 */
export function toStoreError(error: unknown, call: { readonly place: string; readonly what: string }): unknown {
  if (!(error instanceof RecoveryError)) return error;
  const subject = `store ${call.place}`;
  const detail = `could not ${call.what}: ${error.message}`;
  if (ours.has(error.code)) return error;
  // Nobody has proved that it is that machine: as of any other machine, with the same fingerprint to compare, and 16.
  if (gates.has(error.code))
    return new RecoveryError(error.code, { subject, detail: `${error.subject}: ${error.detail}`, cause: error, remedies: error.remedies });
  // A login, a full disk: what helps is said by the first error.
  if (saysFull(error.message)) return new RecoveryError("BACKUP_STORE_FULL", { subject, detail, cause: error });
  const code = passing.has(error.code) ? "BACKUP_STORE_UNREACHABLE" : "BACKUP_STORE_FAILED";
  return new RecoveryError(code, { subject, detail, cause: error, remedies: error.remedies });
}

const ours: ReadonlySet<ErrorCode> = new Set(["INTERRUPTED", "BACKUP_STORE_FAILED", "BACKUP_STORE_FULL", "BACKUP_STORE_UNREACHABLE"]);
const gates: ReadonlySet<ErrorCode> = new Set(["SSH_HOST_KEY_CHANGED", "SSH_HOST_KEY_UNKNOWN"]);
const passing: ReadonlySet<ErrorCode> = new Set(["SSH_UNREACHABLE", "SSH_CONNECTION_LOST", "REMOTE_TIMEOUT", "UPLOAD_CORRUPT"]);

/** ENOSPC and EDQUOT in the words of glibc and musl, which programs of the store's machine end with. */
export function saysFull(words: string): boolean {
  return /no space left on device|(?:disk )?quota exceeded/i.test(words);
}
