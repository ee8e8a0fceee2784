import { unsupported } from "../../format-error.ts";
import type { OnBytes } from "../../byte-source.ts";
import type { MvccRecord, MvccRecords } from "../mvcc-records.ts";
import { KeyHasher, type HashSeed } from "./key-hasher.ts";
import { KeyTable, keyState, keyWord } from "./key-table.ts";
import { RecordOrdinals } from "./record-ordinals.ts";
import { RecordProgress } from "./record-progress.ts";
import { StoredRecord } from "./stored-record.ts";

/**
 * Keys held in one pass: at most 88 MB (see KeyTable); the engine is to stay
 * below 300 MB. With more keys than this, the records are read again for the
 * rest of them.
 */
const defaultMaxKeys = 1_600_000;

/** One object for all records: good until the call returns. */
export interface KeyStep {
  readonly record: MvccRecord;
  /** The record's key, taken out once. */
  readonly key: Uint8Array;
  readonly ordinal: number;
  /** The key was not met before in this pass. */
  readonly isNew: boolean;
}

export interface KeyWalkOptions {
  readonly width: 7 | 11;
  readonly hashSeed: HashSeed | undefined;
  /** For tests. */
  readonly maxKeys?: number | undefined;
  /** Later records are left out. */
  readonly upTo?: bigint | undefined;
  /** Over one pass. */
  readonly onBytes?: OnBytes | undefined;
  /** Before each record's entry is changed, in the first pass only. */
  readonly onFirstPass?: ((step: KeyStep) => void) | undefined;
  /** After ordinal, create and state were set. */
  readonly onKey?: ((step: KeyStep, words: Uint32Array, at: number) => void) | undefined;
  /** At the end of each pass; each key is in the table of exactly one pass. */
  readonly onPassEnd: (table: KeyTable) => void;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Follows every key through its records, in memory bounded by a constant. */
export class KeyWalk {
  readonly ordinals = new RecordOrdinals();
  private readonly source: MvccRecords;
  private readonly options: KeyWalkOptions;
  private readonly hasher: KeyHasher;
  private readonly table: KeyTable;

  constructor(source: MvccRecords, options: KeyWalkOptions) {
    this.source = source;
    this.options = options;
    this.hasher = new KeyHasher(options.hashSeed);
    this.table = new KeyTable(options.width, options.maxKeys ?? defaultMaxKeys);
  }

  run(): void {
    const parts = [{ mask: 0, id: 0 }];
    let isFirst = true;
    // Ends: each further part has one bit more, and there are 32.
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      for (const left of this.pass(part, isFirst)) parts.push(left);
      isFirst = false;
    }
    this.table.release();
  }

  /** Gives the parts that did not fit. */
  private pass(part: { readonly mask: number; readonly id: number }, isFirst: boolean): readonly { mask: number; id: number }[] {
    const { hasher, options, source, table } = this;
    table.clear();
    const maxKeys = options.maxKeys ?? defaultMaxKeys;
    const progress = new RecordProgress(source.sizeBytes, options.onBytes);
    const left: { mask: number; id: number }[] = [];
    const upTo = options.upTo === undefined ? Number.POSITIVE_INFINITY : Number(options.upTo);
    let { mask } = part;
    const { id } = part;
    let step: Writable<KeyStep> | undefined;
    for (const record of source.records(0n, { reusesMemory: true })) {
      const main = mainNumberOf(record);
      if (main > upTo) break;
      const { key } = record;
      hasher.hash(key, 0, key.length);
      if (step === undefined) step = { record, key, ordinal: 0, isNew: true };
      else {
        step.record = record;
        step.key = key;
        step.ordinal += 1;
      }
      if (isFirst) {
        this.ordinals.note(step.ordinal, main);
        options.onFirstPass?.(step);
      }
      progress.add(record);
      if ((hasher.h2 & mask) >>> 0 !== id) continue;
      this.follow(step);
      while (table.count > maxKeys && mask !== 0xffff_ffff) {
        const bit = (mask + 1) >>> 0;
        mask = (mask | bit) >>> 0;
        left.push({ mask, id: (id | bit) >>> 0 });
        table.keepPart(mask, id);
      }
    }
    progress.end();
    options.onPassEnd(table);
    return left;
  }

  private follow(step: Writable<KeyStep>): void {
    const { record } = step;
    const { table } = this;
    const wasThere = table.seek(this.hasher);
    const { words, at } = table;
    const create = createWordOf(record);
    if (wasThere && !continues(words, at, record, create)) this.assertSameKey(step, words[at + keyWord.ordinal] ?? 0);
    words[at + keyWord.ordinal] = step.ordinal;
    if (!record.isTombstone) words[at + keyWord.create] = create;
    words[at + keyWord.state] = record.isTombstone ? keyState.deleted : keyState.live;
    step.isNew = !wasThere;
    this.options.onKey?.(step, words, at);
  }

  /**
   * Two keys with one hash come by chance in no file, and by intent in none
   * whose maker knows the seed of the hash: nobody. So no more than what
   * contradicts itself needs this look at the keys.
   */
  private assertSameKey({ record, key }: KeyStep, ordinal: number): void {
    const before = this.ordinals.find(this.source, ordinal).key;
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

// Stored records have these as plain numbers; there are millions of them.
function mainNumberOf(record: MvccRecord): number {
  return record instanceof StoredRecord ? record.mainNumber : Number(record.main);
}
function createWordOf(record: MvccRecord): number {
  return record instanceof StoredRecord ? record.createNumber % 4_294_967_296 : Number(record.createRevision & 0xffff_ffffn);
}
