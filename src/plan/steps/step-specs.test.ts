import assert from "node:assert/strict";
import test from "node:test";
import type { ClusterModel, ModelHost, ModelMember } from "../../model/cluster-model.ts";
import { asBackupSetId, asClusterId, asHostName, asMemberId } from "../../model/ids.ts";
import type { FileState } from "../../model/restored-file.ts";
import type { StepKind } from "../../model/step.ts";
import { effectOf, postOf, preOf, specOf, type StepDraft } from "./judge-step.ts";
import { stepSpecs } from "./step-specs.ts";

const [cp1, cp2, cp3] = [asHostName("cp1"), asHostName("cp2"), asHostName("cp3")];
const [id1, id2, id3] = [asMemberId("1a"), asMemberId("2b"), asMemberId("3c")];
const clusterId = asClusterId("c1");
const urlOf = (ordinal: number): string => `https://10.0.0.${String(ordinal)}:2380`;

function member(ordinal: number, change: Partial<ModelMember> = {}): ModelMember {
  const id = [id1, id2, id3][ordinal - 1];
  return {
    id,
    name: `cp${String(ordinal)}`,
    peerUrls: [urlOf(ordinal)],
    isLearner: false,
    isStarted: true,
    isHealthy: true,
    host: asHostName(`cp${String(ordinal)}`),
    ...change,
  };
}

function host(ordinal: number, change: Partial<ModelHost> = {}): ModelHost {
  return {
    name: asHostName(`cp${String(ordinal)}`),
    address: `10.0.0.${String(ordinal)}`,
    roles: ["control-plane"],
    isReachable: true,
    machineId: "m",
    hasKubernetesState: true,
    hasEtcdData: true,
    hasStartableEtcdData: true,
    hasEtcdManifest: true,
    etcdProcess: "running",
    apiServer: "ready",
    services: { kubelet: "active", containerd: "active", haproxy: "active" },
    isPrepared: undefined,
    preparationProblems: [],
    balancerBackends: ["10.0.0.1:6443", "10.0.0.2:6443"],
    ...change,
  };
}

function cluster(change: Partial<ClusterModel> = {}): ClusterModel {
  return {
    cluster: "demo",
    clusterId,
    members: [member(1), member(2), member(3)],
    hosts: [host(1), host(2), host(3)],
    nodes: [1, 2, 3].map((ordinal) => ({
      name: `cp${String(ordinal)}`,
      uid: `uid-${String(ordinal)}`,
      isReady: true,
      isControlPlane: true,
      internalIp: `10.0.0.${String(ordinal)}`,
      machineId: "m",
    })),
    masterLeases: ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
    clusterInfoServer: "10.0.0.2:6443",
    kubeadmEndpoint: "10.0.0.2:6443",
    snapshots: [],
    verified: undefined,
    ...change,
  };
}

/** cp2 lost its machine: empty, its member silent. */
const emptyCp2 = host(2, {
  hasKubernetesState: false,
  hasEtcdData: false,
  hasStartableEtcdData: false,
  hasEtcdManifest: false,
  etcdProcess: "stopped",
  apiServer: "absent",
  services: { kubelet: "stopped" },
  isPrepared: true,
  balancerBackends: undefined,
});
const lost = cluster({
  members: [member(1), member(2, { isHealthy: undefined }), member(3)],
  hosts: [host(1), emptyCp2, host(3)],
  nodes: cluster().nodes!.map((node) => (node.name === "cp2" ? { ...node, isReady: false } : node)),
});
const removed = { ...lost, members: [member(1), member(3)], nodes: lost.nodes!.filter((node) => node.name !== "cp2") };
const joined = {
  ...removed,
  members: [member(1), member(3), member(2, { isLearner: true })],
  hosts: [host(1), host(2), host(3)],
  nodes: lost.nodes,
};

/** A handler's look that learnt nothing. */
const blind: ClusterModel = {
  cluster: "demo",
  clusterId: undefined,
  members: undefined,
  nodes: undefined,
  masterLeases: undefined,
  clusterInfoServer: undefined,
  kubeadmEndpoint: undefined,
  snapshots: [],
  verified: undefined,
  hosts: [1, 2, 3].map((ordinal) =>
    host(ordinal, {
      isReachable: undefined,
      machineId: undefined,
      hasKubernetesState: undefined,
      hasEtcdData: undefined,
      hasEtcdManifest: undefined,
      etcdProcess: undefined,
      apiServer: undefined,
      services: undefined,
      balancerBackends: undefined,
    }),
  ),
};

