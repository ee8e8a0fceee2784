import { openMvcc } from "../../formats/etcd/mvcc/open-mvcc.ts";
import { recordsUpTo } from "../../formats/etcd/mvcc/view-at.ts";
import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";

export interface Deletion {
  readonly key: string;
  /** The revision that deleted it. */
  readonly revision: bigint;
  /** The last one that has it; undefined: the file does not hold that any more. */
  readonly lastRevision: bigint | undefined;
}

/** Far more than anybody asks for by name; beyond it, the last one is known still. */
const heldMax = 100_000;

const utf8 = new TextDecoder();

/** What was deleted and not made again, up to a revision: the latest deletion first. A pass over the source. */
export function lastDeletions(bolt: BoltReader, revision: bigint, isWanted: (key: string) => boolean): readonly Deletion[] {
  const source = openMvcc(bolt);
  const oldest = source.scheduledCompactRevision ?? source.compactRevision ?? 0n;
  const held = new Set<string>();
  const deleted = new Map<string, Deletion>();
  for (const record of recordsUpTo(source, revision, { reusesMemory: true })) {
    const key = utf8.decode(record.key);
    if (!isWanted(key)) continue;
    if (!record.isTombstone) {
      if (held.size < heldMax) held.add(key);
      deleted.delete(key);
      continue;
    }
    const before = record.main - 1n;
    if (deleted.size < heldMax)
      deleted.set(key, { key, revision: record.main, lastRevision: held.has(key) && before >= oldest ? before : undefined });
    held.delete(key);
  }
  return [...deleted.values()].sort((one, other) => (one.revision < other.revision ? 1 : -1));
}
