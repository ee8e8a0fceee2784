import { toHex } from "./byte-text.ts";
import type { AesGcm, SetCiphers } from "./set-ciphers.ts";

/** What the data key is used for, each by a key of its own. */
export interface SetKeys {
  /** 32 bytes of name for a chunk's content. */
  readonly chunkName: (content: Uint8Array) => Uint8Array;
  readonly chunkSeal: AesGcm;
  readonly indexSeal: AesGcm;
  /** First 16 hex digits of the sha256 of one more derived key. */
  readonly keyId: string;
  /** 32 bytes that tell equal contents in plans that restore files; no part of a set. */
  readonly planTag: (content: Uint8Array) => Uint8Array;
}

export const dataKeyBytes = 32;

export function deriveSetKeys(ciphers: SetCiphers, dataKey: Uint8Array): SetKeys {
  const derived = (what: string): Uint8Array => ciphers.hkdfSha256(dataKey, `requorum.backup/v1 ${what}`);
  return {
    chunkName: ciphers.hmacSha256(derived("chunk name")),
    chunkSeal: ciphers.aesGcm(derived("chunk seal")),
    indexSeal: ciphers.aesGcm(derived("index seal")),
    keyId: toHex(ciphers.sha256(derived("key id"))).slice(0, 16),
    planTag: ciphers.hmacSha256(derived("plan tag")),
  };
}
