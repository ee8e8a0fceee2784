import { copySet, type CopiedSet } from "../../catalogue/copy-set.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { deriveSetKeys } from "../../formats/backup-set/set-keys.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import { findSet } from "./find-set.ts";
import type { BackupPorts } from "./backup-context.ts";
import type { PruneContext } from "./prune-backups.ts";

export interface CopyContext extends PruneContext {
  readonly backup: Pick<BackupPorts, "store" | "ciphers" | "owner" | "isRunning" | "keys">;
}

/**
 * One set, by name or `latest`, into another store. Where this machine holds
 * the key of the set, and none for the other store, it holds it for that one
 * too: so that the copy can be proven there. What findSet and copySet throw.
 */
export async function copyBackup(
  context: CopyContext,
  wanted: { readonly name: string; readonly cluster: string; readonly to: BackupStore },
): Promise<CopiedSet> {
  const { backup, trust, ports, report, signal } = context;
  const { id, manifest } = await findSet({ backup, trust, signal }, wanted);
  const { ciphers, owner, isRunning } = backup;
  const randomHex = (byteCount: number) => ports.hashing.randomHex(byteCount);
  const copying = { from: backup.store, to: wanted.to, ciphers, owner, isRunning, clock: ports.clock, randomHex, trust, report };
  const copied = await copySet(copying, id, signal);
  await holdKeyFor(context, wanted.to, manifest.key.keyId);
  return copied;
}

async function holdKeyFor({ backup, signal }: CopyContext, to: BackupStore, keyId: string): Promise<void> {
  const { store, keys, ciphers } = backup;
  const [from, there] = [await readStoreIdentity(store, { signal }), await readStoreIdentity(to, { signal })];
  const held = from === undefined ? undefined : await keys.readDataKey(from.storeId);
  if (there === undefined || held === undefined || deriveSetKeys(ciphers, held.key).keyId !== keyId) return;
  if ((await keys.readDataKey(there.storeId)) === undefined) await keys.writeDataKey(there.storeId, held);
}
