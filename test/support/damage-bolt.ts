import { metaOffsets, pageHeaderBytes } from "../../src/formats/bbolt/bolt-layout.ts";
import { fnv64a } from "../../src/formats/bbolt/bolt-meta.ts";

/** One way to damage a bbolt file, on a copy; says what it did. */
type Damage = (bytes: Uint8Array, pageSize: number, random: () => number) => Uint8Array;

const below = (random: () => number, limit: number) => Math.floor(random() * limit);
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const oneOf = <T>(random: () => number, values: readonly T[]): T => values[below(random, values.length)] as T;
const pagesOf = (bytes: Uint8Array, pageSize: number) => Math.floor(bytes.length / pageSize);
const strangeNumbers = [0, 1, 2, 3, 15, 16, 17, 0x7fff, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

/** A meta page after a change that bbolt would have made: with its checksum right again. */
function sealMetas(bytes: Uint8Array, pageSize: number): void {
  for (const start of [pageHeaderBytes, pageSize + pageHeaderBytes])
    viewOf(bytes).setBigUint64(start + metaOffsets.checksum, fnv64a(bytes.subarray(start, start + metaOffsets.checksum)), true);
}

/** The start of a random branch or leaf page, if there is one where we look. */
function somePage(bytes: Uint8Array, pageSize: number, random: () => number, flags: readonly number[]): number {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const start = (2 + below(random, Math.max(1, pagesOf(bytes, pageSize) - 2))) * pageSize;
    if (start + pageSize <= bytes.length && flags.includes(viewOf(bytes).getUint16(start + 8, true))) return start;
  }
  return 2 * pageSize;
}

const damages: Readonly<Record<string, Damage>> = {
  "a bit": (bytes, _, random) => {
    bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
    return bytes;
  },
  "a bit near the start of a page": (bytes, pageSize, random) => {
    const at = below(random, pagesOf(bytes, pageSize)) * pageSize + below(random, 80);
    bytes[at]! ^= 1 << below(random, 8);
    return bytes;
  },
  "cut off": (bytes, _, random) => bytes.slice(0, below(random, bytes.length)),
  "cut off at a page": (bytes, pageSize, random) => bytes.slice(0, below(random, pagesOf(bytes, pageSize)) * pageSize),
  "a page of zeros": (bytes, pageSize, random) => {
    const start = below(random, pagesOf(bytes, pageSize)) * pageSize;
    return bytes.fill(0, start, start + pageSize);
  },
  "a page over another": (bytes, pageSize, random) => {
    const pages = pagesOf(bytes, pageSize);
    const [from, to] = [below(random, pages) * pageSize, below(random, pages) * pageSize];
    bytes.copyWithin(to, from, from + pageSize);
    return bytes;
  },
  "two pages changed places, each calling itself by its new place": (bytes, pageSize, random) => {
    const [one, other] = [somePage(bytes, pageSize, random, [1, 2]), somePage(bytes, pageSize, random, [1, 2])];
    if (Math.max(one, other) + pageSize > bytes.length) return bytes;
    const kept = bytes.slice(one, one + pageSize);
    bytes.copyWithin(one, other, other + pageSize);
    bytes.set(kept, other);
    for (const start of [one, other]) viewOf(bytes).setUint32(start, start / pageSize, true);
    return bytes;
  },
  "a strange number in a page's head": (bytes, pageSize, random) => {
    const start = somePage(bytes, pageSize, random, [1, 2, 0x10]);
    const field = oneOf(random, [0, 4, 8, 10, 12]);
    if (field === 8 || field === 10) viewOf(bytes).setUint16(start + field, oneOf(random, strangeNumbers) & 0xffff, true);
    else viewOf(bytes).setUint32(start + field, oneOf(random, strangeNumbers), true);
    return bytes;
  },
  "a strange number in an element": (bytes, pageSize, random) => {
    const start = somePage(bytes, pageSize, random, [1, 2]);
    const index = below(random, Math.max(1, viewOf(bytes).getUint16(start + 10, true)));
    const at = start + 16 + 16 * index + 4 * below(random, 4);
    if (at + 4 > bytes.length) return bytes;
    const old = viewOf(bytes).getUint32(at, true);
    viewOf(bytes).setUint32(at, random() < 0.5 ? oneOf(random, strangeNumbers) : (old + below(random, 5) - 2) >>> 0, true);
    return bytes;
  },
  "a child that is another page": (bytes, pageSize, random) => {
    const start = somePage(bytes, pageSize, random, [1]);
    const count = viewOf(bytes).getUint16(start + 10, true);
    const at = start + 16 + 16 * below(random, Math.max(1, count)) + 8;
    if (at + 8 <= bytes.length) viewOf(bytes).setUint32(at, below(random, pagesOf(bytes, pageSize) + 2), true);
    return bytes;
  },
  "a strange number in both meta pages, with the right checksum": (bytes, pageSize, random) => {
    const field = oneOf(random, [
      metaOffsets.root,
      metaOffsets.freelist,
      metaOffsets.highWater,
      metaOffsets.pageSize,
      metaOffsets.transaction,
    ]);
    const value = random() < 0.5 ? oneOf(random, strangeNumbers) : below(random, pagesOf(bytes, pageSize) + 3);
    for (const start of [pageHeaderBytes, pageSize + pageHeaderBytes]) viewOf(bytes).setUint32(start + field, value, true);
    sealMetas(bytes, pageSize);
    return bytes;
  },
  "a strange number in the list of free pages": (bytes, pageSize, random) => {
    const start = somePage(bytes, pageSize, random, [0x10]);
    viewOf(bytes).setUint32(start + 8 + 4 * below(random, 8), below(random, pagesOf(bytes, pageSize) + 5), true);
    return bytes;
  },
};

/** A damaged copy. Now and then two damages at once, as a failing disk makes them. */
export function damageBolt(
  original: Uint8Array,
  pageSize: number,
  random: () => number,
): { readonly bytes: Uint8Array; readonly what: string } {
  let bytes: Uint8Array = original.slice();
  const done: string[] = [];
  do {
    const name = oneOf(random, Object.keys(damages));
    if (bytes.length < 4 * pageSize) break;
    bytes = damages[name]!(bytes, pageSize, random);
    done.push(name);
  } while (random() < 0.15);
  return { bytes, what: done.join(", ") };
}
