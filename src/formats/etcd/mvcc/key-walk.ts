import { unsupported } from "../../format-error.ts";
import type { MvccRecord, MvccRecords } from "../mvcc-records.ts";
import { KeyHasher } from "./key-hasher.ts";
import { KeyTable, keyState, keyWord } from "./key-table.ts";
import { RecordOrdinals } from "./record-ordinals.ts";

/**
 * Keys held in one pass. A slot has 28 or 44 bytes and a table just grown is
 * 53 % full, so this is at most 210 MB; the engine is to stay below 300 MB.
 * With more keys than this, the records are read again for the rest of them.
 */
const defaultMaxKeys = 2_500_000;

export interface KeyWalkOptions {
  readonly width: 7 | 11;
  /** For tests. */
  readonly maxKeys?: number | undefined;
  /** The records from the start, up to where the walk shall end. Called once a pass. */
  readonly records: () => Iterable<MvccRecord>;
  /** Before each record's entry is changed, in the first pass only. */
  readonly onFirstPass?: ((record: MvccRecord, ordinal: number) => void) | undefined;
  /** After ordinal, create and state were set; `isNew` when the key was not met before. */
  readonly onKey?: ((record: MvccRecord, words: Uint32Array, at: number, isNew: boolean) => void) | undefined;
  /** At the end of each pass; each key is in the table of exactly one pass. */
  readonly onPassEnd: (table: KeyTable) => void;
}

/** Follows every key through its records, in memory bounded by a constant. */
export class KeyWalk {
  readonly ordinals = new RecordOrdinals();
  private readonly source: MvccRecords;
  private readonly options: KeyWalkOptions;
  private readonly hasher = new KeyHasher();

  constructor(source: MvccRecords, options: KeyWalkOptions) {
    this.source = source;
    this.options = options;
  }

  run(): void {
    const parts = [{ mask: 0, id: 0 }];
    let isFirst = true;
    // Ends: each further part has one bit more, and there are 32.
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      for (const left of this.pass(part, isFirst)) parts.push(left);
      isFirst = false;
    }
  }

  /** Gives the parts that did not fit. */
  private pass(part: { readonly mask: number; readonly id: number }, isFirst: boolean): readonly { mask: number; id: number }[] {
    const { hasher, options } = this;
    const maxKeys = options.maxKeys ?? defaultMaxKeys;
    const table = new KeyTable(options.width);
    const left: { mask: number; id: number }[] = [];
    let { mask } = part;
    const { id } = part;
    let ordinal = 0;
    for (const record of options.records()) {
      const { key } = record;
      hasher.hash(key, 0, key.length);
      if (isFirst) {
        this.ordinals.note(ordinal, Number(record.main));
        options.onFirstPass?.(record, ordinal);
      }
      if ((hasher.h2 & mask) >>> 0 === id) {
        this.follow(table, record, ordinal);
        while (table.count > maxKeys && mask !== 0xffff_ffff) {
          const bit = (mask + 1) >>> 0;
          mask = (mask | bit) >>> 0;
          left.push({ mask, id: (id | bit) >>> 0 });
          table.keepPart(mask, id);
        }
      }
      ordinal += 1;
    }
    options.onPassEnd(table);
    return left;
  }

  private follow(table: KeyTable, record: MvccRecord, ordinal: number): void {
    const wasThere = table.seek(this.hasher);
    const { words, at } = table;
    const create = Number(record.createRevision & 0xffff_ffffn);
    if (wasThere && !continues(words, at, record, create)) this.assertSameKey(record, words[at + keyWord.ordinal] ?? 0);
    words[at + keyWord.ordinal] = ordinal;
    if (!record.isTombstone) words[at + keyWord.create] = create;
    words[at + keyWord.state] = record.isTombstone ? keyState.deleted : keyState.live;
    this.options.onKey?.(record, words, at, !wasThere);
  }

  /** Two keys with one hash cannot both be created without a contradiction, so that only contradictions need this look at the keys. */
  private assertSameKey(record: MvccRecord, ordinal: number): void {
    const before = this.ordinals.find(this.source, ordinal).key;
    const { key } = record;
    if (before.length === key.length && key.every((byte, index) => byte === before[index])) return;
    throw unsupported(
      this.source.name,
      undefined,
      `revision ${record.main}: two keys have the same 128-bit hash, so their records cannot be told apart here`,
    );
  }
}

/** A live key is only written on or deleted, a deleted one only created; etcd server/storage/mvcc/kvstore_txn.go (put, delete). */
function continues(words: Uint32Array, at: number, record: MvccRecord, create: number): boolean {
  if (words[at + keyWord.state] === keyState.live) return record.isTombstone || words[at + keyWord.create] === create;
  return !record.isTombstone && record.createRevision === record.main;
}
