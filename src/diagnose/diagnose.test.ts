import assert from "node:assert/strict";
import test from "node:test";
import { diagnose } from "./diagnose.ts";
import { healthyKubeadm, healthyKubeadm3 } from "../../test/support/inventory-builder.ts";

const codes = (inventory: Parameters<typeof diagnose>[0]): readonly string[] => diagnose(inventory).findings.map((finding) => finding.code);

test("diagnose: a healthy cluster has no findings and nothing unknown", () => {
  for (const hosts of [1, 3, 5]) {
    const diagnosis = diagnose(healthyKubeadm(hosts).build());
    assert.deepEqual(diagnosis.findings, []);
    assert.deepEqual(diagnosis.unknown, []);
    assert.equal(diagnosis.faultTolerance, Math.floor((hosts - 1) / 2));
  }
});

test("diagnose: the time is the inventory's", () => {
  assert.equal(diagnose(healthyKubeadm3().takenAt("2026-11-22T00:00:00.000Z").build()).takenAt, "2026-11-22T00:00:00.000Z");
});

test("diagnose: an unstarted voter counts in the fault tolerance, a learner does not", () => {
  assert.equal(diagnose(healthyKubeadm(5).unstartedMember("10.150.0.99").build()).faultTolerance, 1);
  assert.equal(diagnose(healthyKubeadm(5).unstartedMember("10.150.0.99", { isLearner: true }).build()).faultTolerance, 2);
});

test("diagnose: a silent machine is never proven lost, however often one looks", () => {
  const inventory = healthyKubeadm3().hostUnreachable("cp2").build();
  assert.ok(diagnose(inventory).findings.every((finding) => finding.lossProof === undefined));
  assert.ok(codes(inventory).includes("N02_NODE_DOWN_TEMPORARILY"));
});

test("diagnose: a machine that one other machine reaches is not called down", () => {
  const inventory = healthyKubeadm3().hostUnreachableFromOperator("cp2").build();
  assert.ok(codes(inventory).includes("N08_UNREACHABLE_FROM_ONE_VANTAGE"));
  assert.ok(!codes(inventory).includes("N02_NODE_DOWN_TEMPORARILY"));
});

test("diagnose: an emptied data dir that a running etcd still holds open is no proof of loss", () => {
  const inventory = healthyKubeadm3()
    .patchHost("cp2", (host) =>
      host.etcdDataDir.kind === "known"
        ? {
            ...host,
            etcdDataDir: {
              ...host.etcdDataDir,
              value: { ...host.etcdDataDir.value, exists: false, isEmpty: true, hasWal: false, hasBackend: false },
            },
          }
        : host,
    )
    .build();
  const finding = diagnose(inventory).findings.find((candidate) => candidate.code === "E05_DATA_DIR_LOST_MEMBER_REGISTERED");
  assert.equal(finding?.lossProof, undefined);
  assert.match(finding?.summary ?? "", /still runs on the deleted files/);
});

test("diagnose: a data dir that was looked for in another place than etcd keeps it proves nothing", () => {
  const inventory = healthyKubeadm3()
    .etcdDataLost("cp2")
    .patchHost("cp2", (host) =>
      host.etcdDataDir.kind === "known"
        ? { ...host, etcdDataDir: { ...host.etcdDataDir, value: { ...host.etcdDataDir.value, path: "/data/etcd" } } }
        : host,
    )
    .build();
  assert.ok(diagnose(inventory).findings.every((finding) => finding.lossProof === undefined));
});

test("diagnose: several cluster ids without earlier facts and without a majority leave the real one open", () => {
  const diagnosis = diagnose(healthyKubeadm3().foreignCluster("cp1").hostUnreachable("cp2").withoutLastSeen().build());
  assert.equal(diagnosis.faultTolerance, undefined);
  const [finding] = diagnosis.findings;
  assert.equal(finding?.code, "E08_CLUSTER_IDS_DIFFER");
  assert.match(finding.summary, /cannot be told/);
});

test("diagnose: a configured machine without facts is named as not asked", () => {
  const inventory = healthyKubeadm3().build();
  const partial = { ...inventory, hosts: inventory.hosts.filter((host) => host.name !== "cp3") };
  assert.ok(diagnose(partial).unknown.some((line) => line.startsWith("cp3: nothing was asked")));
  assert.ok(diagnose(partial).findings.every((finding) => finding.lossProof === undefined));
});

test("diagnose: root causes stand before symptoms, and what is worse before what is less bad", () => {
  const rank = { critical: 0, error: 1, warning: 2, info: 3 };
  const { findings } = diagnose(
    healthyKubeadm3().freshMachine("cp2").haproxyOption("cp1", "option ssl-hello-chk", 29).haproxyWithoutReadyz("cp1").build(),
  );
  const explained = new Set(findings.flatMap((finding) => finding.explains));
  const ranks = findings.map((finding) => (explained.has(`${finding.code} ${finding.subject}`) ? 10 : 0) + rank[finding.severity]);
  assert.deepEqual(
    ranks,
    [...ranks].sort((a, b) => a - b),
  );
});

test("diagnose: a machine that is up for minutes and whose etcd was late once has not just started, and nothing of it is called an error", () => {
  const inventory = healthyKubeadm3().rebooted("cp1", 240).etcdLate("cp1").firstLook().build();
  assert.ok(!codes(inventory).includes("N02_NODE_DOWN_TEMPORARILY"));
  const findings = diagnose(inventory).findings.filter((finding) => finding.host === "cp1");
  assert.deepEqual(
    findings.map((finding) => [finding.code, finding.severity, finding.confidence]),
    [["E02_MEMBER_DOWN_CAUSE_NOT_SEEN", "warning", "low"]],
  );
  assert.match(findings[0]?.summary ?? "", /did not answer in time/);
});

test("diagnose: an etcd that runs and refuses on a machine that has just booted is coming back; one that fails TLS is not", () => {
  assert.ok(codes(healthyKubeadm3().rebooted("cp1", 40).etcdNotListening("cp1").build()).includes("N02_NODE_DOWN_TEMPORARILY"));
  assert.ok(!codes(healthyKubeadm3().rebooted("cp1", 40).etcdRefusesTls("cp1").build()).includes("N02_NODE_DOWN_TEMPORARILY"));
});

test("diagnose: an etcd that runs and gave no answer in two looks is an error", () => {
  const finding = diagnose(healthyKubeadm3().etcdLate("cp1").build()).findings.find((candidate) => candidate.host === "cp1");
  assert.deepEqual([finding?.code, finding?.severity], ["E02_MEMBER_DOWN_CAUSE_NOT_SEEN", "error"]);
});
