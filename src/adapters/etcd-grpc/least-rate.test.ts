import assert from "node:assert/strict";
import { test } from "node:test";
import { leastRate, RateWatch } from "./least-rate.ts";

const [second, minute, hour] = [1000, 60_000, 3_600_000];
const kb = 1000;
const gb = 1_000_000_000;

/** A member and a clock: pieces every second of waiting, each as large as the rate says. */
function streamOf({ bytes, withinMs = 6 * hour }: { readonly bytes: number; readonly withinMs?: number }) {
  const watch = new RateWatch({ bytes, withinMs });
  let passedMs = 0;
  const give = (piece: number, waitedMs: number) => watch.tooSlow({ bytes: piece, waitedMs, passedMs: (passedMs += waitedMs) });
  return {
    give,
    /** undefined: it went on for so long; else when it was given up, in whole minutes. */
    at: (bytesPerSecond: number, forMs: number): number | undefined => {
      const beganMs = passedMs;
      while (passedMs - beganMs < forMs) if (give(bytesPerSecond, second) !== undefined) return Math.floor((passedMs - beganMs) / minute);
      return undefined;
    },
  };
}

test("RateWatch: a byte every ten seconds is too slow after two minutes, not before, and however late the first one came", () => {
  const { give } = streamOf({ bytes: gb });
  assert.equal(give(1, 29 * second), undefined);
  for (let at = 1; at < 12; at += 1) assert.equal(give(1, 10 * second), undefined, String(at));
  assert.deepEqual(give(1, 10 * second), { bytes: 13, waitedMs: 120_000 });
});

test("RateWatch: what cannot come in the time there is is given up after two minutes, at whatever rate", () => {
  assert.equal(streamOf({ bytes: 2 * gb }).at(10 * kb, 6 * hour), 2);
  assert.equal(streamOf({ bytes: 2 * gb }).at(90 * kb, 6 * hour), 2);
  assert.equal(streamOf({ bytes: 2 * gb }).at(100 * kb, 2 * gb * 0.00001 * second), undefined);
  assert.equal(streamOf({ bytes: 2 * gb, withinMs: hour }).at(500 * kb, hour), 2, "a timer gives less time");
});

test("RateWatch: a slow link brings a small database, however slow it is, within an hour", () => {
  assert.equal(streamOf({ bytes: 3000 * kb }).at(8 * kb, 375 * second), undefined);
  assert.equal(streamOf({ bytes: 3000 * kb }).at(kb, 50 * minute), undefined);
  assert.equal(streamOf({ bytes: 3000 * kb }).at(0.7 * kb, hour), 2);
  assert.equal(streamOf({ bytes: 3000 * kb, withinMs: 4 * minute }).at(8 * kb, hour), 2, "nor is there an hour where a timer gives less");
});

test("RateWatch: a stream that was fast enough may dip for some minutes, and one that stays behind is given up", () => {
  const dips = streamOf({ bytes: 14 * gb });
  assert.equal(dips.at(1000 * kb, hour), undefined);
  assert.equal(dips.at(100 * kb, 8 * minute), undefined);
  assert.equal(dips.at(1000 * kb, hour), undefined);
  assert.equal(dips.at(100 * kb, 8 * minute), undefined, "each dip is one of its own");
  assert.equal(dips.at(1000 * kb, 10 * minute), undefined);
  assert.equal(dips.at(100 * kb, 6 * hour), 10);
  const drips = streamOf({ bytes: 8 * gb });
  assert.equal(drips.at(1000 * kb, hour), undefined);
  assert.equal(drips.at(1, 6 * hour), 2, "a drip is no dip");
});

test("RateWatch: a database that grew has an hour for what comes beyond what was said", () => {
  const grown = streamOf({ bytes: 3000 * kb });
  assert.equal(grown.at(8 * kb, 20 * minute), undefined);
  const endless = streamOf({ bytes: 1 });
  assert.equal(endless.at(1, 6 * hour), 62);
});

test("RateWatch: while the reader is what is slow, nothing is waited for, and nothing is too slow", () => {
  const watch = new RateWatch({ bytes: gb, withinMs: hour });
  for (let at = 0; at < 10_000; at += 1)
    assert.equal(watch.tooSlow({ bytes: 1, waitedMs: 0, passedMs: at * leastRate.waitedMs }), undefined);
});
