import type { ByteSource } from "../byte-source.ts";
import { BoltCursor } from "./bolt-cursor.ts";
import { readUint64 } from "./bolt-layout.ts";
import { chooseMeta } from "./bolt-meta.ts";
import type { BoltPage } from "./bolt-page.ts";
import { BoltPages } from "./bolt-pages.ts";
import type { BoltBucket, BoltEntry, BoltMetaFacts, BoltReader } from "./bolt-reader.ts";
import { inlinePage } from "./inline-page.ts";

/**
 * Opens a bbolt file: the meta page that bbolt itself would choose, and
 * nothing else is read. A file that is cut off opens; FILE_DAMAGED comes where
 * a page is missing (`checkBolt` looks at all of them). Throws
 * FILE_NOT_RECOGNISED when it is no bbolt file, FILE_DAMAGED when both meta
 * pages are, FILE_UNSUPPORTED for another format version. The source must not
 * change while the reader is used: of a living member's file only a snapshot
 * is readable (failure catalogue M9).
 */
export function openBolt(source: ByteSource): BoltReader {
  const { meta, otherMeta } = chooseMeta(source);
  return new BoltFile(source, meta, otherMeta);
}

class BoltFile implements BoltReader {
  readonly name: string;
  readonly meta: BoltMetaFacts;
  readonly otherMeta: BoltReader["otherMeta"];
  private readonly pages: BoltPages;

  constructor(source: ByteSource, meta: BoltMetaFacts, otherMeta: BoltReader["otherMeta"]) {
    this.name = source.name;
    this.meta = meta;
    this.otherMeta = otherMeta;
    this.pages = new BoltPages(source, meta);
  }

  get root(): BoltBucket {
    return new FileBucket(this.pages, "", this.pages.load(Number(this.meta.rootPage)));
  }
}

const utf8 = new TextDecoder();

/** A bucket whose root page is at hand. */
class FileBucket implements BoltBucket {
  readonly name: string;
  private readonly pages: BoltPages;
  private readonly root: BoltPage;

  constructor(pages: BoltPages, name: string, root: BoltPage) {
    this.pages = pages;
    this.name = name;
    this.root = root;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const cursor = this.find(key);
    return cursor === undefined || cursor.page.isBucket(cursor.index) ? undefined : cursor.page.value(cursor.index);
  }

  bucket(name: Uint8Array): BoltBucket | undefined {
    const cursor = this.find(name);
    if (cursor?.page.isBucket(cursor.index) !== true) return undefined;
    const { page, index } = cursor;
    const rootId = readUint64(page.view, page.valueStart(index));
    const root = rootId === 0 ? this.pages.orThrow(inlinePage(page, index)) : this.pages.load(rootId);
    const own = utf8.decode(name);
    return new FileBucket(this.pages, this.name === "" ? own : `${this.name}/${own}`, root);
  }

  *entries(from?: Uint8Array, options?: { readonly reusesMemory: boolean }): Iterable<BoltEntry> {
    const cursor = new BoltCursor(this.pages, this.root, options);
    for (let isThere = cursor.seek(from); isThere; isThere = cursor.next()) {
      const { page, index } = cursor;
      if (!page.isBucket(index)) yield { key: page.key(index), value: page.value(index) };
    }
  }

  *bucketNames(): Iterable<Uint8Array> {
    const cursor = new BoltCursor(this.pages, this.root);
    for (let isThere = cursor.seek(undefined); isThere; isThere = cursor.next()) {
      if (cursor.page.isBucket(cursor.index)) yield cursor.page.key(cursor.index);
    }
  }

  private find(key: Uint8Array): BoltCursor | undefined {
    const cursor = new BoltCursor(this.pages, this.root);
    return cursor.seek(key) && cursor.page.compare(cursor.index, key) === 0 ? cursor : undefined;
  }
}
