export interface Hashing {
  sha256Hex(data: string | Uint8Array): string;
  /** For streams. `digestHex` may be called once. */
  startSha256(): { update(data: Uint8Array): void; digestHex(): string };
  /** n random bytes as hex. */
  randomHex(byteCount: number): string;
}
