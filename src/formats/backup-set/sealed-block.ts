import type { SetCiphers } from "./set-ciphers.ts";

/**
 * The one sealed form, of chunks and of the index:
 * 12 random bytes of nonce, then AES-256-GCM (tag last) of one byte that says
 * how the rest is packed (0 raw, 1 zstd) and the rest.
 */
export const nonceBytes = 12;
const tagBytes = 16;
const raw = 0;
const zstd = 1;
/** What sealing adds to content that zstd does not make smaller. */
export const sealedOverheadBytes = nonceBytes + 1 + tagBytes;

export interface SealedBlockKey {
  readonly ciphers: SetCiphers;
  readonly key: Uint8Array;
  /** Not stored with it: whoever opens must know it. */
  readonly authenticated: Uint8Array;
}

export function sealBlock(content: Uint8Array, { ciphers, key, authenticated }: SealedBlockKey): Uint8Array {
  const compressed = ciphers.compressZstd(content);
  const isSmaller = compressed.length < content.length;
  const body = isSmaller ? compressed : content;
  const plain = new Uint8Array(1 + body.length);
  plain[0] = isSmaller ? zstd : raw;
  plain.set(body, 1);
  const nonce = ciphers.randomBytes(nonceBytes);
  const sealed = ciphers.sealAesGcm(key, nonce, plain, authenticated);
  const block = new Uint8Array(nonceBytes + sealed.length);
  block.set(nonce);
  block.set(sealed, nonceBytes);
  return block;
}

/** `sizeMax`: of the content. A string: why it cannot be what was sealed. */
export function openBlock(block: Uint8Array, { ciphers, key, authenticated }: SealedBlockKey, sizeMax: number): Uint8Array | string {
  if (block.length < sealedOverheadBytes) return `${block.length} bytes are too few for a sealed block`;
  const plain = ciphers.openAesGcm(key, block.subarray(0, nonceBytes), block.subarray(nonceBytes), authenticated);
  if (plain === undefined) return "it was not sealed with this key for this place, or was changed since";
  const body = plain.subarray(1);
  if (plain[0] === raw) return body.length <= sizeMax ? body : `${body.length} bytes, more than ${sizeMax}`;
  if (plain[0] !== zstd) return `packed in a way ${String(plain[0])} that is not known`;
  return ciphers.decompressZstd(body, sizeMax) ?? `its zstd content is damaged, or more than ${sizeMax} bytes`;
}
