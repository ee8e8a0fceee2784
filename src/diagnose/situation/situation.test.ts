import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm, healthyKubeadm3, type InventoryBuilder } from "../../../test/support/inventory-builder.ts";
import { flagged, patchManifests, unread, withOddFile } from "../../../test/support/patch-manifests.ts";
import { planned } from "../../../test/support/planned.ts";
import { removeEvidence } from "../../../test/support/remove-evidence.ts";
import { diagnose } from "../diagnose.ts";
import { checkPlan } from "../../plan/check/check-plan.ts";
import type { DataDirFacts, Inventory } from "../../model/inventory.ts";
import { situationOf } from "./situation.ts";

test("situationOf: a linearizable answer proves a quorum, and unseen members do not count as healthy", () => {
  const { quorum } = situationOf(healthyKubeadm(5).hostUnreachable("cp4").hostUnreachable("cp5").build());
  assert.deepEqual([quorum.kind, quorum.needed, quorum.faultTolerance, quorum.basis], ["kept", 3, 0, "live-list"]);
});

test("situationOf: two silent voters of three leave it open whether a quorum exists", () => {
  const { quorum } = situationOf(healthyKubeadm3().hostUnreachable("cp2").hostUnreachable("cp3").build());
  assert.deepEqual([quorum.kind, quorum.faultTolerance], ["unseen", undefined]);
});

test("situationOf: two voters seen stopped of three are a lost quorum", () => {
  const { quorum } = situationOf(healthyKubeadm3().kubeletStopped("cp2").kubeletStopped("cp3").build());
  assert.equal(quorum.kind, "lost");
  assert.ok((quorum.faultTolerance ?? 0) < 0);
});

test("situationOf: without any member list the last good look names the voters, and the tolerance is not known", () => {
  const inventory = healthyKubeadm3().hostUnreachable("cp1").hostUnreachable("cp2").hostUnreachable("cp3").build();
  const { quorum, members } = situationOf(inventory);
  assert.equal(members, undefined);
  assert.deepEqual([quorum.basis, quorum.voters.length, quorum.faultTolerance], ["last-seen", 3, undefined]);
  assert.equal(situationOf(removeEvidence(inventory, ["lastSeen"])).quorum.basis, "configuration");
});

test("situationOf: a process that is stopped at the instant of the look and answers in it is slow, not frozen", () => {
  const inventory = healthyKubeadm3().build();
  const stopped = (of: Inventory): Inventory => ({
    ...of,
    hosts: of.hosts.map((host) =>
      host.name !== "cp2" || host.processes.kind !== "known"
        ? host
        : {
            ...host,
            processes: {
              ...host.processes,
              value: host.processes.value.map((process) => (process.name === "etcd" ? { ...process, state: "T" } : process)),
            },
          },
    ),
  });
  const stateOf = (of: Inventory) => situationOf(of).hosts.find((host) => host.name === "cp2")?.etcd;
  const codes = (of: Inventory) => diagnose(of).findings.map(({ code }) => code);
  assert.equal(stateOf(stopped(inventory)), "serving");
  assert.deepEqual(codes(stopped(inventory)), codes(inventory));
  const withoutRead = removeEvidence(stopped(inventory), ["cp2", "etcd", "linearizableReadMs"]);
  assert.equal(stateOf(withoutRead), "answering");
  assert.equal(stateOf(removeEvidence(withoutRead, ["cp2", "etcd", "status"])), "frozen");
});

test("situationOf: an orphan seen alone is not taken for the cluster", () => {
  const { cluster, quorum } = situationOf(healthyKubeadm3().foreignCluster("cp1").hostUnreachable("cp2").hostUnreachable("cp3").build());
  assert.equal(cluster.main, undefined);
  assert.equal(quorum.faultTolerance, undefined);
});

test("situationOf: a one-member cluster is believed when the other machines are seen not to run etcd", () => {
  const builder = healthyKubeadm3().freshMachine("cp2").freshMachine("cp3").memberRemoved("cp2").memberRemoved("cp3").withoutLastSeen();
  assert.deepEqual([situationOf(builder.build()).quorum.kind, situationOf(builder.build()).quorum.faultTolerance], ["kept", 0]);
});

