import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { SnapshotTrailer, type TrailerVerdict } from "./snapshot-trailer.ts";

function snapshotOf(contentBytes: number): Uint8Array {
  const content = Uint8Array.from({ length: contentBytes }, (_, index) => (index * 7) % 251);
  return Buffer.concat([content, createHash("sha256").update(content).digest()]);
}

function check(bytes: Uint8Array, chunkBytes: number): TrailerVerdict {
  const hash = createHash("sha256");
  const trailer = new SnapshotTrailer({ update: (data) => void hash.update(data), digestHex: () => hash.digest("hex") });
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) trailer.update(bytes.subarray(offset, offset + chunkBytes));
  return trailer.finish();
}

test("SnapshotTrailer: a whole stream is good, however it is cut into chunks", () => {
  const bytes = snapshotOf(1024);
  for (const chunkBytes of [1, 5, 31, 32, 33, 100, 512, 1056, 5000])
    assert.equal(check(bytes, chunkBytes).kind, "good", `chunks of ${String(chunkBytes)}`);
});

test("SnapshotTrailer: one changed bit anywhere is bad", () => {
  for (const at of [0, 511, 1023, 1024, 1055]) {
    const bytes = snapshotOf(1024);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    assert.equal(check(bytes, 100).kind, "bad", `byte ${String(at)}`);
  }
});

test("SnapshotTrailer: a stream that was cut, lacks its checksum or is empty is bad and says so", () => {
  const bytes = snapshotOf(1024);
  for (const length of [0, 10, 32, 544, 1024, 1055]) {
    const verdict = check(bytes.subarray(0, length), 64);
    assert.equal(verdict.kind, "bad", `${String(length)} bytes`);
  }
  const verdict = check(bytes.subarray(0, 1024), 64);
  assert.match(verdict.kind === "bad" ? verdict.because : "", /modulo 512 is 0/);
});
