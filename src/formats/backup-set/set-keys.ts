import { toHex } from "./byte-text.ts";
import type { SetCiphers } from "./set-ciphers.ts";

/** What the data key is used for, each by a key of its own. */
export interface SetKeys {
  readonly chunkNameKey: Uint8Array;
  readonly chunkSealKey: Uint8Array;
  readonly indexSealKey: Uint8Array;
  /** First 16 hex digits of the sha256 of one more derived key. */
  readonly keyId: string;
}

export const dataKeyBytes = 32;

export function deriveSetKeys(ciphers: SetCiphers, dataKey: Uint8Array): SetKeys {
  const derived = (what: string): Uint8Array => ciphers.hkdfSha256(dataKey, `requorum.backup/v1 ${what}`);
  return {
    chunkNameKey: derived("chunk name"),
    chunkSealKey: derived("chunk seal"),
    indexSealKey: derived("index seal"),
    keyId: toHex(ciphers.sha256(derived("key id"))).slice(0, 16),
  };
}