test("situationOf: members are tied to machines by peer address, also when they never started", () => {
  const situation = situationOf(healthyKubeadm3().spareMachine("cp4", 4).unstartedMember("10.150.0.14").build());
  const last = situation.members?.at(-1);
  assert.deepEqual([last?.host?.name, last?.isStarted], ["cp4", false]);
});

test("situationOf: presence needs two vantage points before it says silent", () => {
  const inventory = healthyKubeadm3().hostUnreachable("cp2").build();
  const presence = (of: typeof inventory): string | undefined => situationOf(of).hosts.find((host) => host.name === "cp2")?.presence.kind;
  assert.equal(presence(inventory), "silent");
  assert.equal(presence(removeEvidence(removeEvidence(inventory, ["reach", "cp1", "cp2"]), ["reach", "cp3", "cp2"])), "unseen");
  assert.equal(presence(healthyKubeadm3().hostUnreachableFromOperator("cp2").build()), "alive");
  assert.equal(presence(removeEvidence(healthyKubeadm3().build(), ["cp2", "ssh"])), "reached");
});

test("situationOf: an empty data dir whose own filesystem is not mounted is no loss", () => {
  const lost = healthyKubeadm3().etcdDataLost("cp2");
  const unmounted = lost.patchHost("cp2", (host) =>
    host.etcdDataDir.kind === "unknown"
      ? host
      : { ...host, etcdDataDir: { ...host.etcdDataDir, value: { ...host.etcdDataDir.value, unmountedAt: "/var/lib/etcd" } } },
  );
  const dataOf = (builder: typeof lost): string | undefined => situationOf(builder.build()).hosts.find((host) => host.name === "cp2")?.data;
  assert.deepEqual([dataOf(lost), dataOf(unmounted)], ["lost", "unknown"]);
  const plan = planned(unmounted.build());
  assert.notEqual(plan.verdict, "act", "a member was given up although its disk is only not mounted");
});

test("situationOf: where the cluster's etcd keeps its data elsewhere than the probe looked, nothing there is no loss, manifest or not", () => {
  const elsewhere = healthyKubeadm3()
    .etcdManifestMoved("cp2")
    .dataDirFacts("cp2", { exists: false, isEmpty: true, hasWal: false, hasBackend: false });
  const dataOf = (builder: typeof elsewhere): string | undefined =>
    situationOf(builder.build()).hosts.find((host) => host.name === "cp2")?.data;
  assert.equal(dataOf(elsewhere), "lost");
  const others = patchManifests(elsewhere, flagged({ dataDir: "/data/etcd" }));
  assert.equal(dataOf(others), "unknown");
});

test("situationOf: where manifests could not be read, or another etcd serves without data at this path, nothing there is no loss", () => {
  const gone = { exists: false, isEmpty: true, hasWal: false, hasBackend: false };
  const dataOf = (builder: InventoryBuilder): string | undefined =>
    situationOf(builder.build()).hosts.find((host) => host.name === "cp2")?.data;
  const wiped = () => healthyKubeadm3().etcdManifestMoved("cp2").dataDirFacts("cp2", gone);
  assert.equal(dataOf(wiped()), "lost");
  assert.equal(dataOf(patchManifests(wiped(), unread, "cp2")), "unknown");
  assert.equal(dataOf(patchManifests(wiped(), withOddFile, "cp2")), "unknown");
  assert.equal(dataOf(wiped().dataDirFacts("cp1", gone)), "lost");
  assert.equal(dataOf(wiped().dataDirFacts("cp1", gone).dataDirFacts("cp3", gone)), "unknown");
});

