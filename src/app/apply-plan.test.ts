import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { wholeReplacePlan } from "../../test/crash/crash-world.ts";
import { fingerprintOf, fingerprintProblems } from "../plan/fingerprint.ts";
import { clusterModelOf } from "../model/cluster-model-of.ts";
import type { Inventory } from "../model/inventory.ts";
import { planStale } from "./apply-plan.ts";

const then = healthyKubeadm3().freshMachine("cp3").build();
const plan = { ...wholeReplacePlan, cluster: then.config.cluster, fingerprint: fingerprintOf(then, clusterModelOf(then)) };
const staleNow = (now: Inventory) => planStale(plan, fingerprintProblems(plan, now), now);

test("planStale: a machine that presents another host key by now is said to be that, with its remedy before planning again", () => {
  const error = staleNow(healthyKubeadm3().freshMachine("cp3").hostKeyChanged("cp3").build());
  assert.equal(error.code, "PLAN_STALE");
  assert.match(error.detail, /^cp3 could not be looked at \(no SSH session\)\. The machine id of host cp3 was /);
  assert.match(error.remedies[0]?.why ?? "", /ssh-keygen -R/);
  assert.equal(error.remedies.at(-1)?.command, "requorum plan");
});

test("planStale: machines that changed and can be seen are only said to have changed", () => {
  const error = staleNow(healthyKubeadm3().build());
  assert.doesNotMatch(error.detail, /could not be looked at/);
  assert.deepEqual(
    error.remedies.map((remedy) => remedy.command),
    ["requorum plan"],
  );
});
