import assert from "node:assert/strict";
import { test } from "node:test";
import { member, rangeRequest, statusResponse, txnRequest } from "./etcd-messages.ts";
import { bytes, defineMessage, uint64 } from "./protobuf-message.ts";

test("defineMessage: a message is encoded as the protobuf wire format says", () => {
  // Field 1, length-delimited, "a"; field 3, varint 150; field 7, varint 1.
  assert.deepEqual(
    [...rangeRequest.encode({ key: Buffer.from("a"), limit: 150n, serializable: true })],
    [0x0a, 1, 0x61, 0x18, 0x96, 0x01, 0x38, 1],
  );
});

test("defineMessage: default values are left out, an empty range_end above all", () => {
  assert.deepEqual(
    [...rangeRequest.encode({ key: Buffer.from("a"), rangeEnd: new Uint8Array(), limit: 0n, serializable: false })],
    [0x0a, 1, 0x61],
  );
});

test("defineMessage: 64-bit numbers keep all their bits, with and without sign", () => {
  const id = 0xf000_0000_0000_0001n;
  assert.equal(member.decode(member.encode({ id })).id, id);
  assert.equal(rangeRequest.decode(rangeRequest.encode({ revision: -1n })).revision, -1n);
});

test("defineMessage: nested and repeated fields come back in order, absent ones as defaults", () => {
  const draft = {
    compare: [{ key: Buffer.from("x"), modRevision: 7n }],
    success: [{ requestDeleteRange: { key: Buffer.from("x") } }, { requestDeleteRange: { key: Buffer.from("y") } }],
  };
  const decoded = txnRequest.decode(txnRequest.encode(draft));
  assert.deepEqual(
    decoded.success.map((one) => Buffer.from(one.requestDeleteRange?.key ?? []).toString()),
    ["x", "y"],
  );
  assert.deepEqual([decoded.compare[0]?.target, decoded.compare[0]?.modRevision], [0, 7n]);
  assert.deepEqual([statusResponse.decode(new Uint8Array()).errors, statusResponse.decode(new Uint8Array()).header], [[], undefined]);
});

test("defineMessage: decoding twice does not mix the repeated fields of both", () => {
  const encoded = member.encode({ peerUrls: ["a", "b"] });
  member.decode(encoded);
  assert.deepEqual(member.decode(encoded).peerUrls, ["a", "b"]);
  assert.deepEqual(member.decode(new Uint8Array()).peerUrls, []);
});

test("defineMessage: fields that the table does not name, or names with another wire type, are skipped", () => {
  const newer = defineMessage({ id: uint64(1), extra: bytes(99), name: uint64(2) });
  const decoded = member.decode(newer.encode({ id: 5n, extra: Buffer.from("new"), name: 3n }));
  assert.deepEqual([decoded.id, decoded.name], [5n, ""]);
});

test("defineMessage: cut bytes are an error, whatever the place of the cut", () => {
  const whole = member.encode({ id: 1n, name: "cp1", peerUrls: ["https://10.0.0.11:2380"] });
  const lastField = whole.length - "https://10.0.0.11:2380".length;
  for (let length = lastField; length < whole.length; length += 1) assert.throws(() => member.decode(whole.subarray(0, length)));
});
