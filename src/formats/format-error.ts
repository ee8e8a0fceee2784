import { RecoveryError } from "../model/recovery-error.ts";

/** Damage at a known place: bytes that cannot be what the format says. `offset` counts from the start of the file. */
export function damaged(file: string, offset: number | undefined, what: string): RecoveryError {
  return new RecoveryError("FILE_DAMAGED", { subject: placeOf(file, offset), detail: what });
}

/** Well-formed as far as can be seen, but of a form or version that this engine does not read. */
export function unsupported(file: string, offset: number | undefined, what: string): RecoveryError {
  return new RecoveryError("FILE_UNSUPPORTED", { subject: placeOf(file, offset), detail: what });
}

/** Not a file of the wanted kind at all; `looksLike` names what it seems to be. */
export function notRecognised(file: string, wanted: string, looksLike: string): RecoveryError {
  return new RecoveryError("FILE_NOT_RECOGNISED", { subject: `file ${file}`, detail: `this is not ${wanted}: ${looksLike}` });
}

/** That bytes cannot be read: they are damaged, or of a form that this engine does not know. Not that they could not be reached. */
export function isUnreadable(error: unknown): error is RecoveryError {
  return error instanceof RecoveryError && (error.code === "FILE_DAMAGED" || error.code === "FILE_UNSUPPORTED");
}

/** Of a whole source: it cannot be read, is another thing than it should be, or its parts are not of one history. */
export function isWrongContent(error: unknown): error is RecoveryError {
  if (isUnreadable(error)) return true;
  return error instanceof RecoveryError && (error.code === "FILE_NOT_RECOGNISED" || error.code === "LOG_DOES_NOT_FIT");
}

function placeOf(file: string, offset: number | undefined): string {
  return offset === undefined ? `file ${file}` : `file ${file}, byte ${offset}`;
}
