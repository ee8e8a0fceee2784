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

function placeOf(file: string, offset: number | undefined): string {
  return offset === undefined ? `file ${file}` : `file ${file}, byte ${offset}`;
}
