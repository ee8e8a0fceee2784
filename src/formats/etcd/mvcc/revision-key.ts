/**
 * The keys of etcd's `key` bucket: main revision (8 bytes, big-endian), `_`,
 * sub revision (8 bytes), and a `t` behind the revision of a deletion.
 * Source: etcd server/storage/mvcc/revision.go (BytesToBucketKey).
 */
export const revisionKeyBytes = 17;
export const tombstoneKeyBytes = 18;
const separator = 0x5f;
const tombstoneMark = 0x74;
const highUnit = 4_294_967_296;

/** What makes these bytes no revision key; undefined when they are one. */
export function revisionKeyProblem(key: Uint8Array): string | undefined {
  if (key.length !== revisionKeyBytes && key.length !== tombstoneKeyBytes)
    return `a key of ${key.length} bytes where a revision has 17 or 18`;
  if (key[8] !== separator) return `byte ${hexByte(key[8])} where a revision has its "_"`;
  // etcd would take an 18th byte that is no "t" for a live record; nothing ever writes one.
  if (key.length === tombstoneKeyBytes && key[17] !== tombstoneMark) return `byte ${hexByte(key[17])} where a deletion has its "t"`;
  if ((key[0] as number) >= 0x80 || (key[9] as number) >= 0x80) return "a negative revision";
  return undefined;
}

/** The main revision, or NaN beyond 2^53, which no cluster reaches. The key must be a revision key. */
export function mainOf(key: Uint8Array): number {
  return numberAt(key, 0);
}
/** The sub revision, or NaN beyond 2^53. */
export function subOf(key: Uint8Array): number {
  return numberAt(key, 9);
}
export function isTombstoneKey(key: Uint8Array): boolean {
  return key.length === tombstoneKeyBytes;
}

/** The bytes as etcd stores them; `into` is reused when given, and must have 18 bytes. */
export function encodeRevisionKey(main: bigint, sub: bigint, isTombstone: boolean, into = new Uint8Array(tombstoneKeyBytes)): Uint8Array {
  const view = new DataView(into.buffer, into.byteOffset, tombstoneKeyBytes);
  view.setBigUint64(0, main);
  into[8] = separator;
  view.setBigUint64(9, sub);
  into[17] = tombstoneMark;
  return isTombstone ? into : into.subarray(0, revisionKeyBytes);
}

function numberAt(bytes: Uint8Array, at: number): number {
  const high = word(bytes, at);
  return high < 0x20_0000 ? high * highUnit + word(bytes, at + 4) : Number.NaN;
}
// Callers stay inside a revision key.
function word(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0
  );
}
function hexByte(byte: number | undefined): string {
  return `0x${(byte ?? 0).toString(16).padStart(2, "0")}`;
}