interface Case {
  readonly step: StepDraft;
  /** pre holds, post does not. */
  readonly ready: ClusterModel;
  /** pre fails, with a reason that matches. */
  readonly refused: readonly (readonly [ClusterModel, RegExp])[];
  /** What post cannot be judged by without an observation is unknown; a missing snapshot is simply missing. */
  readonly postWhenBlind?: "fails";
}

const via = [cp1, cp3];
const withMember2 = (change: Partial<ModelMember>): ClusterModel => ({
  ...lost,
  members: [member(1), member(2, { isHealthy: undefined, ...change }), member(3)],
});
const withHost2 = (model: ClusterModel, change: Partial<ModelHost>): ClusterModel => ({
  ...model,
  hosts: model.hosts.map((other) => (other.name === cp2 ? { ...other, ...change } : other)),
});
const unreachable: Partial<ModelHost> = { isReachable: false };

const tag = (digit: string): string => digit.repeat(64);
const fileOf = (digit: string): FileState => ({ kind: "file", tag: tag(digit), mode: 0o600, uid: 0, gid: 0 });
const keyPath = "/etc/kubernetes/pki/apiserver.key";
const caPath = "/etc/kubernetes/pki/ca.crt";
const crtPath = keyPath.replace(/key$/, "crt");
const withFiles = (own: FileState | undefined, ca: FileState | undefined = fileOf("c"), crt: FileState = fileOf("h")): ClusterModel => {
  const model = cluster();
  return {
    ...model,
    hosts: model.hosts.map((other) => ({
      ...other,
      files:
        other.name === cp2
          ? [
              { path: keyPath, state: own },
              { path: crtPath, state: crt },
            ]
          : [{ path: caPath, state: ca }],
    })),
  };
};

