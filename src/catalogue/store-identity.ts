import { RecoveryError } from "../model/recovery-error.ts";
import { utf8 } from "../formats/backup-set/byte-text.ts";
import { jsonOfBytes, JsonFields, jsonTextOf } from "../formats/backup-set/json-fields.ts";
import { storeFileName } from "../formats/backup-set/set-names.ts";
import { backupApiVersion } from "../formats/backup-set/signed-document.ts";
import type { BackupStore, StoreCallOptions } from "../ports/backup-store.ts";

export interface StoreIdentity {
  /** 16 hex digits. */
  readonly storeId: string;
  readonly createdAt: string;
}

const identityBytesMax = 64 * 1024;

/** undefined: nothing was ever written there by requorum. BACKUP_STORE_INVALID, BACKUP_STORE_*. */
export async function readStoreIdentity(store: BackupStore, options: StoreCallOptions = {}): Promise<StoreIdentity | undefined> {
  const found = await store.stat(storeFileName, options);
  if (found === undefined) return undefined;
  const failure = (where: string, what: string) =>
    new RecoveryError("BACKUP_STORE_INVALID", {
      subject: `store ${store.place}`,
      detail: `${storeFileName}${where === "" ? "" : `: ${where}`}: ${what}`,
    });
  if (found.sizeBytes > identityBytesMax) throw failure("", `${found.sizeBytes} bytes are too many`);
  const fields = new JsonFields(jsonOfBytes(await store.get(storeFileName, undefined, options), failure), "", failure);
  const apiVersion = fields.text("apiVersion");
  if (apiVersion !== backupApiVersion)
    throw failure("apiVersion", `expected ${backupApiVersion}; a newer requorum may have made this store`);
  fields.oneOf("kind", ["BackupStore"]);
  return { storeId: fields.matching("storeId", /^[0-9a-f]{16}$/, "16 hex digits"), createdAt: fields.text("createdAt") };
}

/** Reads it, or makes it: of two that make it at one time, one wins. */
export async function ensureStoreIdentity(
  store: BackupStore,
  fresh: { readonly nowIso: string; readonly storeId: string },
  options: StoreCallOptions = {},
): Promise<StoreIdentity> {
  const found = await readStoreIdentity(store, options);
  if (found !== undefined) return found;
  const text = jsonTextOf({ apiVersion: backupApiVersion, kind: "BackupStore", storeId: fresh.storeId, createdAt: fresh.nowIso });
  try {
    await store.put(storeFileName, utf8(`${text}\n`), options);
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== "BACKUP_OBJECT_EXISTS") throw error;
  }
  // What lies there counts, whoever wrote it.
  const written = await readStoreIdentity(store, options);
  if (written !== undefined) return written;
  throw new RecoveryError("BACKUP_STORE_FAILED", {
    subject: `store ${store.place}`,
    detail: `${storeFileName} was written and is not there`,
  });
}
