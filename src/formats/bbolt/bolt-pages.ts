import { readBytes, type ByteSource } from "../byte-source.ts";
import { damaged, unsupported } from "../format-error.ts";
import { elementBytes, pageFlags, pageHeaderBytes } from "./bolt-layout.ts";
import { BoltPage, findPageFault, readPageHeader, type PageFault, type PageHeader } from "./bolt-page.ts";
import type { BoltMetaFacts } from "./bolt-reader.ts";

/** What single look-ups keep of branches: those of an 8 GiB file fit five times into a tenth of the memory goal. */
const cachedBranchBytesMax = 32 * 1024 * 1024;
/**
 * And of leaves: enough for look-ups that are near each other. Of many all
 * over the file, few find what they need, and pages that are kept for long
 * cost more to give back than to read again.
 */
const cachedLeafBytesMax = 512 * 1024;
/** Of the pages that are larger with their overflow only the last one is kept: many a look-up ends in the same place. */
const cachedPageBytesMax = 256 * 1024;
/** From this size on a page must show that it is full before it is read whole. */
const unprovenBytesMax = 1024 * 1024;
/** etcd's largest request is 1.5 MiB unless somebody raised it; a leaf holds few large values. */
const pageBytesMax = 256 * 1024 * 1024;
/** bbolt splits a branch page that is larger than a page of the file unless it has at most four keys, of at most 32 KiB each. */
const branchBytesMax = 256 * 1024;
/** Reading ahead: a first page is read alone, for many walks end in it. */
const readAheadBytesMin = 32 * 1024;
const readAheadBytesMax = 512 * 1024;
/** The next page is near when reading what lies between costs less than another call. */
const nearPages = 16;

/** The pages of one bbolt file, each checked by itself (`findPageFault`) before it is given out. */
export class BoltPages {
  readonly source: ByteSource;
  readonly pageSize: number;
  /** bbolt's high water mark: every id in use is below it. */
  readonly pageCount: number;
  private readonly branches = new PageCache(cachedBranchBytesMax);
  private readonly leaves = new PageCache(cachedLeafBytesMax);
  private lastLarge: BoltPage | undefined;

  constructor(source: ByteSource, meta: BoltMetaFacts) {
    this.source = source;
    this.pageSize = meta.pageSizeBytes;
    this.pageCount = Number(meta.highWaterPage);
  }

  /** For look-ups; recently used pages come from memory. Throws FILE_DAMAGED. */
  load(id: number): BoltPage {
    const cached = this.branches.get(id) ?? this.leaves.get(id);
    if (cached !== undefined) return cached;
    if (this.lastLarge?.id === id) return this.lastLarge;
    const page = this.orThrow(this.read(id));
    if (page.sizeBytes > cachedPageBytesMax) this.lastLarge = page;
    else (page.isLeaf ? this.leaves : this.branches).keep(page);
    return page;
  }

  orThrow(page: BoltPage | PageFault): BoltPage {
    if (page instanceof BoltPage) return page;
    throw damaged(this.source.name, page.offset, page.what);
  }

  /** Not kept. What is given is valid until `memory` is used again; without it, for good. */
  read(id: number, memory = newPageMemory(this.pageSize)): BoltPage | PageFault {
    const fault = this.idFault(id);
    if (fault !== undefined) return fault;
    this.source.readInto(id * this.pageSize, memory.bytes);
    return this.pageIn(memory.bytes, memory.view, 0, id);
  }

  /** Of a page id that the file names somewhere. */
  idFault(id: number): PageFault | undefined {
    if (id < 2 || id >= this.pageCount) {
      return { offset: 0, what: `page ${String(id)} is named, but pages in use are 2 to ${String(this.pageCount - 1)}` };
    }
    if ((id + 1) * this.pageSize > this.source.size)
      return { offset: this.source.size, what: `the file ends before page ${String(id)}: it is cut off` };
    return undefined;
  }

