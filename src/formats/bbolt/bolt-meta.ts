import type { ByteSource } from "../byte-source.ts";
import { readBytes } from "../byte-source.ts";
import { damaged, notRecognised, unsupported } from "../format-error.ts";
import {
  boltMagic,
  boltMagicBigEndian,
  boltVersion,
  metaBytes,
  metaOffsets,
  noFreelistPage,
  pageHeaderBytes,
  pageSizeMax,
  pageSizeMin,
} from "./bolt-layout.ts";
import type { BoltMetaFacts, BoltReader } from "./bolt-reader.ts";

/** One of the two meta pages, or why it cannot be used. */
export type MetaVerdict =
  | { readonly kind: "good"; readonly facts: BoltMetaFacts }
  | {
      readonly kind: "bad";
      readonly because: string;
      /** It is bbolt's at all. */ readonly hasMagic: boolean;
      /** Whole, but of this other form. */ readonly otherForm: string | undefined;
      /** As it stands there. */ readonly transactionId: bigint | undefined;
    };

export interface MetaChoice {
  readonly meta: BoltMetaFacts;
  readonly otherMeta: BoltReader["otherMeta"];
}

/**
 * The meta page that bbolt would use: the one with the higher transaction id
 * among those whose magic, version and checksum are right. The page size comes
 * from the first; when that is damaged, the second is looked for at every page
 * size. Throws FILE_NOT_RECOGNISED, FILE_DAMAGED, FILE_UNSUPPORTED.
 * Source: bbolt db.go (getPageSize, mmap, meta), internal/common/meta.go (Validate, Sum64).
 */
export function chooseMeta(source: ByteSource): MetaChoice {
  const first = readMeta(source, 0, 0);
  const second = first.kind === "good" ? readMeta(source, first.facts.pageSizeBytes, 1) : findSecond(source);
  if (first.kind === "good" && second.kind === "good") {
    if (first.facts.pageSizeBytes !== second.facts.pageSizeBytes)
      throw damaged(source.name, first.facts.pageSizeBytes, "its two meta pages name two different page sizes");
    const isSecondNewer = second.facts.transactionId > first.facts.transactionId;
    return { meta: isSecondNewer ? second.facts : first.facts, otherMeta: { kind: "older" } };
  }
  if (first.kind === "good" && second.kind === "bad") return { meta: first.facts, otherMeta: damagedMeta(source, second, first.facts) };
  if (second.kind === "good" && first.kind === "bad") return { meta: second.facts, otherMeta: damagedMeta(source, first, second.facts) };
  throw bothBad(source, first, second);
}

function damagedMeta(
  source: ByteSource,
  { because, transactionId }: Extract<MetaVerdict, { kind: "bad" }>,
  used: BoltMetaFacts,
): MetaChoice["otherMeta"] {
  // Where the number itself is what was damaged, the newest commit would pass for the one before.
  const offset = used.pageIndex === 0 ? used.pageSizeBytes : 0;
  const fitting = [used.transactionId + 1n, used.transactionId - 1n].find((one) => fitsTransaction(source, offset, one));
  return { kind: "damaged", because, transactionId: fitting ?? transactionId };
}

