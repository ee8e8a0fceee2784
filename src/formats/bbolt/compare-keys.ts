/** The order of keys in a bbolt file: by unsigned bytes, a prefix before what it is a prefix of. */
export function compareKeys(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = (left[at] as number) - (right[at] as number); // inside both
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The same for a key that lies at `[start, end)` of `bytes`; the caller has checked that it does. */
export function compareKeyAt(bytes: Uint8Array, start: number, end: number, key: Uint8Array): number {
  const shared = Math.min(end - start, key.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = (bytes[start + at] as number) - (key[at] as number);
    if (difference !== 0) return difference;
  }
  return end - start - key.length;
}

/** The same for two keys of one page. */
export function compareKeysWithin(bytes: Uint8Array, leftStart: number, leftEnd: number, rightStart: number, rightEnd: number): number {
  const shared = Math.min(leftEnd - leftStart, rightEnd - rightStart);
  for (let at = 0; at < shared; at += 1) {
    const difference = (bytes[leftStart + at] as number) - (bytes[rightStart + at] as number);
    if (difference !== 0) return difference;
  }
  return leftEnd - leftStart - (rightEnd - rightStart);
}
