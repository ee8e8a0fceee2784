/** What the rest of the engine sees of a bbolt file. Implemented by BoltFile. */

/** Key and value are views into pages that nobody changes: they may be kept, and cost the page they came from. */
export interface BoltEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface BoltBucket {
  /** For messages: the path of names from the root. */
  readonly name: string;
  /** undefined when there is no such key, or when it names a nested bucket. Throws FILE_DAMAGED. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** The nested bucket of this name. Throws FILE_DAMAGED. */
  bucket(name: Uint8Array): BoltBucket | undefined;
  /**
   * In the order of keys from `from` (included) on, nested buckets left out.
   * With `reusesMemory` key and value are valid until the next step only,
   * which saves half the time of reading. Throws FILE_DAMAGED where the damage
   * is met.
   */
  entries(from?: Uint8Array, options?: { readonly reusesMemory: boolean }): Iterable<BoltEntry>;
  /** The names of nested buckets, in order. */
  bucketNames(): Iterable<Uint8Array>;
}

export interface BoltMetaFacts {
  readonly pageIndex: 0 | 1;
  readonly pageSizeBytes: number;
  readonly transactionId: bigint;
  readonly rootPage: bigint;
  /** undefined when the freelist is not kept on disk. */
  readonly freelistPage: bigint | undefined;
  /** Pages in use or free: everything from here on is not part of the file. */
  readonly highWaterPage: bigint;
}

export interface BoltReader {
  readonly name: string;
  readonly meta: BoltMetaFacts;
  /** Why the other meta page was not used: older, or damaged in the way said here. */
  readonly otherMeta:
    | { readonly kind: "older" }
    | {
        readonly kind: "damaged";
        readonly because: string;
        /** As it stands in the damaged page, where the file has so many bytes, or as its checksum tells where the number alone is damaged. */
        readonly transactionId: bigint | undefined;
      };
  /** The bucket of all buckets. */
  readonly root: BoltBucket;
}
