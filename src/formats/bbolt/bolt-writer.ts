import { assertInvariant } from "../../model/recovery-error.ts";
import type { OnBytes } from "../byte-source.ts";
import {
  boltMagic,
  boltVersion,
  bucketElementFlag,
  metaBytes,
  metaOffsets,
  noFreelistPage,
  pageFlags,
  pageHeaderBytes,
  pageSizeMax,
  pageSizeMin,
} from "./bolt-layout.ts";
import { fnv64a } from "./bolt-meta.ts";
import type { BoltEntry } from "./bolt-reader.ts";
import type { BoltSink } from "./bolt-sink.ts";
import { BoltTreeBuilder } from "./bolt-tree-builder.ts";
import { PageOutput, writePageHeader } from "./page-output.ts";

export interface BoltWriteOptions {
  /** A power of two from 1024 to 65536; 4096 when left out, as on nearly every machine that runs etcd. bbolt takes it from the file. */
  readonly pageSizeBytes?: number;
  /**
   * `kept` (when left out) writes an empty list, as bbolt does for a new file: it opens at once, and bbolt drops the list at
   * its first write. `absent` is how etcd leaves a file; bbolt then walks all pages to find the free ones.
   */
  readonly freelist?: "kept" | "absent";
  /** For progress: `totalBytes` as given here, 0 when it is not known. */
  readonly onBytes?: OnBytes;
  readonly totalBytes?: number;
}

export interface BoltWritten {
  readonly sizeBytes: number;
  readonly pageCount: number;
}

/** One bucket of the root, with its keys in order. */
export interface BoltBucketContent {
  readonly name: Uint8Array;
  /** bbolt's counter of the bucket; etcd does not use it. */
  readonly sequence?: bigint;
  readonly entries: Iterable<BoltEntry>;
}

/**
 * Writes a whole bbolt file from buckets in the order of their names, with
 * their keys in order. Memory: about 1 MiB and twice the largest value. The
 * last thing written is the meta pages: a file that was not finished is not
 * taken for a good one. What the sink and the iterables throw is passed on;
 * keys out of order are a bug and throw a plain Error.
 * Source of the form: bbolt db.go (init), node.go (spill), tx.go (WriteTo).
 */
export function writeBolt(sink: BoltSink, buckets: Iterable<BoltBucketContent>, options: BoltWriteOptions = {}): BoltWritten {
  const writer = new BoltWriter(sink, options);
  for (const bucket of buckets) {
    writer.openBucket(bucket.name);
    for (const { key, value } of bucket.entries) writer.put(key, value);
    writer.closeBucket(bucket.sequence);
  }
  return writer.finish();
}

/** The same, for a caller that pushes: buckets may be nested, and elements of a bucket come between them in the order of keys. */
export class BoltWriter {
  private readonly sink: BoltSink;
  private readonly output: PageOutput;
  private readonly hasFreelist: boolean;
  /** The root's, then those of the open buckets. */
  private readonly trees: BoltTreeBuilder[];
  private readonly names: Uint8Array[] = [];

  constructor(sink: BoltSink, options: BoltWriteOptions = {}) {
    const pageSize = options.pageSizeBytes ?? 4096;
    assertInvariant(
      pageSize >= pageSizeMin && pageSize <= pageSizeMax && (pageSize & (pageSize - 1)) === 0,
      `a bbolt page size of ${String(pageSize)}`,
    );
    this.sink = sink;
    this.hasFreelist = options.freelist !== "absent";
    this.output = new PageOutput(sink, pageSize, (written) => options.onBytes?.(written, options.totalBytes ?? 0));
    // The places of the meta pages, zeroed: not valid until finish.
    for (let index = 0; index < 2; index += 1) this.output.page(0, { flags: 0, count: 0 }).bytes.fill(0);
    if (this.hasFreelist) this.output.page(0, { flags: pageFlags.freelist, count: 0 });
    this.trees = [new BoltTreeBuilder(this.output)];
  }

  /** Opens a bucket in the one that is open, or in the root. Its name is a key there. */
  openBucket(name: Uint8Array): void {
    this.tree.assertAfterLast(name);
    this.names.push(name.slice());
    this.trees.push(new BoltTreeBuilder(this.output));
  }

  /** Into the bucket that is open; key and value are copied. */
  put(key: Uint8Array, value: Uint8Array): void {
    assertInvariant(this.names.length > 0, "a bbolt key outside of every bucket");
    this.tree.put(key, value);
  }

  closeBucket(sequence = 0n): void {
    const name = this.names.pop();
    const tree = this.trees.pop();
    assertInvariant(name !== undefined && tree !== undefined, "closing a bbolt bucket that is not open");
    this.tree.put(name, tree.finishAsElement(sequence), bucketElementFlag);
  }

  finish(): BoltWritten {
    assertInvariant(this.names.length === 0, "a bbolt bucket that was not closed");
    const rootPage = this.tree.finish();
    this.output.flush();
    const { pageSize, nextId: pageCount } = this.output;
    const facts = { pageSize, rootPage, pageCount, freelistPage: this.hasFreelist ? 2n : noFreelistPage };
    const metas = new Uint8Array(2 * pageSize);
    metas.set(metaPage(facts, 0, 2n));
    metas.set(metaPage(facts, 1, 1n), pageSize);
    this.sink.patch(0, metas);
    return { sizeBytes: pageCount * pageSize, pageCount };
  }

  private get tree(): BoltTreeBuilder {
    const tree = this.trees.at(-1);
    assertInvariant(tree !== undefined, "the root's tree is always there");
    return tree;
  }
}

/** Both meta pages are whole and name the same root; the first is the newer one, as bbolt's own copies have it (tx.go, WriteTo). */
function metaPage(
  facts: { readonly pageSize: number; readonly rootPage: number; readonly pageCount: number; readonly freelistPage: bigint },
  index: number,
  transactionId: bigint,
): Uint8Array {
  const bytes = new Uint8Array(facts.pageSize);
  writePageHeader(bytes, { id: index, flags: pageFlags.meta, count: 0, overflow: 0 });
  const meta = bytes.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes);
  const view = new DataView(meta.buffer, meta.byteOffset, metaBytes);
  view.setUint32(metaOffsets.magic, boltMagic, true);
  view.setUint32(metaOffsets.version, boltVersion, true);
  view.setUint32(metaOffsets.pageSize, facts.pageSize, true);
  view.setBigUint64(metaOffsets.root, BigInt(facts.rootPage), true);
  view.setBigUint64(metaOffsets.freelist, facts.freelistPage, true);
  view.setBigUint64(metaOffsets.highWater, BigInt(facts.pageCount), true);
  view.setBigUint64(metaOffsets.transaction, transactionId, true);
  view.setBigUint64(metaOffsets.checksum, fnv64a(meta.subarray(0, metaOffsets.checksum)), true);
  return bytes;
}
