import type { BackupPart } from "../model/backup-set.ts";
import type { BackupSetId, HostName } from "../model/ids.ts";

/** Files of backup sets, for steps that put them back. */
export interface SetPartSource {
  /**
   * Asked again for the same set, the same answer. BACKUP_SET_NOT_FOUND,
   * BACKUP_SET_DAMAGED, BACKUP_SET_UNTRUSTED, BACKUP_KEY_WRONG, BACKUP_STORE_*,
   * BACKUP_KEY_INVALID, USAGE when no key is at hand.
   */
  open(set: BackupSetId, signal: AbortSignal): Promise<SetParts>;
}

export interface SetParts {
  /** Of the signed manifest's bytes, hex. */
  readonly manifestSha256: string;
  readonly parts: readonly BackupPart[];
  /**
   * 64 hex digits: HMAC of the content under a key that only who opens the set
   * has. Equal contents have equal tags in all sets of one data key.
   */
  readonly tag: (kind: "file" | "symlink", content: Uint8Array) => string;
  /** The whole content of a machine's file, checked. BACKUP_OBJECT_MISSING, BACKUP_SET_DAMAGED, BACKUP_STORE_*. */
  read(host: HostName, path: string, signal: AbortSignal): Promise<Uint8Array>;
}
