/**
 * A sealed file: blocks of 64 KiB, the last one shorter, each as AES-256-GCM
 * ciphertext with its tag behind it. The nonce is the file's number and the
 * block's: a file is written once, so no nonce is used twice under a key.
 */
export const sealedBlockBytes = 65_536;
export const sealedTagBytes = 16;

export function sealedNonce(fileNumber: number, block: number): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(0, fileNumber);
  view.setBigUint64(4, BigInt(block));
  return nonce;
}