  /** The page at `bytes[start]`, where at least its first `pageSize` bytes are; where not all of it is there, it is read into memory of `roomFor`. */
  pageIn(bytes: Uint8Array, view: DataView, start: number, id: number, roomFor = newPageMemory): BoltPage | PageFault {
    const header = readPageHeader(view, start);
    const fault = this.headerFault(header, id);
    if (fault !== undefined) return fault;
    const sizeBytes = (header.overflow + 1) * this.pageSize;
    const fileOffset = id * this.pageSize;
    if (start + sizeBytes <= bytes.length) return this.checked(new BoltPage({ bytes, view, start, sizeBytes, fileOffset, header }));
    const unproven = sizeBytes > unprovenBytesMax ? this.sizeFault(header, fileOffset, sizeBytes) : undefined;
    if (unproven !== undefined) return unproven;
    const whole = roomFor(sizeBytes);
    this.source.readInto(fileOffset, whole.bytes.subarray(0, sizeBytes));
    return this.checked(new BoltPage({ ...whole, start: 0, sizeBytes, fileOffset, header }));
  }

  private checked(page: BoltPage): BoltPage | PageFault {
    return findPageFault(page, this.pageCount) ?? page;
  }

  private headerFault(header: PageHeader, id: number): PageFault | undefined {
    const offset = id * this.pageSize;
    if (header.id !== id) return { offset, what: `where page ${String(id)} belongs is a page that calls itself ${String(header.id)}` };
    if (header.flags !== pageFlags.branch && header.flags !== pageFlags.leaf)
      return { offset, what: `page ${String(id)} has flags 0x${header.flags.toString(16)}: it is neither branch nor leaf` };
    if (header.flags === pageFlags.branch && header.overflow * this.pageSize > branchBytesMax)
      return { offset, what: `branch page ${String(id)} goes on for ${String(header.overflow)} more pages` };
    if (id + header.overflow >= this.pageCount)
      return { offset, what: `page ${String(id)} goes on for ${String(header.overflow)} more pages, beyond the last page in use` };
    if ((id + header.overflow + 1) * this.pageSize > this.source.size)
      return {
        offset,
        what: `page ${String(id)} goes on for ${String(header.overflow)} more pages, beyond the end of the file: it is cut off`,
      };
    return undefined;
  }

  /** A damaged overflow count must not make us read gigabytes: the last element says where the page ends. Throws FILE_UNSUPPORTED. */
  private sizeFault(header: PageHeader, fileOffset: number, sizeBytes: number): PageFault | undefined {
    const place = fileOffset + pageHeaderBytes + elementBytes * (header.count - 1);
    const what = `page ${String(header.id)} goes on for ${String(header.overflow)} more pages, and its elements do not`;
    if (header.count === 0 || place + elementBytes > fileOffset + sizeBytes) return { offset: fileOffset, what };
    const bytes = readBytes(this.source, place, elementBytes);
    const last = new DataView(bytes.buffer);
    const isLeaf = header.flags === pageFlags.leaf;
    const data = isLeaf
      ? last.getUint32(4, true) + last.getUint32(8, true) + last.getUint32(12, true)
      : last.getUint32(0, true) + last.getUint32(4, true);
    const usedBytes = place - fileOffset + data;
    if (usedBytes > sizeBytes || sizeBytes - usedBytes > this.pageSize) return { offset: fileOffset, what };
    if (sizeBytes > pageBytesMax)
      throw unsupported(this.source.name, fileOffset, `a page of ${String(sizeBytes)} bytes; up to ${String(pageBytesMax)} are read`);
    return undefined;
  }
}

/** Pages that grow slowly must not each leave their memory behind; twice of a very large one would be much. */
const extraBytesMax = 4 * 1024 * 1024;

/** How much memory is taken for a page that has no place among the others. */
export function roomyBytes(sizeBytes: number): number {
  return sizeBytes + Math.min(sizeBytes, extraBytesMax);
}

/** Room for one page; both are of the same bytes. */
interface PageMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

function newPageMemory(sizeBytes: number): PageMemory {
  const bytes = new Uint8Array(sizeBytes);
  return { bytes, view: new DataView(bytes.buffer) };
}

/**
 * The branch pages of a walk: only one of each depth is in use at a time, and
 * they share its memory. With memory of its own for each, a walk over gigabytes
 * leaves many megabytes to a collector that does not see them.
 */
export class BranchMemory {
  private readonly pages: BoltPages;
  private readonly byDepth: PageMemory[] = [];

  constructor(pages: BoltPages) {
    this.pages = pages;
  }

  /** Valid until another page of this depth is asked for. */
  read(id: number, depth: number): BoltPage | PageFault {
    return this.pages.read(id, (this.byDepth[depth] ??= newPageMemory(this.pages.pageSize)));
  }
}

