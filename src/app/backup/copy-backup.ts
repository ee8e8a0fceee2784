import { copySet, type CopiedSet } from "../../catalogue/copy-set.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import { findSet } from "./find-set.ts";
import type { BackupPorts } from "./backup-context.ts";
import type { PruneContext } from "./prune-backups.ts";

export interface CopyContext extends PruneContext {
  readonly backup: Pick<BackupPorts, "store" | "ciphers" | "owner" | "isRunning" | "keys">;
}

/** One set, by name or `latest`, into another store. What findSet and copySet throw. */
export async function copyBackup(
  context: CopyContext,
  wanted: { readonly name: string; readonly cluster: string; readonly to: BackupStore },
): Promise<CopiedSet> {
  const { backup, trust, ports, report, signal } = context;
  const { id } = await findSet({ backup, trust, signal }, wanted);
  const { ciphers, owner, isRunning } = backup;
  const randomHex = (byteCount: number) => ports.hashing.randomHex(byteCount);
  return copySet(
    { from: backup.store, to: wanted.to, ciphers, owner, isRunning, clock: ports.clock, randomHex, trust, report },
    id,
    signal,
  );
}
