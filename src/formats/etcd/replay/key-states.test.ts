import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBolt } from "../../../../test/support/memory-bolt.ts";
import { seededRandom } from "../../../../test/support/seeded-random.ts";
import { openMvcc } from "../mvcc/open-mvcc.ts";
import { isInRange } from "./key-range.ts";
import { KeyInterest, KeyStates, type KeyState } from "./key-states.ts";
import { keyTextOf, type KeyText } from "./key-text.ts";

const text = (value: string): KeyText => keyTextOf(Buffer.from(value));
const state: KeyState = { main: 1n, sub: 0n, createRevision: 1n, version: 1n, lease: 0n };
const noStates = (): KeyStates => new KeyStates(openMvcc(new MemoryBolt({ key: [], meta: [] })), new KeyInterest());
const keysIn = (states: KeyStates, from: KeyText, before: KeyText | undefined): readonly KeyText[] =>
  states.select({ kind: "range", from, before }).map(([key]) => key);

test("KeyStates: a range gives its keys in order, whatever came and went before it", () => {
  const random = seededRandom(11);
  const states = noStates();
  const there = new Set<KeyText>();
  const anyKey = (): KeyText => text(Math.floor(random() * 4000).toString(36));
  for (let round = 0; round < 20_000; round += 1) {
    const key = anyKey();
    // More come than go, then more go than come.
    if (random() < (round < 10_000 ? 0.7 : 0.3)) {
      states.set(key, state);
      there.add(key);
    } else {
      states.remove(key);
      there.delete(key);
    }
    if (round % 400 !== 0) continue;
    const [from, before] = [anyKey(), random() < 0.2 ? undefined : anyKey()];
    assert.deepEqual(keysIn(states, from, before), [...there].filter((one) => isInRange(one, from, before)).sort());
  }
  for (const key of there) states.remove(key);
  assert.deepEqual(keysIn(states, text(""), undefined), []);
  states.set(text("a"), state);
  assert.deepEqual(keysIn(states, text(""), undefined), ["a"]);
});

test("KeyStates: a range for each of many transactions does not go through all keys each time", () => {
  const states = noStates();
  const startedMs = performance.now();
  for (let at = 0; at < 30_000; at += 1) {
    const key = text(`/a/${String((at * 7919) % 30_000).padStart(6, "0")}`);
    states.set(key, state);
    assert.deepEqual(keysIn(states, key, text(`${key}\0`)), [key]);
  }
  // A third of a second; going through all of them took a minute.
  assert.ok(performance.now() - startedMs < 10_000);
});