/** The pages that were used last. */
class PageCache {
  private readonly pages = new Map<number, BoltPage>();
  private readonly bytesMax: number;
  private bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get(id: number): BoltPage | undefined {
    const page = this.pages.get(id);
    if (page === undefined) return undefined;
    this.pages.delete(id);
    this.pages.set(id, page);
    return page;
  }

  keep(page: BoltPage): void {
    this.pages.set(page.id, page);
    this.bytes += page.sizeBytes;
    for (const [id, oldest] of this.pages) {
      if (this.bytes <= this.bytesMax) break;
      this.pages.delete(id);
      this.bytes -= oldest.sizeBytes;
    }
  }
}

/** The pages of a walk in key order: where they follow each other in the file they are read many at a time. */
export class ReadAhead {
  private readonly pages: BoltPages;
  private readonly reusesMemory: boolean;
  private memory: Uint8Array = new Uint8Array(0);
  /** What of it is filled. */
  private bytes = this.memory;
  private view = new DataView(this.memory.buffer);
  /** Of `bytes`, from the start of the file. */
  private offset = 0;
  private nextBytes = readAheadBytesMin;
  /** Of a page that is too large to be read ahead. */
  private large = newPageMemory(0);
  private readonly roomForLarge: (sizeBytes: number) => PageMemory;

  /**
   * With `reusesMemory` a leaf is valid until the next call: that saves half
   * the time of reading. Without, bytes once read are never written to again,
   * so that keys and values may be kept.
   */
  constructor(pages: BoltPages, options: { readonly reusesMemory: boolean }) {
    this.pages = pages;
    this.reusesMemory = options.reusesMemory;
    this.roomForLarge = options.reusesMemory ? (sizeBytes) => this.sharedRoom(sizeBytes) : newPageMemory;
  }

  /** `nextId` is what the walk will ask for next, when that is known. */
  page(id: number, nextId: number | undefined): BoltPage | PageFault {
    const { pages } = this;
    const fault = pages.idFault(id);
    if (fault !== undefined) return fault;
    const offset = id * pages.pageSize;
    if (!this.holds(offset, pages.pageSize)) this.fill(offset, this.bytesWanted(id, nextId));
    const { overflow } = readPageHeader(this.view, offset - this.offset);
    const sizeBytes = (overflow + 1) * pages.pageSize;
    if (!this.holds(offset, sizeBytes) && sizeBytes <= readAheadBytesMax)
      this.fill(offset, Math.max(sizeBytes, this.bytesWanted(id, nextId)));
    const page = pages.pageIn(this.bytes, this.view, offset - this.offset, id, this.roomForLarge);
    // A branch outlives the next call; here stands one only where leaves are of different depth.
    return this.reusesMemory && page instanceof BoltPage && !page.isLeaf ? pages.read(id) : page;
  }

  private holds(offset: number, sizeBytes: number): boolean {
    return offset >= this.offset && offset + sizeBytes <= this.offset + this.bytes.length;
  }

  private sharedRoom(sizeBytes: number): PageMemory {
    if (this.large.bytes.length < sizeBytes) this.large = newPageMemory(roomyBytes(sizeBytes));
    return this.large;
  }

  private bytesWanted(id: number, nextId: number | undefined): number {
    const isNextNear = nextId !== undefined && nextId > id && nextId - id <= nearPages;
    const wanted = isNextNear ? this.nextBytes : this.pages.pageSize;
    if (isNextNear) this.nextBytes = Math.min(readAheadBytesMax, this.nextBytes * 4);
    else if (nextId !== undefined) this.nextBytes = readAheadBytesMin;
    return wanted;
  }

  /** From `offset` on; less where the file ends, which leaves at least one page (`idFault`). */
  private fill(offset: number, wanted: number): void {
    const { pageSize, pageCount, source } = this.pages;
    const length = Math.min(Math.max(pageSize, wanted), source.size - offset, pageCount * pageSize - offset);
    if (!this.reusesMemory || this.memory.length < length) {
      this.memory = new Uint8Array(length);
      this.view = new DataView(this.memory.buffer);
    }
    this.bytes = this.memory.subarray(0, length);
    this.offset = offset;
    source.readInto(offset, this.bytes);
  }
}