const cases: { readonly [K in StepKind]: Case } = {
  "etcd.saveSnapshot": {
    step: { kind: "etcd.saveSnapshot", args: { host: cp1, memberId: id1, artifact: "a.db", minRevision: 7n } },
    ready: lost,
    postWhenBlind: "fails",
    refused: [
      [{ ...lost, members: [member(3)] }, /not registered/],
      [{ ...lost, members: [member(1, { isHealthy: false })] }, /does not answer/],
      [{ ...lost, members: [member(1, { isLearner: true })] }, /learner/],
    ],
  },
  "etcd.proveStopped": {
    step: { kind: "etcd.proveStopped", args: { host: cp2, memberId: id2 } },
    ready: cluster(),
    refused: [[withHost2(cluster(), unreachable), /cannot be reached/]],
  },
  "etcd.stopMember": {
    step: { kind: "etcd.stopMember", args: { host: cp2, memberId: id2 } },
    ready: cluster({ members: [member(1), member(2, { isHealthy: false }), member(3)] }),
    refused: [
      [withHost2(cluster(), unreachable), /cannot be reached/],
      [cluster(), /answers: a voter that works is not stopped/],
      [cluster({ members: [member(1), member(2), member(3, { isHealthy: false })] }), /1 of 3 voters healthy, 2 needed/],
    ],
  },
  "etcd.removeMember": {
    step: { kind: "etcd.removeMember", args: { memberId: id2, name: "cp2", peerUrls: [urlOf(2)], via } },
    ready: lost,
    refused: [
      [withMember2({ name: "other" }), /the plan means "cp2"/],
      [withMember2({ peerUrls: [urlOf(9)] }), /the plan means https:\/\/10\.0\.0\.2/],
      [withMember2({ isHealthy: true }), /a member that works is not removed/],
      [{ ...lost, members: [member(1), member(2, { isHealthy: false }), member(3, { isHealthy: false })] }, /quorum now/],
      [{ ...lost, members: [member(2, { isHealthy: false })] }, /last voter/],
      [
        { ...lost, members: [member(1, { host: undefined }), member(2, { isHealthy: false }), member(3, { host: undefined })] },
        /no healthy voter on cp1, cp3/,
      ],
      [{ ...lost, members: [member(1), member(3)] }, /not registered/],
    ],
  },
  "etcd.awaitVoter": {
    step: { kind: "etcd.awaitVoter", args: { host: cp2, peerUrl: urlOf(2), via } },
    ready: joined,
    refused: [
      [removed, /no member with peer URL/],
      [{ ...joined, members: [member(1), member(3), member(2, { isStarted: false, name: "", isLearner: true })] }, /never started/],
    ],
  },
  "kubernetes.deleteNode": {
    step: { kind: "kubernetes.deleteNode", args: { node: "cp2", uid: "uid-2", via } },
    ready: { ...removed, nodes: lost.nodes },
    refused: [
      [lost, /still has a member named cp2/],
      [
        { ...withHost2(removed, { hasKubernetesState: true, services: { kubelet: "active" } }), nodes: cluster().nodes },
        /a machine that works is not deleted/,
      ],
      [{ ...removed, nodes: [] }, /there is no Node cp2/],
    ],
  },
  "kubernetes.deleteMasterLease": {
    step: { kind: "kubernetes.deleteMasterLease", args: { address: "10.0.0.2", via } },
    ready: removed,
    refused: [
      [cluster(), /its lease is in use/],
      [{ ...removed, hosts: [host(1, unreachable), emptyCp2, host(3, unreachable)] }, /none of cp1, cp3/],
    ],
  },
  "kubernetes.repairClusterInfo": {
    step: { kind: "kubernetes.repairClusterInfo", args: { server: "10.0.0.9:8443", via } },
    ready: lost,
    refused: [[{ ...lost, hosts: [host(1, { apiServer: "not-ready" }), host(3, { apiServer: "absent" })] }, /no API server/]],
  },
  "kubernetes.repairKubeadmConfig": {
    step: { kind: "kubernetes.repairKubeadmConfig", args: { controlPlaneEndpoint: "10.0.0.9:8443", via } },
    ready: lost,
    refused: [[{ ...lost, hosts: [host(1, { apiServer: "not-ready" }), host(3, { apiServer: "absent" })] }, /no API server/]],
  },
  "kubernetes.awaitNodeNotReady": {
    step: { kind: "kubernetes.awaitNodeNotReady", args: { node: "cp2", via } },
    ready: { ...lost, nodes: cluster().nodes },
    refused: [],
  },
  "kubernetes.awaitNodeReady": {
    step: { kind: "kubernetes.awaitNodeReady", args: { node: "cp2", via } },
    ready: joined,
    refused: [[removed, /there is no Node cp2/]],
  },
  "loadBalancer.setBackends": {
    step: { kind: "loadBalancer.setBackends", args: { host: cp1, backends: [{ name: "cp4", address: "10.0.0.4", port: 6443 }] } },
    ready: lost,
    refused: [[{ ...lost, hosts: [host(1, unreachable)] }, /cannot be reached/]],
  },
  "host.moveStateAside": {
    step: { kind: "host.moveStateAside", args: { host: cp2, paths: ["/etc/kubernetes/pki"] } },
    ready: withHost2(removed, { hasEtcdData: true }),
    refused: [
      [withHost2(lost, { hasEtcdData: true }), /still registered/],
      [withHost2(removed, { hasEtcdData: true, etcdProcess: "running" }), /etcd is running/],
      [withHost2(removed, unreachable), /cannot be reached/],
    ],
  },
  "host.restoreFiles": {
    step: {
      kind: "host.restoreFiles",
      args: {
        host: cp2,
        set: asBackupSetId("20260301-030000-aaaaaa"),
        manifestSha256: tag("d"),
        directories: [],
        files: [{ path: keyPath, kind: "pki", was: fileOf("a"), becomes: { kind: "file", tag: tag("b"), mode: 0o600, uid: 0, gid: 0 } }],
        companions: [{ path: crtPath, was: fileOf("h") }],
        authorities: [{ path: caPath, tag: tag("c") }],
        accepts: [],
      },
    },
    ready: withFiles(fileOf("a")),
    refused: [
      [withHost2(withFiles(fileOf("a")), unreachable), /cannot be reached/],
      [withHost2(withFiles(fileOf("a")), { join: "running" }), /kubeadm runs/],
      [withFiles(fileOf("e")), /somebody changed it/],
      [withFiles({ kind: "absent" }), /somebody changed it/],
      [withFiles(fileOf("a"), fileOf("e")), /not the CA that cp1, cp3 uses/],
      [withFiles(fileOf("a"), fileOf("c"), fileOf("e")), /server\.crt on cp2, beside which .* somebody changed it/],
    ],
  },
  "host.checkPrepared": {
    step: { kind: "host.checkPrepared", args: { host: cp2, kubernetesVersion: "v1.34.4", via } },
    ready: withHost2(removed, { isPrepared: false, preparationProblems: ["swap is on"] }),
    refused: [[withHost2(removed, unreachable), /cannot be reached/]],
  },
  "kubeadm.joinControlPlane": {
    step: { kind: "kubeadm.joinControlPlane", args: { host: cp2, node: "cp2", address: "10.0.0.2", peerUrl: urlOf(2), via: cp1 } },
    ready: removed,
    refused: [
      [withHost2(removed, unreachable), /cannot be reached/],
      [withHost2(removed, { isPrepared: false, preparationProblems: ["swap is on"] }), /swap is on/],
      [withHost2(removed, { hasKubernetesState: true }), /interrupted join/],
      [withHost2(removed, { hasEtcdData: true }), /etcd data of a former life/],
      [lost, /already registered with that name or peer URL/],
      [
        {
          ...removed,
          members: [
            member(1),
            member(3),
            member(2, { id: asMemberId("9"), name: "", peerUrls: [urlOf(9)], isStarted: false, isLearner: true }),
          ],
        },
        /settle that first/,
      ],
      [{ ...removed, members: [member(1), member(3, { isHealthy: false })] }, /kubeadm refuses to join/],
      [{ ...removed, nodes: cluster().nodes }, /exists and is Ready/],
      [{ ...removed, hosts: [host(1, { apiServer: "not-ready" }), emptyCp2, host(3)] }, /API server on cp1 is not-ready/],
    ],
  },
  "service.start": {
    step: { kind: "service.start", args: { host: cp2, unit: "kubelet" } },
    ready: withHost2(cluster(), { services: { kubelet: "stopped" } }),
    refused: [
      [
        withHost2(cluster(), { services: { kubelet: "stopped" }, hasEtcdData: false, hasStartableEtcdData: false }),
        /a new, empty etcd cluster/,
      ],
      [withHost2(cluster(), { services: { kubelet: "absent" } }), /not installed/],
    ],
  },
  "process.continue": {
    step: { kind: "process.continue", args: { host: cp2, process: "etcd" } },
    ready: withHost2(cluster(), { etcdProcess: "frozen" }),
    refused: [[withHost2(cluster(), { etcdProcess: "stopped" }), /not frozen/]],
  },
  "cluster.verify": {
    step: { kind: "cluster.verify", args: { voters: 3, baselineArtifact: "a.db" } },
    ready: { ...cluster(), verified: { ok: false, failures: ["cp2 has no secrets"] } },
    refused: [],
  },
};

