import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeHostAccess } from "../../test/support/fake-host-access.ts";
import { FakeLastSeenStore } from "../../test/support/fake-last-seen-store.ts";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { NodeHashing } from "../adapters/system/node-hashing.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import type { Inventory } from "../model/inventory.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { LastSeenStore } from "../ports/last-seen-store.ts";
import type { AppPorts } from "./app-ports.ts";
import { observeAgain, rememberGoodLook } from "./observe-cluster.ts";

const lookAt = (inventory: Inventory) => ({ inventory, diagnosis: diagnose(inventory) });
const healthy = lookAt(healthyKubeadm3().build());
const { config } = healthy.inventory;
const context = (lastSeen: LastSeenStore) => ({ config, ports: { lastSeen } as AppPorts });

test("rememberGoodLook: a good look is kept; one with a critical finding does not replace it", async () => {
  const store = new FakeLastSeenStore();
  assert.equal(await rememberGoodLook(context(store), healthy), healthy);
  const kept = await store.read(config.cluster);
  assert.ok(kept?.includes("cp1"));
  const orphan = lookAt(healthyKubeadm3().freshMachine("cp2").freshMachine("cp3").build());
  assert.ok(orphan.diagnosis.findings.some((finding) => finding.severity === "critical"));
  await rememberGoodLook(context(store), orphan);
  assert.equal(await store.read(config.cluster), kept);
});

test("rememberGoodLook: with this machine's disk full the look is shown all the same, and says LOCAL_DISK_FULL", async () => {
  const full = new RecoveryError("LOCAL_DISK_FULL", { subject: "file last-seen.json", detail: "could not write: no space left" });
  const look = await rememberGoodLook(context({ read: () => Promise.resolve(undefined), write: () => Promise.reject(full) }), healthy);
  assert.deepEqual(look.diagnosis.findings, healthy.diagnosis.findings);
  assert.match(look.diagnosis.unknown.at(-1) ?? "", /was not kept .*LOCAL_DISK_FULL: could not write/);
  const bug = new TypeError("a bug");
  await assert.rejects(
    rememberGoodLook(context({ read: () => Promise.resolve(undefined), write: () => Promise.reject(bug) }), healthy),
    bug,
  );
});

test("observeAgain: the looks stand apart by time that has passed, whatever the time of day has become in between", async () => {
  const noAnswer = new RecoveryError("SSH_UNREACHABLE", { subject: "any host", detail: "no answer" });
  for (const hoursOff of [-24, 0, 24]) {
    const clock = new FakeClock(new Date(Date.parse(healthy.inventory.takenAt) + hoursOff * 3_600_000).toISOString());
    const hostAccess = new FakeHostAccess();
    for (const host of config.hosts) hostAccess.failWith(host.name, () => noAnswer);
    const nobody = { dial: () => Promise.reject(noAnswer), close: () => Promise.resolve() };
    const ports = {
      hostAccess,
      etcd: nobody,
      kube: nobody,
      lastSeen: new FakeLastSeenStore(),
      clock,
      hashing: new NodeHashing(),
    } as unknown as AppPorts;
    const signal = new AbortController().signal;
    await observeAgain(
      { config, ports, operator: { by: "someone", host: "laptop" }, program: "requorum test", signal, report: () => undefined },
      healthy,
      {},
    );
    assert.ok((clock.sleepsMs[0] ?? 0) >= 6_500, `${String(hoursOff)} hours off: ${String(clock.sleepsMs[0])}`);
  }
});
