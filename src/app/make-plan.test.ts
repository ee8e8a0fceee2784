import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { planned } from "../../test/support/planned.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import type { Inventory } from "../model/inventory.ts";
import { planOnLooks } from "./make-plan.ts";

const lookAt = (inventory: Inventory) => ({ inventory, diagnosis: diagnose(inventory) });
const lost = healthyKubeadm3().freshMachine("cp1");
const settled = lost.build();
const firstLook = lost.firstLook().build();
const { earlierLook: earlier } = settled;
assert.ok(earlier !== undefined);
/** etcd on cp2 answers now and did not in the look before, as a slow one does. */
const changing = {
  ...settled,
  earlierLook: { ...earlier, hosts: earlier.hosts.map((host) => (host.name === "cp2" ? { ...host, etcdAnswers: false } : host)) },
};

async function verdictAfter(...inventories: readonly Inventory[]): Promise<readonly [string, number]> {
  const [first, ...further] = inventories.map(lookAt);
  assert.ok(first !== undefined);
  let taken = 1;
  const { plan } = await planOnLooks(first, {
    plan: ({ inventory }) => planned(inventory),
    lookAgain: () => {
      const next = further[taken - 1];
      assert.ok(next !== undefined, "no further look was to be taken");
      taken += 1;
      return Promise.resolve(next);
    },
  });
  return [plan.verdict, taken];
}

test("planOnLooks: what changed between two looks is looked at again, until two in a row agree", async () => {
  assert.deepEqual(await verdictAfter(firstLook, settled), ["act", 2]);
  assert.deepEqual(await verdictAfter(firstLook, changing, settled), ["act", 3]);
  assert.deepEqual(await verdictAfter(firstLook, changing, changing, settled), ["act", 4]);
});

test("planOnLooks: what goes on changing is waited for, after four looks", async () => {
  assert.deepEqual(await verdictAfter(firstLook, changing, changing, changing), ["wait", 4]);
});

test("planOnLooks: one look is enough where nothing is to be done, whenever that is seen", async () => {
  const healthy = healthyKubeadm3().firstLook().build();
  assert.deepEqual(await verdictAfter(healthy), ["nothing-to-do", 1]);
  assert.deepEqual(await verdictAfter(firstLook, healthyKubeadm3().build()), ["nothing-to-do", 2]);
});
