import { damaged, notRecognised } from "../../format-error.ts";
import { crc32c } from "../../crc32c.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import type { OnBytes } from "../../byte-source.ts";
import type { MvccRecord, MvccRecords } from "../mvcc-records.ts";
import { bucketNames } from "../schema/bucket-names.ts";
import { readMeta } from "../schema/read-meta.ts";
import { KeyCensus, type KeyCensusResult } from "./key-census.ts";
import type { PrefixLength } from "./key-groups.ts";
import type { HashSeed } from "./key-hasher.ts";
import { openMvcc } from "./open-mvcc.ts";
import type { RecordBits } from "./record-bits.ts";
import { RecordProblems, type RecordProblem } from "./record-problems.ts";
import { StoredRecord } from "./stored-record.ts";

/** The numbers of `etcdutl snapshot status`. Source: etcd etcdutl/snapshot/v3_snapshot.go (Status). */
export interface SnapshotStatus {
  /** CRC-32C over names of buckets, keys and values; equal in every version. */
  readonly hash: number;
  /** The main revision of the last record; 0n without records. A server may start at a higher one. */
  readonly revision: bigint;
  /** `totalKey` of 3.6 and 3.7: keys that are live, the record without a key counted (failure catalogue M3, M4). */
  readonly totalLiveKeys: number;
  /** `totalKey` of 3.4 and 3.5: entries of all buckets. */
  readonly totalEntries: number;
  /** Pages in use or free, the rest of the file left out. */
  readonly sizeBytes: number;
  /** `version` of 3.6 and 3.7. */
  readonly storageVersion: string | undefined;
}

export interface DbInspection extends KeyCensusResult {
  readonly status: SnapshotStatus;
  /** Where a server that starts on the file stands. */
  readonly currentRevision: bigint;
  readonly compactRevision: bigint | undefined;
  readonly scheduledCompactRevision: bigint | undefined;
  readonly problems: readonly RecordProblem[];
  readonly problemCount: number;
}

export interface InspectOptions {
  /** Random, for a file that somebody may have made to deceive (see KeyHasher). */
  readonly hashSeed?: HashSeed | undefined;
  readonly onBytes?: OnBytes | undefined;
  readonly prefixLength?: PrefixLength | undefined;
  /** How long the lists of top keys are. */
  readonly topKeys?: number | undefined;
  /** For tests: how many keys one pass may hold. */
  readonly maxKeys?: number | undefined;
  /** Every record, once, also of deleted keys; its bytes are valid during the call only. */
  readonly onRecord?: ((record: MvccRecord) => void) | undefined;
  /** Empty; gets a bit for each record that is its key's last one and no deletion, as `hashKv` can use it. */
  readonly live?: RecordBits | undefined;
}

/** Enough for a screen. */
const defaultTopKeys = 20;

/**
 * Reads every entry of every bucket once, and the `key` bucket again when it
 * has more keys than one table holds. Throws FILE_DAMAGED at the first entry
 * that cannot be read, FILE_NOT_RECOGNISED, FILE_UNSUPPORTED.
 */
export function inspectDb(bolt: BoltReader, options: InspectOptions = {}): DbInspection {
  const records = openMvcc(bolt);
  const meta = readMeta(bolt);
  // 1 is the revision of an empty store: the first write is number 2.
  const problems = new RecordProblems(Number(records.scheduledCompactRevision ?? records.compactRevision ?? 1n));
  let [hash, totalEntries, lastMain] = [0, 0, 0];
  let census: KeyCensusResult | undefined;
  for (const { key } of bolt.root.entries())
    throw damaged(bolt.name, undefined, `${key.length} bytes of key with a value where only buckets stand`);
  for (const name of bolt.root.bucketNames()) {
    const bucket = bolt.root.bucket(name);
    if (bucket === undefined) throw damaged(bolt.name, undefined, "a bucket that is listed and cannot be opened");
    hash = crc32c(name, hash);
    if (isSame(name, bucketNames.key)) {
      const counted = new KeyCensus(records, {
        hashSeed: options.hashSeed,
        prefixLength: options.prefixLength,
        topKeys: options.topKeys ?? defaultTopKeys,
        maxKeys: options.maxKeys,
        onBytes: options.onBytes,
        onFirstPass: (record) => {
          if (!(record instanceof StoredRecord)) throw new Error("records of a bbolt file are stored ones");
          hash = crc32c(record.stored, crc32c(record.bucketKey, hash));
          totalEntries += 1;
          lastMain = record.mainNumber;
          problems.look(record);
          options.onRecord?.(record);
        },
      });
      census = counted.run();
    } else
      for (const { key, value } of bucket.entries()) {
        hash = crc32c(value, crc32c(key, hash));
        totalEntries += 1;
      }
  }
  if (census === undefined) throw notRecognised(bolt.name, "an etcd database", "it has no bucket `key`");
  const hasMarker = census.hasRevisionMarker ? 1 : 0;
  return {
    ...census,
    status: {
      hash,
      revision: BigInt(lastMain),
      totalLiveKeys: census.liveKeys + hasMarker,
      totalEntries,
      sizeBytes: records.sizeBytes,
      storageVersion: meta.storageVersion,
    },
    currentRevision: records.revision,
    compactRevision: records.compactRevision,
    scheduledCompactRevision: records.scheduledCompactRevision,
    problems: problems.listed,
    problemCount: problems.count,
  };
}

/** What `etcdutl snapshot status` prints. Throws as `inspectDb` does. */
export function snapshotStatus(bolt: BoltReader, options: { readonly onBytes?: OnBytes | undefined } = {}): SnapshotStatus {
  return inspectDb(bolt, { onBytes: options.onBytes, topKeys: 0 }).status;
}

/** The same counts for a source that is no file: a data dir with its log replayed. */
export function inspectRecords(records: MvccRecords, options: InspectOptions = {}): KeyCensusResult {
  return new KeyCensus(records, {
    hashSeed: options.hashSeed,
    prefixLength: options.prefixLength,
    topKeys: options.topKeys ?? defaultTopKeys,
    maxKeys: options.maxKeys,
    onBytes: options.onBytes,
    live: options.live,
    onFirstPass: (record) => options.onRecord?.(record),
  }).run();
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
