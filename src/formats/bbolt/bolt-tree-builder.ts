import { assertInvariant } from "../../model/recovery-error.ts";
import { bucketElementFlag, bucketHeaderBytes, elementBytes, maxKeyBytes, pageFlags, pageHeaderBytes } from "./bolt-layout.ts";
import { compareKeyAt } from "./compare-keys.ts";
import { writeBranchElement, writeLeafElement, writePageHeader, writeUint64, type LeafElement, type PageOutput } from "./page-output.ts";

/**
 * How full a page gets: etcd appends to its buckets with this fill percent, and
 * so a defragmented file looks (server/storage/backend: batch_tx.go, backend.go).
 */
const fillFraction = 0.9;
/** bbolt's MinKeysPerPage: a page with fewer is not split, whatever its size. */
const keysPerPageMin = 2;
/** The reader's limit for one page leaves room for two of these. */
const valueBytesMax = 120 * 1024 * 1024;

/** One level of branch pages, from the leaves up: children that no page holds yet. */
interface BranchLevel {
  keys: Uint8Array[];
  ids: number[];
  usedBytes: number;
  /** Pages that were written already. */
  pages: number;
}

/** One bucket's tree, from elements in the order of keys; holds one leaf and one branch page per level. */
export class BoltTreeBuilder {
  private readonly output: PageOutput;
  private readonly threshold: number;
  private readonly levels: BranchLevel[] = [];
  private leavesWritten = 0;
  /** The keys and values of the leaf that is being filled, one after the other. */
  private data = new Uint8Array(8192);
  private dataBytes = 0;
  private readonly elements: LeafElement[] = [];
  private hasBuckets = false;
  private lastKeyStart = 0;
  private lastKeyEnd = 0;

  constructor(output: PageOutput) {
    this.output = output;
    this.threshold = Math.floor(output.pageSize * fillFraction);
  }

  /** Copies both. Keys must ascend: anything else is a bug of the caller. */
  put(key: Uint8Array, value: Uint8Array, flags = 0): void {
    // Not assertInvariant: its text would be made for every key.
    if (key.length === 0 || key.length > maxKeyBytes)
      throw new Error(`broken assumption in requorum: a bbolt key of ${String(key.length)} bytes`);
    if (value.length > valueBytesMax) throw new Error(`broken assumption in requorum: a bbolt value of ${String(value.length)} bytes`);
    this.assertAfterLast(key);
    const size = elementBytes + key.length + value.length;
    if (this.elements.length >= keysPerPageMin && this.leafBytes + size > this.threshold) this.writeLeaf();
    this.reserve(key.length + value.length);
    this.data.set(key, this.dataBytes);
    this.data.set(value, this.dataBytes + key.length);
    this.lastKeyStart = this.dataBytes;
    this.lastKeyEnd = this.dataBytes + key.length;
    this.dataBytes += key.length + value.length;
    this.elements.push({ flags, keyBytes: key.length, valueBytes: value.length });
    if (flags === bucketElementFlag) this.hasBuckets = true;
  }

  /** Throws when `key` is not after the last one. The last key stays readable in `data` after its leaf was written. */
  assertAfterLast(key: Uint8Array): void {
    assertInvariant(
      this.lastKeyEnd === 0 || compareKeyAt(this.data, this.lastKeyStart, this.lastKeyEnd, key) < 0,
      "keys for a bbolt bucket that do not ascend",
    );
  }

  /** Ends the bucket and gives its element's value: its root page, or the page itself when it is small (bbolt bucket.go, inlineable and write). */
  finishAsElement(sequence: bigint): Uint8Array {
    const isInline = this.leavesWritten === 0 && !this.hasBuckets && this.leafBytes <= this.output.pageSize / 4;
    const value = new Uint8Array(bucketHeaderBytes + (isInline ? this.leafBytes : 0));
    if (isInline) {
      const page = value.subarray(bucketHeaderBytes);
      writePageHeader(page, { id: 0, flags: pageFlags.leaf, count: this.elements.length, overflow: 0 });
      this.fillLeaf(page);
    }
    const view = new DataView(value.buffer);
    writeUint64(view, 0, isInline ? 0 : this.finish());
    view.setBigUint64(8, sequence, true);
    return value;
  }

