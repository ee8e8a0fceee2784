import assert from "node:assert/strict";
import test from "node:test";
import { putEntry, varint } from "../../../../test/support/memory-bolt.ts";
import { isRecoveryError } from "../../../../test/support/is-recovery-error.ts";
import { encodeRevisionKey } from "./revision-key.ts";
import { StoredRecord } from "./stored-record.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const key5 = encodeRevisionKey(5n, 3n, false);

test("StoredRecord: every field of a put is read, a lease of 63 bits too", () => {
  const entry = putEntry(1_000_000_007n, "/registry/pods/a", {
    create: 12n,
    version: 300n,
    value: "body",
    sub: 9n,
    lease: 7587862094372468123n,
  });
  const record = new StoredRecord("f", entry.key, entry.value);
  assert.deepEqual([record.main, record.sub, record.createRevision, record.modRevision], [1_000_000_007n, 9n, 12n, 1_000_000_007n]);
  assert.deepEqual([record.version, record.lease, record.isTombstone], [300n, 7587862094372468123n, false]);
  assert.deepEqual([text(record.key), text(record.value)], ["/registry/pods/a", "body"]);
});

test("StoredRecord: a negative lease stays negative", () => {
  const entry = putEntry(5n, "k", { create: 5n, lease: -2n });
  assert.equal(new StoredRecord("f", entry.key, entry.value).lease, -2n);
});

test("StoredRecord: unknown fields are stepped over, the last of a repeated field counts, nothing at all is the bump's mark", () => {
  const repeated = Uint8Array.of(0x0a, 1, 0x61, 0x7a, 2, 9, 9, 0x0a, 2, 0x62, 0x63);
  assert.equal(text(new StoredRecord("f", key5, repeated).key), "bc");
  const mark = new StoredRecord("f", key5, new Uint8Array(0));
  assert.deepEqual([mark.key.length, mark.value.length, mark.isTombstone], [0, 0, false]);
});

test("StoredRecord: bytes that are no record end in FILE_DAMAGED that names the revision", () => {
  const broken: readonly Uint8Array[] = [
    Uint8Array.of(0x0a, 5, 0x61), // longer than what is left
    Uint8Array.of(0x0a), // no length
    Uint8Array.of(0x10, 0x80), // a number that is cut off
    Uint8Array.of(0x10, ...new Array<number>(11).fill(0x80)), // a number without an end
    Uint8Array.of(0x10, ...new Array<number>(9).fill(0xff), 2), // more than 64 bits
    Uint8Array.of(0x10, ...varint(1n << 60n)), // a revision that no cluster reaches
    Uint8Array.of(0x08, 1), // the key as a number
    Uint8Array.of(0x12, 1, 0), // a revision as bytes
    Uint8Array.of(0x0a, ...new Array<number>(9).fill(0xff), 1), // a length of 2^64 - 1
    Uint8Array.of(0x0a, ...varint(1n << 33n), 0x61), // a length beyond 32 bits whose low bits are small
    Uint8Array.of(0x07), // a wire type that is none
    Uint8Array.of(0x4c), // the end of a group that did not begin
  ];
  for (const stored of broken)
    assert.throws(() => new StoredRecord("f", key5, stored), isRecoveryError("FILE_DAMAGED", /revision 5\.3/), String(stored));
});

test("StoredRecord: bytes that are no revision end in FILE_DAMAGED, a revision beyond 2^53 in FILE_UNSUPPORTED", () => {
  const changed = (at: number, byte: number, source = key5): Uint8Array => source.with(at, byte);
  const tombstone = encodeRevisionKey(5n, 3n, true);
  for (const key of [
    key5.subarray(1),
    new Uint8Array(0),
    changed(8, 0x2d),
    changed(0, 0x80),
    changed(9, 0xff),
    changed(17, 0x73, tombstone),
  ])
    assert.throws(() => new StoredRecord("f", key, new Uint8Array(0)), isRecoveryError("FILE_DAMAGED"), String(key));
  for (const at of [0, 9])
    assert.throws(() => new StoredRecord("f", changed(at, 0x7f), new Uint8Array(0)), isRecoveryError("FILE_UNSUPPORTED"));
});
