import type { AesGcm, SetCiphers } from "./set-ciphers.ts";

/**
 * The one sealed form, of chunks and of the index:
 * 12 random bytes of nonce, then AES-256-GCM (tag last) of one byte that says
 * how the rest is packed (0 raw, 1 zstd) and the rest.
 */
export const nonceBytes = 12;
const tagBytes = 16;
const raw = 0;
const zstd = 1;
const rawMark = Uint8Array.of(raw);
const zstdMark = Uint8Array.of(zstd);
/** What sealing adds to content that zstd does not make smaller. */
export const sealedOverheadBytes = nonceBytes + 1 + tagBytes;

export interface SealedBlockKey {
  readonly ciphers: SetCiphers;
  readonly seal: AesGcm;
  /** Not stored with it: whoever opens must know it. */
  readonly authenticated: Uint8Array;
}

/** Writes the block to the beginning of `into`, which has room for the content and `sealedOverheadBytes`; gives its length. */
export function sealBlock(content: Uint8Array, { ciphers, seal, authenticated }: SealedBlockKey, into: Uint8Array): number {
  const compressed = ciphers.compressZstd(content);
  const isSmaller = compressed.length < content.length;
  const body = isSmaller ? compressed : content;
  const nonce = ciphers.randomBytes(nonceBytes);
  into.set(nonce);
  const length = sealedOverheadBytes + body.length;
  const packing = isSmaller ? zstdMark : rawMark;
  seal.seal(nonce, [packing, body], authenticated, into.subarray(nonceBytes, length));
  return length;
}

/** `sizeMax`: of the content. A string: why it cannot be what was sealed. */
export function openBlock(block: Uint8Array, { ciphers, seal, authenticated }: SealedBlockKey, sizeMax: number): Uint8Array | string {
  if (block.length < sealedOverheadBytes) return `${block.length} bytes are too few for a sealed block`;
  const plain = seal.open(block.subarray(0, nonceBytes), block.subarray(nonceBytes), authenticated);
  if (plain === undefined) return "it was not sealed with this key for this place, or was changed since";
  const body = plain.subarray(1);
  if (plain[0] === raw) return body.length <= sizeMax ? body : `${body.length} bytes, more than ${sizeMax}`;
  if (plain[0] !== zstd) return `packed in a way ${String(plain[0])} that is not known`;
  return ciphers.decompressZstd(body, sizeMax) ?? `its zstd content is damaged, or more than ${sizeMax} bytes`;
}
