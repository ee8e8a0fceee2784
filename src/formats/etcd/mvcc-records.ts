/** One record of etcd's `key` bucket, as stored: one revision of one key. Source: etcd api/mvccpb/kv.proto, server/storage/mvcc/revision.go. */
export interface MvccRecord {
  /** The transaction that wrote it; two records of one transaction differ in `sub`. */
  readonly main: bigint;
  readonly sub: bigint;
  /** The key was deleted by this revision; only `key` is set. */
  readonly isTombstone: boolean;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: bigint;
  /** Lease id; 0n for none. */
  readonly lease: bigint;
  /** The stored protobuf, as the hashes need it. */
  readonly stored: Uint8Array;
}

/** Every revision of every key that a source still holds, whatever the source is: a file, or a data dir with its log replayed. */
export interface MvccRecords {
  readonly name: string;
  /** The newest revision; 1n when nothing was ever written. */
  readonly revision: bigint;
  /** Revisions at or below this may be gone; undefined when nothing was compacted. */
  readonly compactRevision: bigint | undefined;
  /** A compaction that was begun and may not have ended: records at or below it may be partly gone. */
  readonly scheduledCompactRevision: bigint | undefined;
  /** Bytes that `records` will read, for progress. */
  readonly sizeBytes: number;
  /**
   * In the order of revisions, from revision `fromMain` on. With `reusesMemory`
   * the bytes of a record are valid until the next step only: a walk over
   * gigabytes then stays in one buffer. Throws FILE_DAMAGED.
   */
  records(fromMain?: bigint, options?: { readonly reusesMemory: boolean }): Iterable<MvccRecord>;
  /** One record by its revision. Throws FILE_DAMAGED. */
  find(main: bigint, sub: bigint): MvccRecord | undefined;
}