for (const [kind, { step, ready, refused, postWhenBlind }] of Object.entries(cases)) {
  test(`${kind}: may run when it is needed, and its effect is what its post asks for`, () => {
    assert.deepEqual(preOf(step, ready), { kind: "holds" });
    assert.equal(postOf(step, ready).kind, "fails");
    const after = effectOf(step, ready);
    // Looking does not switch a thing off; the effect of proving is that the plan may count on it.
    const settled = step.kind === "etcd.proveStopped" ? withHost2(after, { hasEtcdManifest: false }) : after;
    assert.deepEqual(postOf(step, settled), { kind: "holds" });
  });

  test(`${kind}: post that holds already lets it be skipped, however often it is asked`, () => {
    const after = effectOf(step, ready);
    assert.deepEqual(postOf(step, effectOf(step, after)), postOf(step, after));
  });

  test(`${kind}: a precondition that does not hold says why`, () => {
    for (const [model, reason] of refused) {
      const verdict = preOf(step, model);
      assert.match(verdict.kind === "fails" ? verdict.because.join("; ") : `does not fail: ${verdict.kind}`, reason);
    }
  });

  test(`${kind}: a look that learnt nothing leaves both verdicts unknown`, () => {
    assert.equal(preOf(step, blind).kind, "unknown");
    assert.equal(postOf(step, blind).kind, postWhenBlind ?? "unknown");
  });

  test(`${kind}: its words name its arguments`, () => {
    assert.ok(specOf(step).describe(step.args).length > 10);
    assert.ok(specOf(step).attemptsMax >= 1 && specOf(step).expectedSeconds(step.args) > 0);
  });
}

test("stepSpecs: a model without the host at all leaves everything about it unknown", () => {
  for (const { step } of Object.values(cases)) {
    assert.notEqual(preOf(step, { ...blind, hosts: [] }).kind, "holds", step.kind);
    assert.notEqual(postOf(step, { ...blind, hosts: [] }).kind, "holds", step.kind);
  }
  assert.deepEqual(Object.keys(cases).sort(), Object.keys(stepSpecs).sort());
});

test("etcd.proveStopped: a static pod that crashes again and again is not stopped", () => {
  const { step } = cases["etcd.proveStopped"];
  assert.equal(postOf(step, withHost2(cluster(), { etcdProcess: "stopped" })).kind, "fails");
  assert.equal(postOf(step, withHost2(cluster(), { etcdProcess: "stopped", hasEtcdManifest: false })).kind, "holds");
  assert.equal(postOf(step, withHost2(cluster(), { etcdProcess: "stopped", services: { kubelet: "stopped" } })).kind, "holds");
});

