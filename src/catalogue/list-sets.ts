import type { BackupManifest } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { manifestPrefix, setIdOfManifestName } from "../formats/backup-set/set-names.ts";
import { signedDocumentBytesMax } from "../formats/backup-set/signed-document.ts";
import type { BackupStore, StoredObject } from "../ports/backup-store.ts";
import { inTurns } from "./in-turns.ts";
import { readSignedManifest, untrusted, type SetTrust } from "./set-signing.ts";

/** One object below `sets/`. */
export type ListedSet =
  | {
      /** `untrusted`: whole, and signed by a key that is not known here. */
      readonly kind: "trusted" | "untrusted";
      readonly id: BackupSetId;
      readonly manifest: BackupManifest;
      readonly manifestSha256: string;
      readonly signers: readonly string[];
      /** Why it is not trusted; "" for a trusted one. */
      readonly because: string;
      readonly object: StoredObject;
    }
  | {
      /** Listed so that nobody believes that it is not there; never good. */
      readonly kind: "damaged";
      /** undefined: not even its name is one of a set. */
      readonly id: BackupSetId | undefined;
      readonly because: string;
      readonly object: StoredObject;
    };

/** Manifests that are read at one time. */
const readsAtOnce = 8;

/** All sets, or the `newestMax` newest, the oldest of them first. Only what lies below `sets/` counts. Throws what the store throws. */
export async function listSets(
  { store, ciphers }: { readonly store: BackupStore; readonly ciphers: SetCiphers },
  trust: SetTrust,
  signal?: AbortSignal,
  newestMax = Number.POSITIVE_INFINITY,
): Promise<readonly ListedSet[]> {
  const objects = (await store.list(manifestPrefix, signal === undefined ? {} : { signal })).slice(-newestMax);
  const listed = await inTurns(objects, readsAtOnce, (object) => listOne({ store, ciphers }, trust, object, signal));
  return listed.filter((set) => set !== undefined);
}

/** undefined: it was removed since the listing. */
async function listOne(
  { store, ciphers }: { readonly store: BackupStore; readonly ciphers: SetCiphers },
  trust: SetTrust,
  object: StoredObject,
  signal: AbortSignal | undefined,
): Promise<ListedSet | undefined> {
  const id = setIdOfManifestName(object.name);
  if (id === undefined) return { kind: "damaged", id, because: `${object.name} is no name of a manifest`, object };
  if (object.sizeBytes > signedDocumentBytesMax)
    return { kind: "damaged", id, because: `its manifest has ${object.sizeBytes} bytes, more than one can have`, object };
  try {
    const bytes = await store.get(object.name, undefined, signal === undefined ? {} : { signal });
    const { isTrusted, ...signed } = readSignedManifest(bytes, id, { ciphers, trust });
    const because = isTrusted ? "" : untrusted(id, signed.signers).detail;
    return { kind: isTrusted ? "trusted" : "untrusted", id, ...signed, because, object };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    if (error.code === "BACKUP_OBJECT_MISSING") return undefined;
    // The store answers, and does not give this one: it must not hide all others.
    if (error.code === "BACKUP_STORE_FAILED")
      return { kind: "damaged", id, because: `its manifest cannot be read: ${error.detail}`, object };
    if (error.code !== "BACKUP_SET_DAMAGED" && error.code !== "BACKUP_SET_UNSUPPORTED") throw error;
    return { kind: "damaged", id, because: error.detail, object };
  }
}