test("situationOf: where etcd keeps its log elsewhere, its data is neither started from nor called lost, and the reason says where", () => {
  const withWalDir = (walDir: string, builder: InventoryBuilder): Inventory => patchManifests(builder, flagged({ walDir }), "cp2").build();
  const lost = withWalDir("/ssd/wal", healthyKubeadm3().etcdDataLost("cp2"));
  assert.equal(situationOf(lost).hosts.find((host) => host.name === "cp2")?.data, "unknown");
  const stopped = withWalDir("/ssd/wal", healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2").dataDirFacts("cp2", { hasWal: false }));
  for (const inventory of [lost, stopped]) {
    const plan = planned(inventory);
    assert.deepEqual([plan.lossProofs, plan.steps], [[], []]);
    assert.match(plan.reasons.join(" "), /keeps its log in \/ssd\/wal \(--wal-dir\), which is not looked at.*start etcd there by hand/);
  }
  const usual = planned(withWalDir("/var/lib/etcd/member/wal/", healthyKubeadm3().etcdDataLost("cp2")));
  assert.equal(usual.lossProofs[0]?.kind, "observed-data-lost");
});

test("situationOf: a log that etcd began after the data was gone is a loss, not data that does not start, unless the disk is in doubt", () => {
  const newborn = { exists: true, isEmpty: false, hasFiles: true, hasWal: true, hasBackend: true, isNewborn: true, mayBeData: "member" };
  const wiped = healthyKubeadm3().etcdDataLost("cp2").dataDirFacts("cp2", newborn);
  const codes = diagnose(wiped.build()).findings.map(({ code }) => code);
  assert.ok(codes.includes("E05_DATA_DIR_LOST_MEMBER_REGISTERED") && !codes.includes("E22_ETCD_DOES_NOT_STAY_UP"), codes.join(" "));
  const plan = planned(wiped.build());
  assert.deepEqual([plan.verdict, plan.lossProofs[0]?.kind, checkPlan(plan)], ["act", "observed-data-lost", []]);
  assert.deepEqual(
    plan.steps.slice(0, 5).map(({ kind }) => kind),
    ["etcd.saveSnapshot", "etcd.stopMember", "etcd.proveStopped", "etcd.removeMember", "host.moveStateAside"],
  );
  const doubtful = planned(wiped.dataDirFacts("cp2", { kernelErrors: ["I/O error, dev sdb"] }).build());
  assert.deepEqual([doubtful.lossProofs, doubtful.steps], [[], []]);
});

test("situationOf: a data dir that cannot be read, or that is empty on a disk with errors, is no loss, and nobody is given up for it", () => {
  const empty = { exists: true, isEmpty: true, hasFiles: false, hasWal: false, hasBackend: false };
  const cases: readonly Partial<DataDirFacts>[] = [
    {
      exists: true,
      isEmpty: false,
      hasWal: false,
      hasBackend: false,
      readError: "ls: reading directory '/var/lib/etcd': Input/output error",
    },
    { ...empty, fsyncError: "Input/output error", kernelErrors: ["XFS (nvme1n1): Filesystem has been shut down due to log error (0x2)"] },
    { ...empty, kernelErrors: ["EXT4-fs error (device sdb): ext4_find_entry: reading directory lblock 0"] },
    { ...empty, isReadOnlyMount: true },
    { ...empty, unmountedAt: "var-lib-etcd.mount" },
    { ...empty, mountsGap: "systemctl: Connection timed out" },
    { ...empty, isEmpty: false, hasFiles: true },
  ];
  for (const facts of cases) {
    const words = JSON.stringify(facts);
    const one = healthyKubeadm3().etcdStopped("cp2").dataDirFacts("cp2", facts);
    assert.equal(situationOf(one.build()).hosts.find((host) => host.name === "cp2")?.data, "unknown", words);
    const plan = planned(one.build());
    assert.deepEqual([plan.lossProofs, plan.steps], [[], []], words);
    const two = one.etcdStopped("cp3").dataDirFacts("cp3", facts);
    assert.deepEqual(
      diagnose(two.build()).findings.filter(({ code }) => code === "E01_QUORUM_LOST_PERMANENTLY"),
      [],
      words,
    );
    assert.doesNotMatch(planned(two.build()).reasons.join(" "), /lost for good/, words);
  }
  // The ordinary case: the same dir, read without an error.
  const wiped = planned(healthyKubeadm3().etcdStopped("cp2").dataDirFacts("cp2", empty).build());
  assert.deepEqual([wiped.verdict, wiped.lossProofs[0]?.kind], ["act", "observed-data-lost"]);
});
