/**
 * CRC-32C (Castagnoli), as etcd uses it for its log, its snap files and
 * hashkv. Eight bytes a turn over eight tables; long ranges go sixteen bytes
 * a turn in aligned words, which is twice as fast and dearer to begin.
 * Source: RFC 3720 appendix B.4; go's hash/crc32.
 */
const polynomial = 0x82f63b78;
const tableCount = 16;
const tables = makeTables();
/** From here on the view that words need is worth making (measured: equal at 120 bytes, 2.3 times as fast at 10 kB). */
const wordsFromBytes = 512;
/** Words are read in the machine's order; the tables want little-endian, as every machine but s390x has it. */
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Continues `crc` (0 at the start) over `bytes[start, end)`; gives an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, crc = 0, start = 0, end = bytes.length): number {
  let value = ~crc;
  let at = start;
  if (end - start >= wordsFromBytes && isLittleEndian) {
    while (((bytes.byteOffset + at) & 3) !== 0) {
      value = entry((value ^ byteAt(bytes, at)) & 0xff) ^ (value >>> 8);
      at += 1;
    }
    const turns = (end - at) >>> 4;
    value = overWords(new Int32Array(bytes.buffer, bytes.byteOffset + at, turns * 4), value);
    at += turns * 16;
  }
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

/** `words` has a multiple of four. */
function overWords(words: Int32Array, start: number): number {
  let value = start;
  for (let at = 0; at < words.length; at += 4)
    value =
      fourTables((words[at] as number) ^ value, 3072) ^
      fourTables(words[at + 1] as number, 2048) ^
      fourTables(words[at + 2] as number, 1024) ^
      fourTables(words[at + 3] as number, 0);
  return value;
}

function fourTables(word: number, base: number): number {
  return (
    entry(base + 768 + (word & 0xff)) ^
    entry(base + 512 + ((word >>> 8) & 0xff)) ^
    entry(base + 256 + ((word >>> 16) & 0xff)) ^
    entry(base + (word >>> 24))
  );
}

// Both always have a value: the loops stay inside, the tables have 4096 entries.
function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}
function entry(at: number): number {
  return tables[at] as number;
}

function makeTables(): Int32Array {
  const all = new Int32Array(tableCount * 256);
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    all[index] = value;
  }
  for (let index = 256; index < all.length; index += 1) {
    const before = all[index - 256] as number;
    all[index] = (all[before & 0xff] as number) ^ (before >>> 8);
  }
  return all;
}
