import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { seededBytes } from "../../../test/support/set-world.ts";
import { SnapshotSlots } from "./snapshot-slots.ts";
import { slotBytes, type SnapshotNews } from "./snapshot-thread-messages.ts";

const slotCount = 3;

/** A reader that reads when it is told to. */
function world() {
  const shared = new SharedArrayBuffer(slotBytes * slotCount);
  const news: SnapshotNews[] = [];
  const read: Buffer[] = [];
  const slots = new SnapshotSlots(shared, (one) => news.push(one));
  /** undefined: there was nothing to read. */
  const readOne = (): boolean | undefined => {
    const [next] = news;
    if (next?.kind !== "piece") return undefined;
    news.shift();
    read.push(Buffer.from(new Uint8Array(shared, next.slot * slotBytes, next.length).slice()));
    return slots.release(next.slot);
  };
  return { slots, news, read, readOne };
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what comes is read in order and whole, whoever is faster, and the end comes last", async () => {
  const content = seededBytes(1, 9 * slotBytes + 12_345);
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = seededRandom(seed);
    const { slots, news, read, readOne } = world();
    const readerIsFast = random() < 0.5;
    for (let at = 0; at < content.length;) {
      const length = 1 + Math.floor(random() * (random() < 0.1 ? 2 * slotBytes : 16_384 * 4));
      let goesOn = slots.add(content.subarray(at, at + length));
      at += length;
      if (random() < 0.2) await turnOfTheLoop();
      // A few pieces come after the pause, as they were under way.
      while ((!goesOn && random() < 0.7) || (readerIsFast && news.length > 0)) {
        const answer = readOne();
        if (answer === undefined) await turnOfTheLoop();
        else goesOn = answer;
      }
    }
    slots.end(undefined);
    while (news.some(({ kind }) => kind === "piece")) readOne();
    assert.ok(Buffer.concat(read).equals(content), `seed ${String(seed)}`);
    assert.deepEqual(news, [{ kind: "end", failure: undefined }]);
  }
});

test("the stream is told to pause when no slot is free, and to go on when one was read", async () => {
  const { slots, news, readOne } = world();
  const piece = seededBytes(2, slotBytes);
  assert.deepEqual([slots.add(piece), slots.add(piece), slots.add(piece)], [true, true, false]);
  assert.equal(slots.add(seededBytes(3, 10)), false);
  assert.equal(readOne(), true);
  slots.end({ code: 14, details: "Connection dropped" });
  assert.deepEqual(
    news.map((one) => (one.kind === "piece" ? one.length : one.failure?.details)),
    [slotBytes, slotBytes, 10, "Connection dropped"],
  );
  await turnOfTheLoop();
});

test("little is handed over at once to a reader that waits, and waits for more with one that is busy", async () => {
  const { slots, news, readOne } = world();
  slots.add(seededBytes(1, 100));
  await turnOfTheLoop();
  assert.equal(news.length, 1);
  slots.add(seededBytes(2, 100));
  await turnOfTheLoop();
  assert.equal(news.length, 1, "the first one is not read yet");
  readOne();
  assert.equal(news.length, 1, "the reader has nothing else now");
});
