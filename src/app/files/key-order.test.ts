import assert from "node:assert/strict";
import { test } from "node:test";
import { inKeyOrder, type KeyPlace } from "./key-order.ts";

const places = Array.from({ length: 500 }, (_, at): KeyPlace => {
  const number = (at * 7919) % 500;
  return { rank: number % 3, key: Buffer.from(`/k/${"x".repeat(number % 5)}${String(number)}`), main: number, sub: at };
});
const wanted = places.toSorted((one, other) => one.rank - other.rank || Buffer.compare(one.key, other.key));
const shown = (all: Iterable<KeyPlace>): readonly string[] =>
  Array.from(all, ({ rank, key, main, sub }) => `${String(rank)} ${Buffer.from(key).toString()} ${String(main)} ${String(sub)}`);

test("inKeyOrder: ranks, then bytes of keys, and the same with room for a few at a time, in so many more passes", () => {
  for (const heldKeys of [undefined, 500, 499, 100, 7, 1]) {
    let turns = 0;
    const found = inKeyOrder(
      (turn) => {
        assert.equal(turn, turns);
        turns += 1;
        return places;
      },
      { heldKeys },
    );
    assert.deepEqual(shown(found), shown(wanted), String(heldKeys));
    if (heldKeys === undefined || heldKeys >= 500) assert.equal(turns, 1);
    if (heldKeys === 100) assert.ok(turns >= 5 && turns <= 11, String(turns));
  }
  assert.deepEqual([...inKeyOrder(() => [])], []);
});

test("inKeyOrder: more keys, and longer ones, than there is room for at first come in one pass all the same", () => {
  for (const [count, padding] of [
    [10_000, ""],
    [1000, "x".repeat(2000)],
  ] as const) {
    const many = Array.from({ length: count }, (_, at): KeyPlace => ({
      rank: 0,
      key: Buffer.from(`/k/${padding}${at}`),
      main: at,
      sub: -at,
    }));
    const turns: number[] = [];
    const found = inKeyOrder((turn) => {
      turns.push(turn);
      return many;
    });
    assert.deepEqual(shown(found), shown(many.toSorted((one, other) => Buffer.compare(one.key, other.key))));
    assert.deepEqual(turns, [0]);
  }
});
