import { readBytes, type ByteSource } from "../byte-source.ts";

/** What the first bytes of a file say that it is; `words` completes the sentence "this is not a snapshot: …". */
export interface FileLook {
  readonly kind:
    | "etcd-backend" // a bbolt file without a trailer, or with one
    | "etcd-wal"
    | "etcd-snap"
    | "compressed"
    | "encrypted"
    | "archive"
    | "other-database"
    | "program"
    | "text"
    | "empty"
    | "zeros"
    | "unknown";
  readonly words: string;
}

const headBytes = 64 * 1024;
/** Files of zeros are what a full or crashed disk leaves; so many are looked at in steps. */
const zeroSamples = 256;
/** A disk loses whole sectors; no format known here begins with one of zeros. */
const lostStartBytes = 512;

interface Signature {
  readonly kind: FileLook["kind"];
  readonly at: number;
  readonly bytes: readonly number[];
  readonly words: string;
}
const ascii = (text: string): readonly number[] => Array.from(text, (letter) => letter.charCodeAt(0));

/** Sources: file(1)'s magic, and the formats' own specifications. */
const signatures: readonly Signature[] = [
  { kind: "compressed", at: 0, bytes: [0x1f, 0x8b], words: "it is compressed with gzip; unpack it first: gzip -dc FILE > backup.db" },
  {
    kind: "compressed",
    at: 0,
    bytes: [0x28, 0xb5, 0x2f, 0xfd],
    words: "it is compressed with zstd; unpack it first: zstd -dc FILE > backup.db",
  },
  {
    kind: "compressed",
    at: 0,
    bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
    words: "it is compressed with xz; unpack it first: xz -dc FILE > backup.db",
  },
  { kind: "compressed", at: 0, bytes: ascii("BZh"), words: "it is compressed with bzip2; unpack it first: bzip2 -dc FILE > backup.db" },
  {
    kind: "compressed",
    at: 0,
    bytes: [0x04, 0x22, 0x4d, 0x18],
    words: "it is compressed with lz4; unpack it first: lz4 -dc FILE > backup.db",
  },
  { kind: "archive", at: 0, bytes: [0x50, 0x4b, 0x03, 0x04], words: "it is a zip archive; unpack it first: unzip FILE" },
  { kind: "archive", at: 257, bytes: ascii("ustar"), words: "it is a tar archive; unpack it first: tar -xf FILE" },
  { kind: "encrypted", at: 0, bytes: ascii("age-encryption.org/"), words: "it is encrypted with age; decrypt it first" },
  { kind: "encrypted", at: 0, bytes: ascii("-----BEGIN AGE"), words: "it is encrypted with age; decrypt it first" },
  { kind: "encrypted", at: 0, bytes: ascii("-----BEGIN PGP MESSAGE"), words: "it is encrypted with OpenPGP; decrypt it first" },
  { kind: "encrypted", at: 0, bytes: ascii("Salted__"), words: "it is encrypted with openssl enc; decrypt it first" },
  { kind: "encrypted", at: 0, bytes: ascii("$ANSIBLE_VAULT"), words: "it is encrypted with ansible-vault; decrypt it first" },
  {
    kind: "other-database",
    at: 0,
    bytes: ascii("SQLite format 3\0"),
    words: "it is an SQLite database (k3s without etcd keeps its state in one)",
  },
  { kind: "program", at: 0, bytes: [0x7f, 0x45, 0x4c, 0x46], words: "it is a program (ELF)" },
];

/** Never throws for the content of the source; reads at most the first 64 KiB, and 256 samples when those are zeros. */
export function looksLike(source: ByteSource): FileLook {
  if (source.size === 0) return { kind: "empty", words: "it is empty" };
  const head = readBytes(source, 0, Math.min(headBytes, source.size));
  return (
    lookOfBbolt(head, source) ?? signatureOf(head) ?? lookOfLog(head) ?? lookOfZeros(head, source) ?? lookOfText(head) ?? unknown(head)
  );
}

