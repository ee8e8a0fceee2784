import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedMessage, WireReader } from "./wire-reader.ts";

const reader = (...bytes: readonly number[]): WireReader => new WireReader(Uint8Array.from(bytes));

test("WireReader: a tag of more than 32 bits is malformed and not another tag", () => {
  assert.equal(reader(0x0a).nextField(), 1);
  assert.equal(reader(0xfa, 0xff, 0xff, 0xff, 0x0f).nextField(), 0x1fffffff);
  for (const high of [0x1f, 0x2f, 0x4f]) assert.throws(() => reader(0x8a, 0x80, 0x80, 0x80, high).nextField(), MalformedMessage);
  assert.throws(() => reader(0x8a, 0x80, 0x80, 0x80, 0x80, 0x01).nextField(), MalformedMessage);
});

test("WireReader: a length of more than 32 bits is malformed and not a shorter length", () => {
  const long = [0x81, 0x80, 0x80, 0x80, 0x10, 0x41];
  assert.throws(() => reader(...long).view(), /more than 32 bits/);
  assert.throws(() => reader(...long).message(), /more than 32 bits/);
  assert.throws(() => {
    const skipping = reader(0x0a, ...long);
    skipping.nextField();
    skipping.skip();
  }, /more than 32 bits/);
  assert.deepEqual([...reader(0x81, 0x00, 0x41).view()], [0x41]);
});

test("WireReader: field number 0 is malformed, also within a group, where Go's generated code takes it", () => {
  assert.throws(() => reader(0x04).nextField(), /^MalformedMessage: field number 0 at byte 0 /);
  const group = reader(0x63, 0x04);
  assert.equal(group.nextField(), 12);
  assert.throws(() => group.skip(), /^MalformedMessage: field number 0 in a group at byte 1 /);
});

test("WireReader: a negative int32 takes ten bytes and is folded", () => {
  assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01).int32(), -1);
});

test("WireReader: a byte order mark is a part of the text", () => {
  assert.equal(reader(4, 0xef, 0xbb, 0xbf, 0x61).string(), "\ufeffa");
});
