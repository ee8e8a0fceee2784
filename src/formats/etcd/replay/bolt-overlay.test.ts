import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBolt } from "../../../../test/support/memory-bolt.ts";
import { seededRandom } from "../../../../test/support/seeded-random.ts";
import { BoltOverlay } from "./bolt-overlay.ts";

const entry = (key: string, value = key): { key: Uint8Array; value: Uint8Array } => ({ key: Buffer.from(key), value: Buffer.from(value) });
const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("latin1");
const bucketName = Buffer.from("meta");

test("bolt overlay: puts and deletions are seen in their places, the base is as it was", () => {
  const base = new MemoryBolt({ meta: [entry("b"), entry("d"), entry("f")] });
  const overlay = new BoltOverlay(base);
  const bucket = overlay.change(bucketName);
  bucket.put(Buffer.from("a"), Buffer.from("1"));
  bucket.put(Buffer.from("d"), Buffer.from("2"));
  bucket.delete(Buffer.from("b"));
  bucket.delete(Buffer.from("nobody"));
  bucket.put(Buffer.from("g"), Buffer.from("3"));
  const seen = overlay.root.bucket(bucketName);
  assert.deepEqual(
    [...(seen?.entries() ?? [])].map(({ key, value }) => `${String(text(key))}=${String(text(value))}`),
    ["a=1", "d=2", "f=f", "g=3"],
  );
  assert.deepEqual(
    [...(seen?.entries(Buffer.from("e")) ?? [])].map(({ key }) => text(key)),
    ["f", "g"],
  );
  assert.equal(seen?.get(Buffer.from("b")), undefined);
  assert.equal(text(seen?.get(Buffer.from("d"))), "2");
  assert.equal(text(base.root.bucket(bucketName)?.get(Buffer.from("b"))), "b");
});

test("bolt overlay: a bucket that was not there is named in its place", () => {
  const overlay = new BoltOverlay(new MemoryBolt({ key: [], meta: [] }));
  overlay.change(Buffer.from("lease")).put(Buffer.from("x"), Buffer.from("y"));
  assert.deepEqual([...overlay.root.bucketNames()].map(text), ["key", "lease", "meta"]);
});

test("bolt overlay: changes over changes give what one map gives, whatever the order", () => {
  const random = seededRandom(4);
  const letter = (): string => String.fromCharCode(Math.floor(random() * 256)) + String.fromCharCode(Math.floor(random() * 4));
  const start = new Map(Array.from({ length: 200 }, () => [letter(), "base"] as const));
  const bytesOf = (key: string): Uint8Array => Buffer.from(key, "latin1");
  const base = new MemoryBolt({ meta: [...start].map(([key, value]) => ({ key: bytesOf(key), value: Buffer.from(value) })) });
  const first = new BoltOverlay(base);
  const second = new BoltOverlay(first);
  const expected = new Map<string, string>(start);
  for (const [overlay, name] of [
    [first, "first"],
    [second, "second"],
  ] as const)
    for (let turn = 0; turn < 300; turn += 1) {
      const key = letter();
      if (random() < 0.4) {
        overlay.change(bucketName).delete(bytesOf(key));
        expected.delete(key);
      } else {
        overlay.change(bucketName).put(bytesOf(key), Buffer.from(name));
        expected.set(key, name);
      }
    }
  const bucket = second.root.bucket(bucketName);
  const wanted = [...expected].sort(([left], [right]) => (left < right ? -1 : 1));
  assert.deepEqual(
    [...(bucket?.entries() ?? [])].map(({ key, value }) => [text(key), text(value)]),
    wanted,
  );
  const from = letter();
  assert.deepEqual(
    [...(bucket?.entries(bytesOf(from)) ?? [])].map(({ key }) => text(key)),
    wanted.map(([key]) => key).filter((key) => key >= from),
  );
});
