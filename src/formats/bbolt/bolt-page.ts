import { compareKeyAt, compareKeysWithin } from "./compare-keys.ts";
import { bucketElementFlag, bucketHeaderBytes, elementBytes, maxKeyBytes, pageFlags, pageHeaderBytes, readUint64 } from "./bolt-layout.ts";

/** What is wrong with a page, and where in the file. */
export interface PageFault {
  readonly offset: number;
  readonly what: string;
}

/** A page's first 16 bytes, as they stand there. */
export interface PageHeader {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  readonly overflow: number;
}

export function readPageHeader(view: DataView, start: number): PageHeader {
  return {
    id: readUint64(view, start),
    flags: view.getUint16(start + 8, true),
    count: view.getUint16(start + 10, true),
    overflow: view.getUint32(start + 12, true),
  };
}

/**
 * A branch or leaf page with its overflow, somewhere in a buffer. The getters
 * trust the numbers in it: they may be used once `findPageFault` found nothing.
 */
export class BoltPage {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** In `bytes`. */
  readonly start: number;
  /** Of the page with its overflow; of an inline page, to the end of its value. */
  readonly sizeBytes: number;
  /** 0 for an inline page. */
  readonly id: number;
  /** Of the page, from the start of the file. */
  readonly fileOffset: number;
  readonly isLeaf: boolean;
  readonly count: number;

  constructor(place: {
    readonly bytes: Uint8Array;
    readonly view: DataView;
    readonly start: number;
    readonly sizeBytes: number;
    readonly fileOffset: number;
    readonly header: PageHeader;
  }) {
    this.bytes = place.bytes;
    this.view = place.view;
    this.start = place.start;
    this.sizeBytes = place.sizeBytes;
    this.fileOffset = place.fileOffset;
    this.id = place.header.id;
    this.isLeaf = place.header.flags === pageFlags.leaf;
    this.count = place.header.count;
  }

  /** Where the element begins, in `bytes`. */
  private element(index: number): number {
    return this.start + pageHeaderBytes + elementBytes * index;
  }
  keyStart(index: number): number {
    const element = this.element(index);
    return element + this.view.getUint32(this.isLeaf ? element + 4 : element, true);
  }
  keySize(index: number): number {
    const element = this.element(index);
    return this.view.getUint32(this.isLeaf ? element + 8 : element + 4, true);
  }
  key(index: number): Uint8Array {
    const start = this.keyStart(index);
    return this.bytes.subarray(start, start + this.keySize(index));
  }
  /** Of a leaf. */
  valueSize(index: number): number {
    return this.view.getUint32(this.element(index) + 12, true);
  }
  /** Of a leaf. */
  value(index: number): Uint8Array {
    const start = this.keyStart(index) + this.keySize(index);
    return this.bytes.subarray(start, start + this.valueSize(index));
  }
  /** Of a leaf: the element is a nested bucket. */
  isBucket(index: number): boolean {
    return (this.view.getUint32(this.element(index), true) & bucketElementFlag) !== 0;
  }
  /** Of a branch. */
  childId(index: number): number {
    return readUint64(this.view, this.element(index) + 8);
  }
  /** From the start of the file, of a place in `bytes`. */
  offsetInFile(at: number): number {
    return this.fileOffset + at - this.start;
  }
  /** Where the value of this leaf element begins, in `bytes`. */
  valueStart(index: number): number {
    return this.keyStart(index) + this.keySize(index);
  }

  /** The index of the first key that is not before `key`; `count` when all are. */
  lowerBound(key: Uint8Array): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(middle, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  /** Of the key at `index` with `key`. */
  compare(index: number, key: Uint8Array): number {
    const start = this.keyStart(index);
    return compareKeyAt(this.bytes, start, start + this.keySize(index), key);
  }
}

/**
 * The first thing in the page that bbolt would not have written: elements and
 * data that do not follow each other without gap or overlap, keys that do not
 * ascend, sizes beyond the page, page ids outside `[2, pageCount)`.
 * Source: bbolt internal/common/inode.go (WriteInodeToPage; in 1.3 node.go, write), node.go (spill: the size of a page).
 */
export function findPageFault(page: BoltPage, pageCount: number): PageFault | undefined {
  const { bytes, view, start, count, isLeaf } = page;
  const end = start + page.sizeBytes;
  let data = start + pageHeaderBytes + elementBytes * count;
  if (data > end) return { offset: page.fileOffset, what: `${named(page)} has ${String(count)} elements, which do not fit` };
  let previousStart = 0;
  let previousEnd = 0;
  for (let index = 0; index < count; index += 1) {
    const element = start + pageHeaderBytes + elementBytes * index;
    const keyStart = element + view.getUint32(isLeaf ? element + 4 : element, true);
    const keySize = view.getUint32(isLeaf ? element + 8 : element + 4, true);
    if (keyStart !== data || keySize === 0 || keySize > maxKeyBytes) return misplacedElement(page, index);
    const keyEnd = keyStart + keySize;
    data = isLeaf ? keyEnd + view.getUint32(element + 12, true) : keyEnd;
    if (data > end) return misplacedElement(page, index);
    if (isLeaf ? !isLeafElement(view, element) : !isChild(page, index, pageCount)) return strangeElement(page, index);
    if (index > 0 && compareKeysWithin(bytes, previousStart, previousEnd, keyStart, keyEnd) >= 0)
      return { offset: page.offsetInFile(keyStart), what: `key ${String(index)} of ${named(page)} is not after the key before it` };
    previousStart = keyStart;
    previousEnd = keyEnd;
  }
  return undefined;
}

function named(page: BoltPage): string {
  if (page.id === 0) return "an inline page";
  return `${page.isLeaf ? "leaf" : "branch"} page ${String(page.id)}`;
}

function isLeafElement(view: DataView, element: number): boolean {
  const flags = view.getUint32(element, true);
  return flags === 0 || (flags === bucketElementFlag && view.getUint32(element + 12, true) >= bucketHeaderBytes);
}

function isChild(page: BoltPage, index: number, pageCount: number): boolean {
  const id = page.childId(index);
  return id >= 2 && id < pageCount && id !== page.id;
}

function misplacedElement(page: BoltPage, index: number): PageFault {
  const offset = page.fileOffset + pageHeaderBytes + elementBytes * index;
  return { offset, what: `element ${String(index)} of ${named(page)}: its place or sizes do not fit the elements around it` };
}

function strangeElement(page: BoltPage, index: number): PageFault {
  const offset = page.fileOffset + pageHeaderBytes + elementBytes * index;
  if (page.isLeaf)
    return { offset, what: `element ${String(index)} of ${named(page)} has unknown flags, or is a bucket without its header` };
  return {
    offset,
    what: `element ${String(index)} of ${named(page)} names page ${String(page.childId(index))}, which cannot be its child`,
  };
}

/** Where the data of the last element ends, counted from the page's start. */
export function usedBytes(page: BoltPage): number {
  if (page.count === 0) return pageHeaderBytes;
  const last = page.count - 1;
  return page.keyStart(last) + page.keySize(last) + (page.isLeaf ? page.valueSize(last) : 0) - page.start;
}
