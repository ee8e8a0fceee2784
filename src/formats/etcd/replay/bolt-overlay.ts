import type { BoltBucket, BoltEntry, BoltMetaFacts, BoltReader } from "../../bbolt/bolt-reader.ts";
import { compareKeys } from "../../bbolt/compare-keys.ts";
import { bytesOfKeyText, keyTextOf, type KeyText } from "./key-text.ts";

/**
 * A bbolt file with changes laid over it in memory: what etcd's backend would
 * hold after it applied more of its log. The file itself is only read. Changes
 * go to buckets of the first level, which is all that etcd has.
 */
export class BoltOverlay implements BoltReader {
  readonly name: string;
  readonly meta: BoltMetaFacts;
  readonly otherMeta: BoltReader["otherMeta"];
  readonly root: BoltBucket;
  private readonly base: BoltReader;
  private readonly buckets = new Map<KeyText, BucketOverlay>();

  constructor(base: BoltReader, name = base.name) {
    this.name = name;
    this.meta = base.meta;
    this.otherMeta = base.otherMeta;
    this.base = base;
    this.root = {
      name: base.root.name,
      get: (key) => base.root.get(key),
      entries: (from) => base.root.entries(from),
      bucket: (bucketName) => this.buckets.get(keyTextOf(bucketName)) ?? base.root.bucket(bucketName),
      bucketNames: () => this.bucketNames(),
    };
  }

  /** The bucket to change, made when it is not there. */
  change(bucketName: Uint8Array): BucketOverlay {
    const text = keyTextOf(bucketName);
    let bucket = this.buckets.get(text);
    if (bucket === undefined) {
      bucket = new BucketOverlay(text, this.base.root.bucket(bucketName));
      this.buckets.set(text, bucket);
    }
    return bucket;
  }

  private *bucketNames(): Iterable<Uint8Array> {
    const names = new Set([...this.base.root.bucketNames()].map((one) => keyTextOf(one)));
    for (const text of this.buckets.keys()) names.add(text);
    for (const text of [...names].sort()) yield bytesOfKeyText(text);
  }
}

export class BucketOverlay implements BoltBucket {
  readonly name: string;
  private readonly base: BoltBucket | undefined;
  /** undefined: deleted. */
  private readonly changes = new Map<KeyText, Uint8Array | undefined>();
  /** The changed keys in order; undefined when they must be sorted again. */
  private sorted: readonly KeyText[] | undefined;

  constructor(name: string, base: BoltBucket | undefined) {
    this.name = name;
    this.base = base;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.changes.set(keyTextOf(key), value);
    this.sorted = undefined;
  }

  delete(key: Uint8Array): void {
    this.changes.set(keyTextOf(key), undefined);
    this.sorted = undefined;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const text = keyTextOf(key);
    return this.changes.has(text) ? this.changes.get(text) : this.base?.get(key);
  }

  bucket(name: Uint8Array): BoltBucket | undefined {
    return this.base?.bucket(name);
  }

  bucketNames(): Iterable<Uint8Array> {
    return this.base?.bucketNames() ?? [];
  }

  *entries(from?: Uint8Array, options?: { readonly reusesMemory: boolean }): Iterable<BoltEntry> {
    this.sorted ??= [...this.changes.keys()].sort();
    const changed = this.sorted;
    let next = from === undefined ? 0 : firstAtOrAfter(changed, keyTextOf(from));
    // Only texts of keys near a changed one are made: a bucket of millions with changes at its end stays fast.
    let nextBytes = bytesAt(changed, next);
    for (const entry of this.base?.entries(from, options) ?? []) {
      let order = nextBytes === undefined ? 1 : compareKeys(nextBytes, entry.key);
      while (order < 0) {
        yield* this.changedEntry(changed[next]);
        next += 1;
        nextBytes = bytesAt(changed, next);
        order = nextBytes === undefined ? 1 : compareKeys(nextBytes, entry.key);
      }
      if (order > 0) {
        yield entry;
        continue;
      }
      yield* this.changedEntry(changed[next]);
      next += 1;
      nextBytes = bytesAt(changed, next);
    }
    for (; next < changed.length; next += 1) yield* this.changedEntry(changed[next]);
  }

  private changedEntry(text: KeyText | undefined): readonly BoltEntry[] {
    const value = text === undefined ? undefined : this.changes.get(text);
    return text === undefined || value === undefined ? [] : [{ key: bytesOfKeyText(text), value }];
  }
}

function bytesAt(texts: readonly KeyText[], index: number): Uint8Array | undefined {
  const text = texts[index];
  return text === undefined ? undefined : bytesOfKeyText(text);
}

function firstAtOrAfter(texts: readonly KeyText[], wanted: KeyText): number {
  let low = 0;
  let high = texts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((texts[middle] ?? "") < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
