import type { SetCiphers } from "../../formats/backup-set/set-ciphers.ts";
import type { MakeSetContent } from "../../catalogue/set-content-work.ts";
import type { SetTrust } from "../../catalogue/set-signing.ts";
import type { BackupConfig } from "../../model/cluster-config.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import type { BackupKeys } from "../../ports/backup-keys.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import type { KeyWrapping } from "../../ports/key-wrapping.ts";
import type { IsRunning, ProcessOwner } from "../../ports/process-owner.ts";
import type { SealedReading, SealedSpool } from "../../ports/sealed-spool.ts";
import type { SeenSetsStore } from "../../ports/seen-sets-store.ts";
import type { AppContext } from "../app-ports.ts";

/** What use cases on backup sets reach through, besides the ports of the cluster. */
export interface BackupPorts {
  readonly store: BackupStore;
  readonly ciphers: SetCiphers;
  readonly wrapping: KeyWrapping;
  readonly keys: BackupKeys;
  readonly owner: ProcessOwner;
  readonly isRunning: IsRunning;
  /** What this machine remembers of stores; absent: nothing. */
  readonly seen?: SeenSetsStore;
}

/** Of those that only look: list and show. No cluster is asked. */
export interface CatalogueContext {
  readonly backup: Pick<BackupPorts, "store" | "ciphers" | "keys" | "seen">;
  readonly trust: SetTrust;
  readonly signal: AbortSignal;
}

export interface CreateBackupContext extends AppContext {
  readonly backup: BackupPorts & {
    readonly spool: SealedSpool;
    /** As SetWriting has it. */
    readonly makeContent?: MakeSetContent;
    /** The file engine on sealed copies, in a thread of its own. */
    readonly describe: (
      reading: SealedReading,
      request: { readonly path: string; readonly etcdVersion: string | undefined },
    ) => Promise<SnapshotDescription>;
  };
  readonly settings: BackupConfig;
  /** When --timeout ends this call, as a timer's unit gives it, by `monotonicMs` of the clock. Absent: nothing ends it. */
  readonly endsAtMs?: number | undefined;
  /** From the configured file. */
  readonly passphrase: string | undefined;
  readonly trust: SetTrust;
}
