import assert from "node:assert/strict";
import { test } from "node:test";
import { planAddresses } from "./address-plan.ts";
import { inotifyInstancesNeeded } from "./inotify-budget.ts";

test("inotifyInstancesNeeded: three control planes and a spare fit below the kernel's usual 128, twice as many do not", () => {
  const shape = { controlPlanes: 3, workers: 0, etcdMachines: 0, spares: 1 } as const;
  const needed = inotifyInstancesNeeded(planAddresses(0, shape).machines);
  assert.ok(needed < 128 && 2 * needed > 128, String(needed));
});
