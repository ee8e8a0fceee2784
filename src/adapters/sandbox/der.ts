/** The few forms of DER (ITU-T X.690) that a certificate is made of. */

export function derInteger(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const body = start === -1 ? Uint8Array.of(0) : bytes.subarray(start);
  // A first bit that is set would make it negative.
  return tagged(0x02, ((body[0] ?? 0) & 0x80) === 0 ? [body] : [Uint8Array.of(0), body]);
}

export function derSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, parts);
}

export function derSet(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x31, parts);
}

export function derBoolean(value: boolean): Uint8Array {
  return tagged(0x01, [Uint8Array.of(value ? 0xff : 0)]);
}

export function derOctets(content: Uint8Array): Uint8Array {
  return tagged(0x04, [content]);
}

/** `unusedBits`: of the last byte. */
export function derBits(content: Uint8Array, unusedBits = 0): Uint8Array {
  return tagged(0x03, [Uint8Array.of(unusedBits), content]);
}

export function derUtf8(text: string): Uint8Array {
  return tagged(0x0c, [new TextEncoder().encode(text)]);
}

/** UTCTime, which RFC 5280 (4.1.2.5) wants up to the year 2049: nothing made here lasts that long. */
export function derTime(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replace(/[-:T]/g, "").slice(2, 14);
  return tagged(0x17, [new TextEncoder().encode(`${text}Z`)]);
}

/** "1.2.840.10045.4.3.2" */
export function derObjectId(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const part of [first * 40 + second, ...rest]) {
    const groups: number[] = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, [Uint8Array.from(bytes)]);
}

/** `[number] EXPLICIT` and constructed. */
export function derExplicit(number: number, content: Uint8Array): Uint8Array {
  return tagged(0xa0 | number, [content]);
}

/** `[number] IMPLICIT` of a primitive form. */
export function derImplicit(number: number, content: Uint8Array): Uint8Array {
  return tagged(0x80 | number, [content]);
}

function tagged(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = [tag];
  if (length < 0x80) head.push(length);
  else {
    const digits: number[] = [];
    for (let left = length; left > 0; left >>>= 8) digits.unshift(left & 0xff);
    head.push(0x80 | digits.length, ...digits);
  }
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
