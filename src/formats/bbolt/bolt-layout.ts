/**
 * Where things lie in a bbolt file. All numbers are little-endian here: bbolt
 * writes the machine's own order, and every machine that runs etcd 3.4-3.7 in
 * earnest (amd64, arm64, ppc64le, riscv64) is little-endian; s390x is not read.
 * Source: bbolt internal/common/page.go, meta.go, bucket.go, types.go, bucket.go.
 */
export const boltMagic = 0xed0cdaed;
/** The same as a big-endian machine writes it. */
export const boltMagicBigEndian = 0xedda0ced;
export const boltVersion = 2;

/** id u64, flags u16, count u16, overflow u32; then the elements, then their keys and values. */
export const pageHeaderBytes = 16;
export const pageFlags = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;

/** Branch: pos u32, key size u32, page id u64. Leaf: flags u32, pos u32, key size u32, value size u32. `pos` counts from the element. */
export const elementBytes = 16;
export const bucketElementFlag = 0x01;

/** root page u64 (0: the page follows inline), sequence u64. */
export const bucketHeaderBytes = 16;

/** magic u32, version u32, page size u32, flags u32, root u64, sequence u64, freelist u64, high water u64, txid u64, checksum u64. */
export const metaBytes = 64;
export const metaOffsets = {
  magic: 0,
  version: 4,
  pageSize: 8,
  flags: 12,
  root: 16,
  sequence: 24,
  freelist: 32,
  highWater: 40,
  transaction: 48,
  checksum: 56,
} as const;
/** In the place of the freelist's page when the freelist is not kept on disk. */
export const noFreelistPage = 0xffff_ffff_ffff_ffffn;

export const maxKeyBytes = 32768;
/** A count that does not fit 16 bits stands in the first id of a freelist. */
export const freelistCountInFirstId = 0xffff;

/** bbolt takes the page size of the machine: 4 KiB nearly everywhere, 64 KiB on some arm64 and ppc64. */
export const pageSizeMin = 1024;
export const pageSizeMax = 65536;

/** A tree with two children per branch would have 2^32 leaves at this depth; more is a cycle. */
export const maxTreeDepth = 32;

/** For ids and sizes: exact up to 2^53, and above it still larger than every file. */
export function readUint64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 4_294_967_296;
}
