import assert from "node:assert/strict";
import { test } from "node:test";
import { freeReplacementAddress, isMachineAddress, labIndexMax, machineAddress, planAddresses, podRange } from "./address-plan.ts";

const shape = { controlPlanes: 3, workers: 1, etcdMachines: 0, spares: 1 } as const;

test("planAddresses: names and addresses follow from role and order", () => {
  assert.deepEqual(planAddresses(0, shape).machines, [
    { name: "cp1", address: "10.150.0.11", role: "control-plane" },
    { name: "cp2", address: "10.150.0.12", role: "control-plane" },
    { name: "cp3", address: "10.150.0.13", role: "control-plane" },
    { name: "worker1", address: "10.150.0.31", role: "worker" },
    { name: "spare1", address: "10.150.0.41", role: "spare" },
  ]);
});

test("planAddresses: two labs share no address", () => {
  const one = planAddresses(0, shape);
  const other = planAddresses(1, shape);
  const addresses = [...one.machines, ...other.machines].map(({ address }) => address);
  assert.equal(new Set([...addresses, one.virtualAddress, other.virtualAddress]).size, addresses.length + 2);
});

test("planAddresses: an index or a count out of range is refused", () => {
  assert.throws(() => planAddresses(labIndexMax + 1, shape), RangeError);
  assert.throws(() => planAddresses(0, { ...shape, workers: 10 }), { code: "USAGE", subject: "10 worker machines", detail: /at most 9/ });
});

test("podRange: every machine address has a pod range of its own", () => {
  assert.equal(podRange(machineAddress(0, 11)), "10.100.11.0/24");
  assert.equal(podRange(machineAddress(3, 52)), "10.103.52.0/24");
});

test("freeReplacementAddress: skips what is taken and ends when all are", () => {
  assert.equal(freeReplacementAddress(0, []), "10.150.0.51");
  assert.equal(freeReplacementAddress(0, ["10.150.0.51"]), "10.150.0.52");
  assert.equal(
    freeReplacementAddress(
      0,
      Array.from({ length: 30 }, (_, index) => machineAddress(0, 51 + index)),
    ),
    undefined,
  );
});

test("isMachineAddress: only this lab's own network has them, and neither its gateway nor its virtual address is one", () => {
  const candidates = [
    "10.150.0.11",
    "10.150.0.69",
    "10.150.0.1",
    "10.150.0.10",
    "10.150.0.70",
    "10.151.0.11",
    "cp1",
    "10.150.0.11\n  User x",
  ];
  assert.deepEqual(
    candidates.filter((address) => isMachineAddress(0, address)),
    ["10.150.0.11", "10.150.0.69"],
  );
});
