/** What lies in the store now, against what a set needs. Proofs tell what was there once; one listing of the packs costs little beside what was read to prove them. */
import type { Restorability } from "../../catalogue/verify/restorability.ts";
import { indexName, indexPrefix, packName, packPrefix } from "../../formats/backup-set/set-names.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import type { BackupStore } from "../../ports/backup-store.ts";

/** Bytes by name, of packs and indexes. */
export type StoredSizes = ReadonlyMap<string, number>;

/** BACKUP_STORE_*. */
export async function storedSizes(store: BackupStore, signal: AbortSignal): Promise<StoredSizes> {
  const [packs, indexes] = await Promise.all([store.list(packPrefix, { signal }), store.list(indexPrefix, { signal })]);
  return new Map([...packs, ...indexes].map(({ name, sizeBytes }) => [name, sizeBytes]));
}

/** Worth nothing where something that it needs is not there. */
export function withStored(found: Restorability, { index, packs }: BackupManifest, sizes: StoredSizes): Restorability {
  const names = [{ name: indexName(index.sha256), ref: index }, ...packs.map((ref) => ({ name: packName(ref.sha256), ref }))];
  const lost = names.filter(({ name, ref }) => sizes.get(name) !== ref.sizeBytes);
  const [first] = lost;
  if (first === undefined) return found;
  const because = `${first.name}${lost.length === 1 ? " is" : ` and ${String(lost.length - 1)} more are`} not in the store in the size that was written: whatever was proven, it cannot be restored`;
  return { ...found, standing: "fails", score: 0, level: undefined, because: [because, ...found.because], expectedRto: undefined };
}
