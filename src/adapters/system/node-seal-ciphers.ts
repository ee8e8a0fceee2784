import { createDecipheriv } from "node:crypto";
import type { SealCiphers } from "../../formats/kubernetes/sealed-value.ts";
import { openSecretbox } from "./secretbox.ts";

const tagBytes = 16;
const aesKeyBytes: readonly number[] = [16, 24, 32];

/** The ciphers of the API server's encryption at rest, by Node's own crypto. A key of a wrong length opens nothing. */
export const nodeSealCiphers: SealCiphers = {
  aesCbc: (key, iv, sealed) => {
    if (!aesKeyBytes.includes(key.length)) return undefined;
    return opened(() => {
      const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, iv);
      return joined(decipher.update(sealed), decipher.final());
    });
  },
  aesGcm: (key, nonce, sealed, authenticated) => {
    if (!aesKeyBytes.includes(key.length) || sealed.length < tagBytes) return undefined;
    return opened(() => {
      const decipher = createDecipheriv(gcmName(key.length), key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(authenticated);
      decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
      return joined(decipher.update(sealed.subarray(0, sealed.length - tagBytes)), decipher.final());
    });
  },
  secretbox: openSecretbox,
};

function gcmName(keyBytes: number): "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm" {
  return keyBytes === 16 ? "aes-128-gcm" : keyBytes === 24 ? "aes-192-gcm" : "aes-256-gcm";
}

/** A failed check of padding or tag is an answer here: the key is another one. */
function opened(open: () => Uint8Array): Uint8Array | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}
