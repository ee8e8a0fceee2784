import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import test from "node:test";
import { MemoryByteSource } from "../byte-source.ts";
import { looksLike, type FileLook } from "./looks-like.ts";

const look = (bytes: Uint8Array | string): FileLook =>
  looksLike(new MemoryByteSource(typeof bytes === "string" ? Buffer.from(bytes) : bytes));
function metaAt(offset: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set([0xed, 0xda, 0x0c, 0xed], offset + 16);
  return bytes;
}

test("looksLike: a snapshot and a bare database are told apart by their size", () => {
  assert.deepEqual([look(metaAt(0, 16_384)).kind, look(metaAt(0, 16_384 + 32)).kind], ["etcd-backend", "etcd-backend"]);
  assert.match(look(metaAt(0, 16_384)).words, /without the checksum/);
  assert.match(look(metaAt(0, 16_384 + 32)).words, /as a snapshot is/);
});

test("looksLike: a database whose first meta page is gone is still one, whatever its page size", () => {
  for (const pageSize of [1024, 2048, 4096, 8192, 16_384, 32_768]) assert.equal(look(metaAt(pageSize, 65_536)).kind, "etcd-backend");
});

test("looksLike: packed, sealed and foreign files are named with what to do", () => {
  const tar = new Uint8Array(1024).fill(0x61);
  tar.set(Buffer.from("ustar"), 257);
  const cases: readonly (readonly [Uint8Array | string, FileLook["kind"], RegExp])[] = [
    [gzipSync("x"), "compressed", /gzip; unpack it first: gzip -dc FILE > backup\.db$/],
    [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1, 2), "compressed", /zstd -dc FILE/],
    ["age-encryption.org/v1\n", "encrypted", /age; decrypt/],
    ["Salted__12345678", "encrypted", /openssl/],
    [tar, "archive", /tar/],
    ["SQLite format 3\0more", "other-database", /SQLite/],
    [Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2), "program", /ELF/],
    ["<html>502 Bad Gateway</html>", "text", /web page/],
    ["total 24\ndrwx------ 4 root root 4096 member\n", "text", /listing of a directory/],
    ['{"error":"denied"}', "text", /JSON/],
    ["apiVersion: v1\nkind: Pod\n", "text", /YAML/],
    ["", "empty", /empty/],
    [Uint8Array.from({ length: 20_000 }, (_, at) => (at < 8192 ? 0 : 7)), "zeros", /8192 bytes of zeros: its start was lost/],
    [new Uint8Array(100_000), "zeros", /only zeros/],
    [Uint8Array.from({ length: 100_000 }, (_, at) => (at > 80_000 ? 7 : 0)), "zeros", /begins with zeros/],
    [Uint8Array.of(0x93, 0xfe, 0x01, 0x80, 0x99), "unknown", /93 fe 01 80 99/],
  ];
  for (const [bytes, kind, words] of cases) {
    const found = look(bytes);
    assert.equal(found.kind, kind, found.words);
    assert.match(found.words, words);
  }
});

test("looksLike: a segment of the log is recognised, the first one and later ones", () => {
  assert.equal(look(Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0x84, 8, 4, 0x10, 0, 0, 0, 0, 0)).kind, "etcd-wal");
  assert.equal(look(Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0, 8, 4, 0x10, 0xaa, 0xbb, 0xcc, 0xdd, 1)).kind, "etcd-wal");
});

test("looksLike: a source of one byte ends in an answer for every byte", () => {
  for (let byte = 0; byte < 256; byte += 1) assert.notEqual(look(Uint8Array.of(byte)).words, "");
});
