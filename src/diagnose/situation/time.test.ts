import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm, healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import { situationOf } from "./situation.ts";
import { clockView, durationWords } from "./time.ts";

const awayOf = (builder: ReturnType<typeof healthyKubeadm3>): readonly (string | undefined)[] =>
  clockView(situationOf(builder.build())).away.map(({ host }) => host?.name);

test("clockView: one machine far from the rest is away, the reference is the majority's", () => {
  const builder = healthyKubeadm3().clockOff("cp2", 34_560_000_000);
  assert.deepEqual(awayOf(builder), ["cp2"]);
  const { referenceMs } = clockView(situationOf(builder.build()));
  assert.ok(Math.abs(referenceMs - Date.parse("2026-11-21T03:00:00.000Z")) < 1000);
});

test("clockView: when all machines agree against this workstation, the workstation is away", () => {
  assert.deepEqual(awayOf(healthyKubeadm3().clockOff("cp1", 3_600_000).clockOff("cp2", 3_600_000).clockOff("cp3", 3_600_000)), [undefined]);
});

test("clockView: with one machine nobody is outvoted", () => {
  const view = clockView(situationOf(healthyKubeadm(1).clockOff("cp1", 3_600_000).build()));
  assert.equal(view.isMajority, false);
  assert.deepEqual(
    view.away.map(({ host }) => host?.name),
    ["cp1"],
  );
});

test("clockView: ordinary offsets are nobody's fault", () => {
  assert.deepEqual(awayOf(healthyKubeadm3().clockOff("cp2", 1500)), []);
});

test("durationWords: one unit, rounded", () => {
  assert.deepEqual([90_000, -600_000, 10_000_000, 34_560_000_000].map(durationWords), ["90 s", "10 min", "3 h", "400 d"]);
});