  /** Ends the bucket and gives the id of its root page. */
  finish(): number {
    let rootId = this.writeLeaf();
    for (let depth = 0; ; depth += 1) {
      const level = this.levels[depth];
      // The level below had one page only: that is the root.
      if (level === undefined || (level.pages === 0 && level.ids.length === 1)) return rootId;
      rootId = this.writeBranch(depth, level.ids.length);
    }
  }

  private get leafBytes(): number {
    return pageHeaderBytes + elementBytes * this.elements.length + this.dataBytes;
  }

  private reserve(more: number): void {
    const needed = this.dataBytes + more;
    if (needed <= this.data.length) return;
    const larger = new Uint8Array(Math.max(needed, this.data.length * 2));
    larger.set(this.data.subarray(0, Math.max(this.dataBytes, this.lastKeyEnd)));
    this.data = larger;
  }

  private writeLeaf(): number {
    const { id, bytes } = this.output.page(this.leafBytes, { flags: pageFlags.leaf, count: this.elements.length });
    this.fillLeaf(bytes);
    this.output.done(bytes);
    this.leavesWritten += 1;
    const firstKey = this.data.slice(0, this.elements[0]?.keyBytes ?? 0);
    this.elements.length = 0;
    this.dataBytes = 0;
    this.addChild(0, firstKey, id);
    return id;
  }

  private fillLeaf(page: Uint8Array): void {
    const view = new DataView(page.buffer, page.byteOffset, page.length);
    const dataStart = pageHeaderBytes + elementBytes * this.elements.length;
    let dataOffset = dataStart;
    let index = 0;
    for (const element of this.elements) {
      writeLeafElement(view, index, dataOffset, element);
      dataOffset += element.keyBytes + element.valueBytes;
      index += 1;
    }
    page.set(this.data.subarray(0, this.dataBytes), dataStart);
  }

  private addChild(depth: number, key: Uint8Array, id: number): void {
    const level = (this.levels[depth] ??= { keys: [], ids: [], usedBytes: pageHeaderBytes, pages: 0 });
    const size = elementBytes + key.length;
    // One child stays behind, so that no branch page has a single one (bbolt node.go, minKeys).
    if (level.ids.length > keysPerPageMin && level.usedBytes + size > this.threshold) this.writeBranch(depth, level.ids.length - 1);
    level.keys.push(key);
    level.ids.push(id);
    level.usedBytes += size;
  }

  /** A page of the first `count` children of this level, which becomes a child of the level above. */
  private writeBranch(depth: number, count: number): number {
    const level = this.levels[depth];
    assertInvariant(level !== undefined && count >= 1, "a branch page without children");
    const keys = level.keys.splice(0, count);
    const ids = level.ids.splice(0, count);
    const dataBytes = keys.reduce((sum, key) => sum + key.length, 0);
    const usedBytes = pageHeaderBytes + elementBytes * count + dataBytes;
    const { id, bytes } = this.output.page(usedBytes, { flags: pageFlags.branch, count });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let dataOffset = pageHeaderBytes + elementBytes * count;
    for (const [index, key] of keys.entries()) {
      writeBranchElement(view, { index, dataOffset, keyBytes: key.length, childId: ids[index] ?? 0 });
      bytes.set(key, dataOffset);
      dataOffset += key.length;
    }
    this.output.done(bytes);
    level.usedBytes -= elementBytes * count + dataBytes;
    level.pages += 1;
    this.addChild(depth + 1, keys[0] ?? new Uint8Array(0), id);
    return id;
  }
}