/** Whether the meta page at this offset is whole but for its number, which was this one. */
function fitsTransaction(source: ByteSource, offset: number, transactionId: bigint): boolean {
  if (source.size < offset + pageHeaderBytes + metaBytes) return false;
  const bytes = readBytes(source, offset + pageHeaderBytes, metaBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(metaOffsets.transaction, transactionId, true);
  return view.getBigUint64(metaOffsets.checksum, true) === fnv64a(bytes.subarray(0, metaOffsets.checksum));
}

function bothBad(source: ByteSource, first: MetaVerdict, second: MetaVerdict): Error {
  const bad = [first, second].flatMap((verdict) => (verdict.kind === "bad" ? [verdict] : []));
  const otherForm = bad.map((verdict) => verdict.otherForm).find((form) => form !== undefined);
  if (otherForm !== undefined) return unsupported(source.name, 0, `a bbolt file ${otherForm}`);
  if (bad.some((verdict) => verdict.hasMagic))
    return damaged(source.name, 0, `both meta pages are damaged: ${bad.map((verdict) => verdict.because).join("; ")}`);
  return notRecognised(source.name, "a bbolt database", "neither of the places of its meta pages has bbolt's magic number");
}

/** Its place depends on the page size, which the damaged first page cannot tell. */
function findSecond(source: ByteSource): MetaVerdict {
  let best: MetaVerdict | undefined;
  for (let pageSize = pageSizeMin; pageSize <= pageSizeMax; pageSize *= 2) {
    const verdict = readMeta(source, pageSize, 1);
    if (verdict.kind === "good") {
      // A copy of a meta page inside a value names a page size that is not its place.
      if (verdict.facts.pageSizeBytes === pageSize) return verdict;
    } else if (best === undefined || (verdict.hasMagic && best.kind === "bad" && !best.hasMagic)) best = verdict;
  }
  return best ?? bad("there is no second meta page");
}

interface BadMeta {
  readonly hasMagic?: boolean;
  readonly otherForm?: string | undefined;
  readonly transactionId?: bigint;
}

function bad(because: string, { hasMagic = false, otherForm, transactionId }: BadMeta = {}): MetaVerdict {
  return { kind: "bad", because, hasMagic, otherForm, transactionId };
}

/** The meta page at this offset. Only what bbolt itself checks decides: the page's header is not part of its checksum. */
export function readMeta(source: ByteSource, offset: number, pageIndex: 0 | 1): MetaVerdict {
  const name = `meta page ${String(pageIndex)}`;
  if (source.size < offset + pageHeaderBytes + metaBytes) return bad(`${name}: the file ends before it`);
  const bytes = readBytes(source, offset + pageHeaderBytes, metaBytes);
  const view = new DataView(bytes.buffer);
  const magic = view.getUint32(metaOffsets.magic, true);
  const transactionId = view.getBigUint64(metaOffsets.transaction, true);
  if (magic === boltMagicBigEndian) return bad(`${name}: written by a big-endian machine`, { otherForm: "of a big-endian machine" });
  if (magic !== boltMagic) return bad(`${name}: it does not begin with bbolt's magic number`, { transactionId });
  const isWhole = view.getBigUint64(metaOffsets.checksum, true) === fnv64a(bytes.subarray(0, metaOffsets.checksum));
  const version = view.getUint32(metaOffsets.version, true);
  if (version !== boltVersion)
    return bad(`${name}: format version ${String(version)}, not ${String(boltVersion)}`, {
      hasMagic: true,
      transactionId,
      otherForm: isWhole ? `of format version ${String(version)}, not ${String(boltVersion)}` : undefined,
    });
  if (!isWhole) return bad(`${name}: its checksum is wrong`, { hasMagic: true, transactionId });
  const pageSizeBytes = view.getUint32(metaOffsets.pageSize, true);
  if (pageSizeBytes < pageSizeMin || pageSizeBytes > pageSizeMax || (pageSizeBytes & (pageSizeBytes - 1)) !== 0)
    return bad(`${name}: a page size of ${String(pageSizeBytes)} bytes`, {
      hasMagic: true,
      transactionId,
      otherForm: `with pages of ${String(pageSizeBytes)} bytes`,
    });
  const freelistPage = view.getBigUint64(metaOffsets.freelist, true);
  return {
    kind: "good",
    facts: {
      pageIndex,
      pageSizeBytes,
      transactionId,
      rootPage: view.getBigUint64(metaOffsets.root, true),
      freelistPage: freelistPage === noFreelistPage ? undefined : freelistPage,
      highWaterPage: view.getBigUint64(metaOffsets.highWater, true),
    },
  };
}

/** FNV-1a of 64 bits (go's hash/fnv New64a). For the 56 bytes of a meta page only: bigint arithmetic is slow. */
export function fnv64a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
