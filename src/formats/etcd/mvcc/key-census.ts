import type { OnBytes } from "../../byte-source.ts";
import type { MvccRecord, MvccRecords } from "../mvcc-records.ts";
import { KeyGroups, maxGroups, type PrefixLength } from "./key-groups.ts";
import type { HashSeed } from "./key-hasher.ts";
import { keyState, keyWord, type KeyTable } from "./key-table.ts";
import { KeyWalk, type KeyStep } from "./key-walk.ts";
import type { RecordBits } from "./record-bits.ts";
import { TopKeys } from "./top-keys.ts";

/** Counts of one prefix, as `KeyGroups` forms it. Bytes are those of stored records, pages' heads left out. */
export interface PrefixCount {
  /** Empty for keys without a slash, and for the sum of what is beyond 4096 prefixes (`isRest`). */
  readonly prefix: Uint8Array;
  readonly isRest: boolean;
  readonly liveKeys: number;
  readonly liveBytes: number;
  /** All revisions, deletions too. */
  readonly records: number;
  readonly recordBytes: number;
}

export interface TopKey {
  readonly key: Uint8Array;
  readonly isLive: boolean;
  /** Of its last record; 0 for a deleted key. */
  readonly liveBytes: number;
  /** How many of its revisions are still there. */
  readonly revisions: number;
  /** Of all its revisions; counts stop at 4 GiB. */
  readonly totalBytes: number;
}

export interface KeyCensusResult {
  readonly records: number;
  readonly tombstones: number;
  readonly recordBytes: number;
  /** As a server counts them: the record without a key left out. */
  readonly liveKeys: number;
  readonly liveBytes: number;
  /** Whether a restore with a revision bump left its record without a key. */
  readonly hasRevisionMarker: boolean;
  /** The greatest `recordBytes` first. */
  readonly byPrefix: readonly PrefixCount[];
  readonly topBySize: readonly TopKey[];
  readonly topByRevisions: readonly TopKey[];
  readonly topByTotalBytes: readonly TopKey[];
}

export interface KeyCensusOptions {
  readonly hashSeed?: HashSeed | undefined;
  readonly prefixLength?: PrefixLength | undefined;
  readonly topKeys: number;
  readonly maxKeys?: number | undefined;
  readonly onBytes?: OnBytes | undefined;
  /** See `InspectOptions`. */
  readonly live?: RecordBits | undefined;
  readonly onFirstPass: (record: MvccRecord) => void;
}

const maxUint32 = 0xffff_ffff;
type Ranked = Omit<TopKey, "key"> & { readonly ordinal: number };

/** By number of group. */
class GroupSums {
  readonly liveKeys = new Float64Array(maxGroups + 1);
  readonly liveBytes = new Float64Array(maxGroups + 1);
  readonly records = new Float64Array(maxGroups + 1);
  readonly recordBytes = new Float64Array(maxGroups + 1);
}

/** Counts records and keys, in memory bounded by a constant. */
export class KeyCensus {
  private readonly source: MvccRecords;
  private readonly options: KeyCensusOptions;
  private readonly groups: KeyGroups;
  private readonly sums = new GroupSums();
  private readonly tops: { readonly size: TopKeys<Ranked>; readonly revisions: TopKeys<Ranked>; readonly total: TopKeys<Ranked> };
  private records = 0;
  private tombstones = 0;
  private recordBytes = 0;
  private markerOrdinal = -1;
  private hasRevisionMarker = false;

  constructor(source: MvccRecords, options: KeyCensusOptions) {
    this.source = source;
    this.options = options;
    this.groups = new KeyGroups(options.prefixLength);
    const top = (): TopKeys<Ranked> => new TopKeys(options.topKeys);
    this.tops = { size: top(), revisions: top(), total: top() };
  }

