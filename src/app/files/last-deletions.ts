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

/** Far more than anybody asks for by name. */
const deletionsMax = 100_000;

const utf8 = new TextDecoder();

/**
 * What was deleted and not made again, up to a revision: the latest deletion
 * first, and the earliest left out beyond a limit. A pass over the source.
 */
export function lastDeletions(
  bolt: BoltReader,
  revision: bigint,
  isWanted: (key: string) => boolean,
  options: { readonly deletionsMax?: number } = {},
): readonly Deletion[] {
  const limit = options.deletionsMax ?? deletionsMax;
  const source = openMvcc(bolt);
  const oldest = source.scheduledCompactRevision ?? source.compactRevision ?? 0n;
  const deleted = new Map<string, Deletion>();
  for (const record of recordsUpTo(source, revision, { reusesMemory: true })) {
    const key = utf8.decode(record.key);
    if (!isWanted(key)) continue;
    deleted.delete(key);
    if (!record.isTombstone) continue;
    // A compaction leaves what was there at its revision: what is deleted after it is in the file until then.
    const before = record.main - 1n;
    deleted.set(key, { key, revision: record.main, lastRevision: before >= oldest ? before : undefined });
    const [earliest] = deleted.size > limit ? deleted.keys() : [];
    if (earliest !== undefined) deleted.delete(earliest);
  }
  return [...deleted.values()].sort((one, other) => (one.revision < other.revision ? 1 : -1));
}
