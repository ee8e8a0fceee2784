import assert from "node:assert/strict";
import { test } from "node:test";
import { seededBytes } from "../../../test/support/set-world.ts";
import { snapshotResponse } from "./etcd-messages.ts";
import { SnapshotMessageError, SnapshotMessages } from "./snapshot-messages.ts";

function framed(message: Uint8Array, compressed = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The blobs joined, of a stream that comes in pieces of `pieceBytes`. */
function read(stream: Uint8Array, pieceBytes: number): Buffer {
  const blobs: Uint8Array[] = [];
  const messages = new SnapshotMessages((blob) => blobs.push(blob.slice()));
  for (let at = 0; at < stream.length; at += pieceBytes) messages.read(stream.subarray(at, at + pieceBytes));
  messages.assertComplete();
  return Buffer.concat(blobs);
}

test("blobs come out whole, wherever the stream is cut", () => {
  const blobs = [seededBytes(1, 32_768), new Uint8Array(), seededBytes(2, 1), seededBytes(3, 300)];
  const messages = blobs.map((blob, at) => framed(snapshotResponse.encode({ remainingBytes: BigInt(at) << 40n, blob })));
  const stream = Buffer.concat([...messages, framed(new Uint8Array())]);
  for (const pieceBytes of [1, 2, 3, 7, 4096, 40_000]) assert.deepEqual(read(stream, pieceBytes), Buffer.concat(blobs));
});

test("fields that are not the blob are passed over: a header, numbers of fixed size, what a later etcd adds", () => {
  const header = Buffer.from([0x0a, 2, 0x08, 1]);
  const fixed = Buffer.from([0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x2d, 1, 2, 3, 4]);
  const longNumber = Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
  const later = Buffer.from([0x22, 3, 9, 9, 9]); // the version of etcd's storage
  const blob = Buffer.from([0x1a, 2, 65, 66]);
  assert.deepEqual(read(framed(Buffer.concat([header, fixed, longNumber, blob, later])), 3), Buffer.from("AB"));
});

test("what is no snapshot message is said, and never taken for content", () => {
  const blob = snapshotResponse.encode({ remainingBytes: 1n, blob: seededBytes(1, 100) });
  const bad: readonly (readonly [Uint8Array, RegExp])[] = [
    [framed(blob, 1), /compressed/],
    [Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), /4294967295 bytes/],
    [framed(blob).subarray(0, 50), /last message is cut/],
    [framed(blob).subarray(0, 3), /last message is cut/],
    [framed(Buffer.from([0x1a, 5, 65])), /field 3 has 5 bytes, its message 1 more/],
    [framed(Buffer.from([0x1b, 5])), /wire type 3/],
    [framed(Buffer.from([0x1a, 0x80])), /last message is cut|longer than its message/],
    [framed(Buffer.from([0x10, ...Array<number>(11).fill(0xff), 1])), /more than ten bytes/],
  ];
  for (const [stream, words] of bad)
    assert.throws(
      () => read(stream, 4),
      (error) => error instanceof SnapshotMessageError && words.test(error.message),
    );
});
