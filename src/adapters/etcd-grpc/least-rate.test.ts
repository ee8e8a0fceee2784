import assert from "node:assert/strict";
import { test } from "node:test";
import { leastRate, RateWatch } from "./least-rate.ts";

const drop = { bytes: 1, waitedMs: 10_000 };

test("RateWatch: a byte every ten seconds is too slow after two minutes, not before, and however late the first one came", () => {
  const watch = new RateWatch();
  assert.equal(watch.tooSlow({ bytes: 1, waitedMs: 29_000 }), undefined);
  for (let at = 1; at < 12; at += 1) assert.equal(watch.tooSlow(drop), undefined, String(at));
  assert.deepEqual(watch.tooSlow(drop), { bytes: 12, waitedMs: 120_000 });
});

test("RateWatch: a mebibyte in two minutes is enough, and buys no more than these", () => {
  const watch = new RateWatch();
  watch.tooSlow(drop);
  assert.equal(watch.tooSlow({ bytes: leastRate.bytes, waitedMs: leastRate.waitedMs }), undefined);
  for (let at = 1; at < 12; at += 1) assert.equal(watch.tooSlow(drop), undefined);
  assert.notEqual(watch.tooSlow(drop), undefined);
});

test("RateWatch: while the reader is what is slow, nothing is waited for, and nothing is too slow", () => {
  const watch = new RateWatch();
  for (let at = 0; at < 10_000; at += 1) assert.equal(watch.tooSlow({ bytes: 1, waitedMs: 0 }), undefined);
});
