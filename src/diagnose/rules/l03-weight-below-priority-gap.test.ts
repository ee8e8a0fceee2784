import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import { situationOf } from "../situation/situation.ts";
import { weightBelowPriorityGap } from "./l03-weight-below-priority-gap.ts";

const script = (
  weight: number | undefined,
): Readonly<{ name: string; script: string; interval: number; weight: number | undefined; fall: number; rise: number; line: number }> => ({
  name: "chk",
  script: "/x",
  interval: 3,
  weight,
  fall: 10,
  rise: 2,
  line: 4,
});

function hostsAccused(priorities: readonly number[], weight: number | undefined): readonly (string | undefined)[] {
  const builder = priorities.reduce(
    (rest, priority, index) => rest.keepalived(`cp${String(index + 1)}`, { priority, scripts: [script(weight)] }),
    healthyKubeadm3(),
  );
  return weightBelowPriorityGap.diagnose(situationOf(builder.build())).map((finding) => finding.host);
}

test("weightBelowPriorityGap: -2 moves 101/100, and does nothing at 150/100", () => {
  assert.deepEqual(hostsAccused([101, 100, 99], -2), []);
  assert.deepEqual(hostsAccused([150, 100, 99], -2), ["cp1"]);
});

test("weightBelowPriorityGap: a drop to the same priority does not move the address for certain", () => {
  assert.deepEqual(hostsAccused([102, 100, 90], -2), ["cp1", "cp2"]);
});

test("weightBelowPriorityGap: without weight the check means FAULT, whatever the gap", () => {
  assert.deepEqual(hostsAccused([150, 100, 50], undefined), []);
});

test("weightBelowPriorityGap: priority 255 is an owner's and never changes", () => {
  assert.deepEqual(hostsAccused([255, 254, 253], -100), ["cp1"]);
});