/** bbolt's magic stands 16 bytes behind the start of a meta page; the second one is a page further. Source: bbolt internal/common/meta.go. */
function lookOfBbolt(head: Uint8Array, source: ByteSource): FileLook | undefined {
  const isMeta = (at: number): boolean => starts(head, at + 16, [0xed, 0xda, 0x0c, 0xed]);
  const pageSizes = [1024, 2048, 4096, 8192, 16_384, 32_768];
  if (!isMeta(0) && !pageSizes.some(isMeta)) return undefined;
  const hasTrailer = source.size % 512 === 32;
  return {
    kind: "etcd-backend",
    words: hasTrailer
      ? "it is a bbolt file with a checksum behind it, as a snapshot is"
      : "it is a bbolt file without the checksum that a snapshot ends with",
  };
}

function signatureOf(head: Uint8Array): FileLook | undefined {
  const found = signatures.find((one) => starts(head, one.at, one.bytes));
  return found === undefined ? undefined : { kind: found.kind, words: found.words };
}

/**
 * A log begins with a frame of a few bytes that holds the CRC of the segment
 * before it: length with padding mark, then type 4 and the number. A snap file
 * begins with its own CRC and the length of the rest.
 * Source: etcd server/storage/wal/{wal,encoder}.go, api/snap/snappb/snap.proto.
 */
function lookOfLog(head: Uint8Array): FileLook | undefined {
  const length = head[0] ?? 0;
  if (length >= 4 && length <= 16 && starts(head, 1, [0, 0, 0, 0, 0, 0]) && starts(head, 8, [0x08, 0x04, 0x10]))
    return { kind: "etcd-wal", words: "it is a segment of etcd's log (WAL)" };
  if (head[0] !== 0x08) return undefined;
  let at = 1;
  while (at < 6 && (head[at] ?? 0) >= 0x80) at += 1;
  return head[at + 1] === 0x12
    ? { kind: "etcd-snap", words: "it may be a snap file of etcd (member/snap/*.snap), which holds no keys" }
    : undefined;
}

function lookOfZeros(head: Uint8Array, source: ByteSource): FileLook | undefined {
  const firstOther = head.findIndex((byte) => byte !== 0);
  if (firstOther !== -1) {
    if (firstOther < lostStartBytes) return undefined;
    return { kind: "zeros", words: `it begins with ${String(firstOther)} bytes of zeros: its start was lost` };
  }
  const step = Math.max(1, Math.floor(source.size / zeroSamples));
  let zeros = 0;
  for (let at = 0; at < source.size; at += step)
    if (readBytes(source, at, Math.min(512, source.size - at)).every((byte) => byte === 0)) zeros += 1;
  const isAll = zeros >= Math.ceil(source.size / step);
  return { kind: "zeros", words: isAll ? "it holds only zeros wherever it was looked at" : "it begins with zeros: its start was lost" };
}

function lookOfText(head: Uint8Array): FileLook | undefined {
  const sample = head.subarray(0, 4096);
  const printable = sample.reduce(
    (count, byte) => count + (byte === 9 || byte === 10 || byte === 13 || (byte >= 0x20 && byte < 0x7f) ? 1 : 0),
    0,
  );
  if (printable < sample.length * 0.97) return undefined;
  const text = Array.from(sample.subarray(0, 512), (byte) => String.fromCharCode(byte)).join("");
  return { kind: "text", words: wordsOfText(text.trimStart()) };
}

function wordsOfText(text: string): string {
  if (text.startsWith("<")) return "it is a web page or XML; a download that failed looks like this";
  if (text.startsWith("{") || text.startsWith("[")) return "it is JSON";
  if (text.startsWith("-----BEGIN ")) return "it is a certificate or key (PEM)";
  if (/^(?:total \d+|[d-](?:[r-][w-][xsS-]){2}[r-][w-][xtT-])/m.test(text)) return "it is the listing of a directory, not its content";
  if (/^(?:apiVersion|kind|---)/m.test(text)) return "it is YAML";
  return "it is text";
}

function unknown(head: Uint8Array): FileLook {
  const start = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return { kind: "unknown", words: `it begins with ${start}, which is nothing known here; it may be encrypted` };
}

function starts(bytes: Uint8Array, at: number, wanted: readonly number[]): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}
