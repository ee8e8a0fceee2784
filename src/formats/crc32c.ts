/**
 * CRC-32C (Castagnoli), as etcd uses it for its log, its snap files and
 * hashkv. Eight bytes a turn over eight tables.
 * Source: RFC 3720 appendix B.4; go's hash/crc32.
 */
const polynomial = 0x82f63b78;
const tables = makeTables();

/** Continues `crc` (0 at the start) over `bytes[start, end)`; gives an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, crc = 0, start = 0, end = bytes.length): number {
  let value = ~crc;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const low = value ^ (byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24));
    value =
      entry(1792 + (low & 0xff)) ^
      entry(1536 + ((low >>> 8) & 0xff)) ^
      entry(1280 + ((low >>> 16) & 0xff)) ^
      entry(1024 + (low >>> 24)) ^
      entry(768 + byteAt(bytes, at + 4)) ^
      entry(512 + byteAt(bytes, at + 5)) ^
      entry(256 + byteAt(bytes, at + 6)) ^
      entry(byteAt(bytes, at + 7));
  }
  for (; at < end; at += 1) value = entry((value ^ byteAt(bytes, at)) & 0xff) ^ (value >>> 8);
  return ~value >>> 0;
}

// Both always have a value: the loops stay inside, the tables have 2048 entries.
function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}
function entry(at: number): number {
  return tables[at] as number;
}

function makeTables(): Int32Array {
  const all = new Int32Array(8 * 256);
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    all[index] = value;
  }
  for (let index = 256; index < 2048; index += 1) {
    const before = all[index - 256] as number;
    all[index] = (all[before & 0xff] as number) ^ (before >>> 8);
  }
  return all;
}
