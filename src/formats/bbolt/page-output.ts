import { assertInvariant } from "../../model/recovery-error.ts";
import { elementBytes, pageHeaderBytes } from "./bolt-layout.ts";
import type { BoltSink } from "./bolt-sink.ts";
import { roomyBytes } from "./bolt-pages.ts";

const bufferBytes = 1024 * 1024;

/** Gives out page ids in the order of the file, and collects small pages so that the sink gets large writes. */
export class PageOutput {
  readonly pageSize: number;
  /** The id of the next page. */
  nextId = 0;
  private readonly sink: BoltSink;
  private readonly afterWrite: (writtenBytes: number) => void;
  private readonly buffer = new Uint8Array(bufferBytes);
  private used = 0;
  /** For pages that have no place in the buffer. */
  private large = new Uint8Array(0);
  private writtenBytes = 0;

  constructor(sink: BoltSink, pageSize: number, afterWrite: (writtenBytes: number) => void) {
    this.sink = sink;
    this.pageSize = pageSize;
    this.afterWrite = afterWrite;
  }

  /**
   * Room for a page of `usedBytes`, rounded up to whole pages: the page's
   * header, then bytes of no meaning up to `usedBytes`, all of which the caller
   * fills before the next call, then zeros.
   */
  page(usedBytes: number, header: { readonly flags: number; readonly count: number }): { readonly id: number; readonly bytes: Uint8Array } {
    const pages = Math.max(1, Math.ceil(usedBytes / this.pageSize));
    const bytes = this.room(pages * this.pageSize);
    bytes.fill(0, usedBytes);
    const id = this.nextId;
    this.nextId += pages;
    writePageHeader(bytes, { id, flags: header.flags, count: header.count, overflow: pages - 1 });
    return { id, bytes };
  }

  /** To be called after the page was filled: a large one has no place in the buffer. */
  done(bytes: Uint8Array): void {
    if (bytes.buffer !== this.buffer.buffer) this.pass(bytes);
  }

  flush(): void {
    if (this.used > 0) this.pass(this.buffer.subarray(0, this.used));
    this.used = 0;
  }

  private room(sizeBytes: number): Uint8Array {
    if (this.used + sizeBytes > bufferBytes) this.flush();
    if (sizeBytes > bufferBytes) {
      if (this.large.length < sizeBytes) this.large = new Uint8Array(roomyBytes(sizeBytes));
      return this.large.subarray(0, sizeBytes);
    }
    const bytes = this.buffer.subarray(this.used, this.used + sizeBytes);
    this.used += sizeBytes;
    return bytes;
  }

  private pass(bytes: Uint8Array): void {
    this.sink.write(bytes);
    this.writtenBytes += bytes.length;
    this.afterWrite(this.writtenBytes);
  }
}

export function writePageHeader(
  bytes: Uint8Array,
  header: { readonly id: number; readonly flags: number; readonly count: number; readonly overflow: number },
): void {
  assertInvariant(header.count < 0xffff, `a bbolt page of ${String(header.count)} elements`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, pageHeaderBytes);
  writeUint64(view, 0, header.id);
  view.setUint16(8, header.flags, true);
  view.setUint16(10, header.count, true);
  view.setUint32(12, header.overflow, true);
}

export interface LeafElement {
  readonly flags: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** The head of a leaf's element; its key and value stand at `dataOffset`, counted from the page's start. */
export function writeLeafElement(view: DataView, index: number, dataOffset: number, element: LeafElement): void {
  const at = pageHeaderBytes + elementBytes * index;
  view.setUint32(at, element.flags, true);
  view.setUint32(at + 4, dataOffset - at, true);
  view.setUint32(at + 8, element.keyBytes, true);
  view.setUint32(at + 12, element.valueBytes, true);
}

export function writeBranchElement(
  view: DataView,
  element: { readonly index: number; readonly dataOffset: number; readonly keyBytes: number; readonly childId: number },
): void {
  const at = pageHeaderBytes + elementBytes * element.index;
  view.setUint32(at, element.dataOffset - at, true);
  view.setUint32(at + 4, element.keyBytes, true);
  writeUint64(view, at + 8, element.childId);
}

/** Of a number up to 2^53. */
export function writeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value >>> 0, true);
  view.setUint32(offset + 4, Math.floor(value / 4_294_967_296), true);
}
