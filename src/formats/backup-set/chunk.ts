import { openBlock, sealBlock, sealedOverheadBytes } from "./sealed-block.ts";
import type { SetCiphers } from "./set-ciphers.ts";
import type { SetKeys } from "./set-keys.ts";

/**
 * 64 KiB of a part, from its beginning: a multiple of every page size that
 * etcd's database has, so that a page that did not change stays in the chunk
 * that it was in.
 */
export const chunkBytes = 65_536;
/** Of a sealed chunk. */
export const sealedChunkBytesMax = chunkBytes + sealedOverheadBytes;

export interface ChunkKeys {
  readonly ciphers: SetCiphers;
  readonly keys: SetKeys;
}

/** Equal content has an equal name under one data key; without the key the name tells nothing of the content. 32 bytes. */
export function chunkNameOf(content: Uint8Array, { keys }: ChunkKeys): Uint8Array {
  return keys.chunkName(content);
}

/** Writes it to the beginning of `into`, which has `sealedChunkBytesMax`; gives its length. */
export function sealChunk(content: Uint8Array, name: Uint8Array, { ciphers, keys }: ChunkKeys, into: Uint8Array): number {
  return sealBlock(content, { ciphers, seal: keys.chunkSeal, authenticated: name }, into);
}

/** A string: why it is not that chunk. */
export function openChunk(sealed: Uint8Array, name: Uint8Array, { ciphers, keys }: ChunkKeys): Uint8Array | string {
  return openBlock(sealed, { ciphers, seal: keys.chunkSeal, authenticated: name }, chunkBytes);
}
