import { copySet, type CopiedSet } from "../../catalogue/copy-set.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { deriveSetKeys } from "../../formats/backup-set/set-keys.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import { assertTrusted, findSet, type WantedSet } from "./find-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import type { BackupPorts } from "./backup-context.ts";
import type { PruneContext } from "./prune-backups.ts";
import { assertStoreIsThere, rememberOwnWork, type AboutToWrite } from "./remember-sets.ts";
import { told } from "./told.ts";

export interface CopyContext extends PruneContext {
  readonly backup: Pick<BackupPorts, "store" | "ciphers" | "owner" | "isRunning" | "keys" | "seen">;
}

export interface CopyRequest extends AboutToWrite, Pick<WantedSet, "onPassedOver"> {
  /** Its id, or `latest`. */
  readonly name: string;
  readonly cluster: string;
  readonly to: BackupStore;
  /** The same call with another set. */
  readonly again: (id: BackupSetId) => string;
}

/**
 * One set, by name or `latest`, into another store. Where this machine holds
 * the key of the set, and none for the other store, it holds it for that one
 * too: so that the copy can be proven there. What findSet, assertStoreIsThere
 * and copySet throw.
 */
export async function copyBackup(context: CopyContext, wanted: CopyRequest): Promise<CopiedSet> {
  const { backup, trust, ports, report, signal } = context;
  const { to, cluster } = wanted;
  const found = await findSet({ backup, trust, signal }, { ...wanted, nowMs: ports.clock.nowMs() });
  assertTrusted(found, wanted.again);
  const { id, manifest } = found;
  const remembering = { store: to, seen: backup.seen };
  await assertStoreIsThere(remembering, cluster, wanted);
  const { ciphers, owner, isRunning } = backup;
  const randomHex = (byteCount: number) => ports.hashing.randomHex(byteCount);
  const copying = { from: backup.store, to, ciphers, owner, isRunning, clock: ports.clock, randomHex, trust, report };
  const copied = await copySet(copying, id, signal);
  const remarks = [
    await told("this machine does not hold the key for the copy", () => holdKeyFor(context, to, manifest.key.keyId)),
    await told("this machine does not remember that store", () => rememberOwnWork(remembering, cluster, { copied: manifest })),
  ];
  return { ...copied, remarks: [...copied.remarks, ...remarks.flatMap((remark) => remark ?? [])] };
}

async function holdKeyFor({ backup, signal }: CopyContext, to: BackupStore, keyId: string): Promise<void> {
  const { store, keys, ciphers } = backup;
  const [from, there] = [await readStoreIdentity(store, { signal }), await readStoreIdentity(to, { signal })];
  const held = from === undefined ? undefined : await keys.readDataKey(from.storeId);
  if (there === undefined || held === undefined || deriveSetKeys(ciphers, held.key).keyId !== keyId) return;
  if ((await keys.readDataKey(there.storeId)) === undefined) await keys.writeDataKey(there.storeId, held);
}
