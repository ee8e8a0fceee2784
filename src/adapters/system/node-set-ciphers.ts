import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  hash,
  hkdfSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { chunkBytes } from "../../formats/backup-set/chunk.ts";
import type { AesGcm, SetCiphers } from "../../formats/backup-set/set-ciphers.ts";

const tagBytes = 16;
/** Of RFC 8410: what stands before the 32 bytes of an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
/** docs/decisions/0009-backup-sets.md: measured on snapshots of etcd; higher levels cost more time than they save bytes. */
const zstdLevel = 1;
/** Room for what comes out. A chunk becomes a seventh to a half of itself: room for all of it would mostly be garbage. */
const chunkOutputBytes = 16 * 1024;
const outputBytesMax = 1024 * 1024;

/** By Node's own OpenSSL and zstd. */
export const nodeSetCiphers: SetCiphers = {
  sha256: (data) => hash("sha256", data, "buffer"),
  startSha256: () => {
    const running = createHash("sha256");
    return {
      update: (data) => {
        running.update(data);
      },
      soFar: () => running.copy().digest(),
      digest: () => running.digest(),
    };
  },
  hmacSha256: (key) => {
    const secret = createSecretKey(key);
    return (data) => createHmac("sha256", secret).update(data).digest();
  },
  hkdfSha256: (key, info) => new Uint8Array(hkdfSync("sha256", key, new Uint8Array(), info, 32)),
  randomBytes: (count) => randomBytes(count),
  aesGcm: aesGcmOf,
  compressZstd: (plain) =>
    zstdCompressSync(plain, {
      chunkSize: plain.length > chunkBytes ? Math.min(plain.length, outputBytesMax) : chunkOutputBytes,
      params: { [constants.ZSTD_c_compressionLevel]: zstdLevel },
    }),
  decompressZstd: (compressed, sizeMax) => answered(() => zstdDecompressSync(compressed, { maxOutputLength: Math.max(sizeMax, 1) })),
  signEd25519: (privateKey, data) =>
    sign(null, data, createPrivateKey({ key: Buffer.concat([pkcs8Prefix, privateKey]), format: "der", type: "pkcs8" })),
  isSignedEd25519: (publicKey, data, signature) =>
    answered(() =>
      verify(null, data, createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: "der", type: "spki" }), signature),
    ) ?? false,
};

/** A key object once instead of a key at each call: a tenth of the time. */
function aesGcmOf(key: Uint8Array): AesGcm {
  const secret = createSecretKey(key);
  return {
    seal: (nonce, plain, authenticated, into) => {
      const cipher = createCipheriv("aes-256-gcm", secret, nonce, { authTagLength: tagBytes });
      cipher.setAAD(authenticated);
      let offset = 0;
      for (const piece of plain) {
        into.set(cipher.update(piece), offset);
        offset += piece.length;
      }
      cipher.final(); // a stream cipher keeps nothing back
      into.set(cipher.getAuthTag(), offset);
    },
    open: (nonce, sealed, authenticated) => {
      if (sealed.length < tagBytes) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", secret, nonce, { authTagLength: tagBytes });
      decipher.setAAD(authenticated);
      decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
      const plain = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
      return answered(() => {
        decipher.final();
        return plain;
      });
    },
  };
}

/** A failed check of a tag, a frame or a key is an answer here, not an error. */
function answered<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
