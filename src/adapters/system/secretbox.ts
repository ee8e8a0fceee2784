/**
 * NaCl's secretbox (XSalsa20 and Poly1305), opening only: Node's crypto has no
 * Salsa20, and the API server's `secretbox` provider writes it. Sources: D. J.
 * Bernstein, "Extending the Salsa20 nonce" and "The Poly1305-AES message
 * authentication code"; checked against golang.org/x/crypto/nacl/secretbox.
 * Not constant in time: it opens local files for whoever holds the key.
 */
const keyBytes = 32;
const nonceBytes = 24;
const tagBytes = 16;
const blockBytes = 64;
/** "expand 32-byte k". */
const sigma = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

/** `sealed`: 16 bytes of tag, then the text. undefined: the key is another, or the bytes are not as they were sealed. */
export function openSecretbox(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (key.length !== keyBytes || nonce.length !== nonceBytes || sealed.length < tagBytes) return undefined;
  const subkey = hsalsa20(words(key), words(nonce.subarray(0, 16)));
  const nonceEnd = words(nonce.subarray(16));
  const text = sealed.subarray(tagBytes);
  const first = salsa20Block(subkey, nonceEnd, 0);
  const tag = poly1305(first.subarray(0, 32), text);
  let difference = 0;
  for (let index = 0; index < tagBytes; index += 1) difference |= (tag[index] ?? 0) ^ (sealed[index] ?? 0);
  if (difference !== 0) return undefined;
  // The stream's first 32 bytes were the tag's key; the text goes on from there.
  const opened = new Uint8Array(text.length);
  let block = first;
  let counter = 0;
  for (let at = 0, inBlock = 32; at < text.length; at += 1, inBlock += 1) {
    if (inBlock === blockBytes) {
      counter += 1;
      block = salsa20Block(subkey, nonceEnd, counter);
      inBlock = 0;
    }
    opened[at] = (text[at] ?? 0) ^ (block[inBlock] ?? 0);
  }
  return opened;
}

function words(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}

/** The 4 by 4 words that Salsa20 mixes: constants on the diagonal, key, and 16 bytes of input in the middle. */
function state(key: Uint32Array, input: Uint32Array): Uint32Array {
  const [s0, s1, s2, s3] = sigma;
  const k = (index: number) => key[index] ?? 0;
  const n = (index: number) => input[index] ?? 0;
  return Uint32Array.of(s0, k(0), k(1), k(2), k(3), s1, n(0), n(1), n(2), n(3), s2, k(4), k(5), k(6), k(7), s3);
}

/** Columns, then rows: target, two sources, rotation. */
const quarterRounds = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;

function twentyRounds(x: Uint32Array): void {
  const mix = (target: number, one: number, other: number, bits: number): void => {
    const sum = ((x[one] ?? 0) + (x[other] ?? 0)) >>> 0;
    x[target] = (x[target] ?? 0) ^ ((sum << bits) | (sum >>> (32 - bits)));
  };
  for (let round = 0; round < 20; round += 2) {
    for (const [a, b, c, d] of quarterRounds) {
      mix(b, a, d, 7);
      mix(c, b, a, 9);
      mix(d, c, b, 13);
      mix(a, d, c, 18);
    }
  }
}

function hsalsa20(key: Uint32Array, input: Uint32Array): Uint32Array {
  const x = state(key, input);
  twentyRounds(x);
  return Uint32Array.of(...[0, 5, 10, 15, 6, 7, 8, 9].map((index) => x[index] ?? 0));
}

function salsa20Block(key: Uint32Array, nonce: Uint32Array, counter: number): Uint8Array {
  const start = state(key, Uint32Array.of(nonce[0] ?? 0, nonce[1] ?? 0, counter, 0));
  const x = start.slice();
  twentyRounds(x);
  const block = new Uint8Array(blockBytes);
  const view = new DataView(block.buffer);
  for (let index = 0; index < 16; index += 1) view.setUint32(4 * index, (x[index] ?? 0) + (start[index] ?? 0), true);
  return block;
}

const polyPrime = (1n << 130n) - 5n;
const polyClamp = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

function poly1305(key: Uint8Array, text: Uint8Array): Uint8Array {
  const r = littleEndian(key.subarray(0, 16)) & polyClamp;
  let sum = 0n;
  for (let at = 0; at < text.length; at += 16) {
    const part = text.subarray(at, at + 16);
    sum = ((sum + littleEndian(part) + (1n << BigInt(8 * part.length))) * r) % polyPrime;
  }
  const tag = BigInt.asUintN(128, sum + littleEndian(key.subarray(16)));
  return Uint8Array.from({ length: tagBytes }, (_, index) => Number((tag >> BigInt(8 * index)) & 0xffn));
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return value;
}
