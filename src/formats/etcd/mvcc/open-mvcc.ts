import { notRecognised } from "../../format-error.ts";
import type { BoltBucket, BoltReader } from "../../bbolt/bolt-reader.ts";
import type { MvccRecord, MvccRecords } from "../mvcc-records.ts";
import { bucketNames } from "../schema/bucket-names.ts";
import { readCompaction } from "../schema/read-meta.ts";
import { encodeRevisionKey, mainOf } from "./revision-key.ts";
import { StoredRecord } from "./stored-record.ts";

/** The `key` bucket of a database as the revisions it holds. Throws FILE_NOT_RECOGNISED when there is none, FILE_DAMAGED. */
export function openMvcc(bolt: BoltReader): MvccRecords {
  const bucket = bolt.root.bucket(bucketNames.key);
  if (bucket === undefined)
    throw notRecognised(bolt.name, "an etcd database", "it is a bbolt file without the bucket `key`, so another program's");
  return new BoltMvcc(bolt, bucket);
}

class BoltMvcc implements MvccRecords {
  readonly name: string;
  readonly revision: bigint;
  readonly compactRevision: bigint | undefined;
  readonly scheduledCompactRevision: bigint | undefined;
  readonly sizeBytes: number;
  private readonly bucket: BoltBucket;

  constructor(bolt: BoltReader, bucket: BoltBucket) {
    this.name = bolt.name;
    this.bucket = bucket;
    this.sizeBytes = Number(bolt.meta.highWaterPage) * bolt.meta.pageSizeBytes;
    const { finished, scheduled } = readCompaction(bolt);
    this.compactRevision = finished;
    this.scheduledCompactRevision = scheduled !== undefined && scheduled > (finished ?? 0n) ? scheduled : undefined;
    // As a starting server sets it: etcd server/storage/mvcc/kvstore.go (restore).
    this.revision = [1n, lastMain(bucket), finished ?? 0n, scheduled ?? 0n].reduce((most, one) => (one > most ? one : most));
  }

  *records(fromMain = 0n, options?: { readonly reusesMemory: boolean }): Iterable<MvccRecord> {
    const from = fromMain <= 0n ? undefined : encodeRevisionKey(fromMain, 0n, false);
    for (const { key, value } of this.bucket.entries(from, options)) yield new StoredRecord(this.name, key, value);
  }

  find(main: bigint, sub: bigint): MvccRecord | undefined {
    for (const isTombstone of [false, true]) {
      const key = encodeRevisionKey(main, sub, isTombstone);
      const value = this.bucket.get(key);
      if (value !== undefined) return new StoredRecord(this.name, key, value);
    }
    return undefined;
  }
}

/** The main revision of the last record, by bisection, because a bucket is only walked forwards; 0n without records. */
function lastMain(bucket: BoltBucket): bigint {
  let low = 0n; // nothing is known to be there
  let high = 0x7fff_ffff_ffff_ffffn; // nothing is beyond
  // At most 63 turns: each halves the distance, or jumps to a record that is there.
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    const found = firstFrom(bucket, middle);
    if (found === undefined) high = middle - 1n;
    else low = found > middle ? found : middle;
  }
  return low;
}

function firstFrom(bucket: BoltBucket, main: bigint): bigint | undefined {
  for (const { key } of bucket.entries(encodeRevisionKey(main, 0n, false))) {
    const found = key.length >= 8 ? mainOf(key) : Number.NaN;
    // Beyond 2^53, or no revision at all: whoever walks to it says so; here it counts as nothing.
    return Number.isNaN(found) ? undefined : BigInt(found);
  }
  return undefined;
}
