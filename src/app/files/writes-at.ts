import { isWrongContent } from "../../formats/format-error.ts";
import { openMvcc } from "../../formats/etcd/mvcc/open-mvcc.ts";
import type { FileContext } from "./file-context.ts";
import { withState } from "./open-state.ts";

/** Digests of what one revision wrote, by the place within its transaction. */
export type Writes = ReadonlyMap<bigint, string>;

/** A transaction of etcd has 128 writes unless it is told otherwise; these are enough to tell two from each other. */
const maxWrites = 128;

/** As the database alone has it. Empty: compacted away, or not to be read. */
export function writesAt(context: FileContext, path: string, revision: bigint): Writes {
  const writes = new Map<bigint, string>();
  try {
    return withState(context, { path }, (opened) => {
      for (const record of openMvcc(opened.stored()).records(revision)) {
        if (record.main !== revision || writes.size === maxWrites) break;
        const hash = context.hashing.startSha256();
        const head = `${record.isTombstone ? "deletes" : "puts"} ${String(record.key.length)}\n`;
        for (const part of [new TextEncoder().encode(head), record.key, record.value]) hash.update(part);
        writes.set(record.sub, hash.digestHex());
      }
      return writes;
    });
  } catch (error) {
    if (isWrongContent(error)) return new Map();
    throw error;
  }
}

/** Is there a write that both have, and that is not the same? A compaction takes single writes away and changes none. */
export function writesDiffer(one: Writes, other: Writes): boolean {
  return [...one].some(([sub, digest]) => (other.get(sub) ?? digest) !== digest);
}
