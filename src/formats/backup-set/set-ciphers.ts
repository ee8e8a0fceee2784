/**
 * What the format of backup sets needs of cryptography and compression, as the
 * caller's platform has it. Synchronous: chunks are small.
 */
export interface SetCiphers {
  sha256(data: Uint8Array): Uint8Array;
  /** For parts that do not fit into memory. `digest` may be called once, at the end; `soFar` at any time before. */
  startSha256(): { update(data: Uint8Array): void; soFar(): Uint8Array; digest(): Uint8Array };
  /** Prepares the key once, for many short texts. */
  hmacSha256(key: Uint8Array): (data: Uint8Array) => Uint8Array;
  /** RFC 5869 with an empty salt; 32 bytes. */
  hkdfSha256(key: Uint8Array, info: string): Uint8Array;
  randomBytes(count: number): Uint8Array;
  /** Prepares the key (32 bytes) once, for many blocks. */
  aesGcm(key: Uint8Array): AesGcm;
  compressZstd(plain: Uint8Array): Uint8Array;
  /** undefined: no zstd frame, a damaged one, or more than `sizeMax` bytes. */
  decompressZstd(compressed: Uint8Array, sizeMax: number): Uint8Array | undefined;
  /** Ed25519; 64 bytes. Keys are raw, 32 bytes each. */
  signEd25519(privateKey: Uint8Array, data: Uint8Array): Uint8Array;
  isSignedEd25519(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
}

/** AES-256-GCM under one key: nonces of 12 bytes, tags of 16. */
export interface AesGcm {
  /**
   * The pieces of `plain` one after the other. Ciphertext and then the tag
   * fill `into`, which has just that size.
   */
  seal(nonce: Uint8Array, plain: readonly Uint8Array[], authenticated: Uint8Array, into: Uint8Array): void;
  /** undefined: key, nonce, authenticated bytes or content are not those that were sealed. */
  open(nonce: Uint8Array, sealed: Uint8Array, authenticated: Uint8Array): Uint8Array | undefined;
}
