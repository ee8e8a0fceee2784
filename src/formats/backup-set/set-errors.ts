import { RecoveryError } from "../../model/recovery-error.ts";

/** `where`: the part of the set, "manifest: packs[3].sha256". */
export function setDamaged(set: string, where: string, what: string): RecoveryError {
  return new RecoveryError("BACKUP_SET_DAMAGED", { subject: `set ${set}`, detail: `${where}: ${what}` });
}

export function setUnsupported(set: string, what: string): RecoveryError {
  return new RecoveryError("BACKUP_SET_UNSUPPORTED", { subject: `set ${set}`, detail: what });
}