test("etcd.removeMember: an already removed member is success", () => {
  assert.deepEqual(postOf(cases["etcd.removeMember"].step, removed), { kind: "holds" });
});

test("kubernetes.deleteMasterLease: an API server that could not be asked is not dead, unless nobody reaches its machine and its member is gone", () => {
  const { step } = cases["kubernetes.deleteMasterLease"];
  const cp2With = (change: Partial<ModelHost>) => [host(1), { ...emptyCp2, apiServer: undefined, ...change }, host(3)];
  assert.equal(preOf(step, { ...removed, hosts: cp2With({}) }).kind, "unknown");
  assert.equal(preOf(step, { ...removed, hosts: cp2With({ isReachable: undefined }) }).kind, "unknown");
  assert.equal(preOf(step, { ...removed, hosts: cp2With({ isReachable: false }) }).kind, "holds");
  assert.equal(preOf(step, { ...lost, hosts: cp2With({ isReachable: false }) }).kind, "unknown");
  assert.equal(preOf(step, { ...removed, members: undefined, hosts: cp2With({ isReachable: false }) }).kind, "unknown");
});

test("etcd.removeMember: a remaining voter of unknown health leaves the precondition unknown", () => {
  const model = { ...lost, members: [member(1), member(2, { isHealthy: undefined }), member(3, { isHealthy: undefined })] };
  assert.equal(preOf(cases["etcd.removeMember"].step, model).kind, "unknown");
});

test("kubeadm.joinControlPlane: a join that died after it announced its learner can neither count as done nor run again", () => {
  const { step } = cases["kubeadm.joinControlPlane"];
  const died = {
    ...removed,
    members: [member(1), member(3), member(2, { id: asMemberId("9"), name: "", isStarted: false, isLearner: true, isHealthy: false })],
  };
  assert.equal(postOf(step, died).kind, "fails");
  assert.equal(preOf(step, died).kind, "fails");
});

test("etcd.saveSnapshot: an older snapshot, another source or another cluster does not count", () => {
  const { step } = cases["etcd.saveSnapshot"];
  const snapshot = { artifact: "a.db", sha256: "0".repeat(64), revision: 7n, clusterId, sourceMember: id1 };
  assert.equal(postOf(step, { ...lost, snapshots: [snapshot] }).kind, "holds");
  assert.equal(postOf(step, { ...lost, snapshots: [{ ...snapshot, revision: 6n }] }).kind, "fails");
  assert.equal(postOf(step, { ...lost, snapshots: [{ ...snapshot, sourceMember: id3 }] }).kind, "fails");
  assert.equal(postOf(step, { ...lost, snapshots: [{ ...snapshot, clusterId: asClusterId("c2") }] }).kind, "fails");
});

test("kubernetes.deleteNode: a Node of the same name that was registered again is not meant", () => {
  const again = { ...removed, nodes: [...removed.nodes, { ...cluster().nodes![1]!, uid: "uid-new" }] };
  assert.deepEqual(postOf(cases["kubernetes.deleteNode"].step, again), { kind: "holds" });
});

test("service.start: what starts etcd needs etcd's data seen whole and mounted, whatever else lies in the data dir (I-S11)", () => {
  const pre = (unit: "kubelet" | "etcd" | "haproxy", change: Partial<ModelHost>) =>
    preOf({ kind: "service.start", args: { host: cp2, unit } }, withHost2(cluster(), { services: { [unit]: "stopped" }, ...change })).kind;
  assert.equal(pre("kubelet", {}), "holds");
  assert.equal(pre("kubelet", { hasStartableEtcdData: undefined }), "unknown");
  assert.equal(pre("kubelet", { hasStartableEtcdData: false }), "fails");
  assert.equal(pre("haproxy", { hasStartableEtcdData: undefined }), "holds");
  // etcd as a unit of its own needs no manifest to start.
  assert.equal(pre("etcd", { hasStartableEtcdData: false, hasEtcdData: false, hasEtcdManifest: false }), "fails");
  // A spare that became a member runs etcd from its manifest, whatever its role is called.
  assert.equal(pre("kubelet", { roles: ["spare"], hasStartableEtcdData: undefined }), "unknown");
  assert.equal(pre("kubelet", { roles: ["worker"], hasEtcdManifest: false, hasStartableEtcdData: undefined }), "holds");
});

test("cluster.verify: it is read-only and may be tried again more often than what changes something", () => {
  const verify = specOf({ kind: "cluster.verify" });
  assert.ok(verify.attemptsMax >= 10, "three looks that came too soon would end the run for ever");
});