  run(): KeyCensusResult {
    const walk = new KeyWalk(this.source, {
      width: 11,
      hashSeed: this.options.hashSeed,
      maxKeys: this.options.maxKeys,
      onBytes: this.options.onBytes,
      onFirstPass: (step) => this.count(step),
      onKey: (step, words, at) => this.follow(step, words, at),
      onPassEnd: (table) => this.sumUp(table),
    });
    walk.run();
    const resolve = (top: TopKeys<Ranked>): readonly TopKey[] =>
      top.entries().map(({ ordinal, ...counts }) => ({ key: new Uint8Array(walk.ordinals.find(this.source, ordinal).key), ...counts }));
    const { liveKeys, liveBytes } = this.sums;
    const sum = (numbers: Float64Array): number => numbers.reduce((total, one) => total + one, 0);
    return {
      records: this.records,
      tombstones: this.tombstones,
      recordBytes: this.recordBytes,
      liveKeys: sum(liveKeys),
      liveBytes: sum(liveBytes),
      hasRevisionMarker: this.hasRevisionMarker,
      byPrefix: this.prefixCounts(),
      topBySize: resolve(this.tops.size),
      topByRevisions: resolve(this.tops.revisions),
      topByTotalBytes: resolve(this.tops.total),
    };
  }

  private count({ record, key, ordinal }: KeyStep): void {
    const bytes = record.stored.length;
    this.records += 1;
    this.recordBytes += bytes;
    if (record.isTombstone) this.tombstones += 1;
    if (key.length === 0) this.markerOrdinal = ordinal;
    this.options.onFirstPass(record);
    const group = this.groups.groupOf(key);
    this.sums.records[group] = (this.sums.records[group] ?? 0) + 1;
    this.sums.recordBytes[group] = (this.sums.recordBytes[group] ?? 0) + bytes;
  }

  private follow({ record, key, isNew }: KeyStep, words: Uint32Array, at: number): void {
    const bytes = record.stored.length;
    if (isNew) words[at + keyWord.group] = this.groups.groupOf(key);
    words[at + keyWord.liveBytes] = record.isTombstone ? 0 : bytes;
    words[at + keyWord.revisions] = (isNew ? 0 : (words[at + keyWord.revisions] ?? 0)) + 1;
    words[at + keyWord.totalBytes] = Math.min(maxUint32, (isNew ? 0 : (words[at + keyWord.totalBytes] ?? 0)) + bytes);
  }

  private sumUp(table: KeyTable): void {
    const { size, revisions, total } = this.tops;
    table.forEach((words, at) => {
      const ordinal = words[at + keyWord.ordinal] ?? 0;
      const liveBytes = words[at + keyWord.liveBytes] ?? 0;
      const revisionCount = words[at + keyWord.revisions] ?? 0;
      const totalBytes = words[at + keyWord.totalBytes] ?? 0;
      const isLive = words[at + keyWord.state] === keyState.live;
      if (isLive) this.options.live?.set(ordinal);
      if (ordinal === this.markerOrdinal) {
        this.hasRevisionMarker = isLive;
        return;
      }
      if (isLive) {
        const group = words[at + keyWord.group] ?? 0;
        this.sums.liveKeys[group] = (this.sums.liveKeys[group] ?? 0) + 1;
        this.sums.liveBytes[group] = (this.sums.liveBytes[group] ?? 0) + liveBytes;
      }
      const rank = (top: TopKeys<Ranked>, number: number): void => {
        if (top.wants(number, ordinal)) top.add(number, ordinal, { ordinal, isLive, liveBytes, revisions: revisionCount, totalBytes });
      };
      if (isLive) rank(size, liveBytes);
      rank(revisions, revisionCount);
      rank(total, totalBytes);
    });
  }

  private prefixCounts(): readonly PrefixCount[] {
    const { sums } = this;
    return this.groups.prefixes
      .map((prefix, group) => ({
        prefix,
        isRest: group === 0,
        liveKeys: sums.liveKeys[group] ?? 0,
        liveBytes: sums.liveBytes[group] ?? 0,
        records: sums.records[group] ?? 0,
        recordBytes: sums.recordBytes[group] ?? 0,
      }))
      .filter((one) => one.records > 0)
      .sort((one, other) => other.recordBytes - one.recordBytes);
  }
}
