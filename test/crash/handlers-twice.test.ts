import assert from "node:assert/strict";
import test from "node:test";
import type { StepContext } from "../../src/execute/step-handler.ts";
import { stepHandlers } from "../../src/execute/handlers/step-handlers.ts";
import { asHostName, asStepId, type HostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { StepArgs, StepKind } from "../../src/model/step.ts";
import { stepSpecs } from "../../src/plan/steps/step-specs.ts";
import { plan, ReplaceWorld } from "./replace-world.ts";

const cp1 = asHostName("cp1");
const survivors: readonly HostName[] = [cp1, asHostName("cp3")];

/** The arguments of the plan's own step of this kind. */
function argsOf<K extends StepKind>(kind: K): StepArgs[K] {
  const step = plan.steps.find((candidate) => candidate.kind === kind);
  assert.ok(step);
  return step.args as StepArgs[K];
}

async function open(): Promise<{ readonly world: ReplaceWorld; readonly context: StepContext }> {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, "plan");
  const { ports, config } = world.context();
  const context: StepContext = {
    ports,
    plan,
    run: world.run,
    step: asStepId("s01"),
    config,
    report: () => undefined,
    signal: new AbortController().signal,
    state: { steps: new Map() } as unknown as StepContext["state"],
    recordFact: () => Promise.resolve(),
  };
  return { world, context };
}

async function twice<K extends StepKind>(kind: K, args: StepArgs[K], context: StepContext): Promise<void> {
  const post = async () => stepSpecs[kind].post(await stepHandlers[kind].observe(args, context), args);
  assert.equal((await post()).kind, "fails", `${kind}: its goal must not hold before`);
  await stepHandlers[kind].perform(args, context);
  assert.deepEqual(await post(), { kind: "holds" });
  await stepHandlers[kind].perform(args, context);
  assert.deepEqual(await post(), { kind: "holds" });
}

test("etcd.removeMember: performed twice, the member is removed once", async () => {
  const { world, context } = await open();
  await twice("etcd.removeMember", argsOf("etcd.removeMember"), context);
  assert.equal(world.etcd.effects.filter((effect) => effect.startsWith("memberRemove")).length, 1);
});

test("etcd.removeMember: another name or peer URL than the plan's, or no quorum afterwards, is refused without effect", async () => {
  const { world, context } = await open();
  const args = argsOf("etcd.removeMember");
  const perform = (changed: StepArgs["etcd.removeMember"], through: StepContext) =>
    stepHandlers["etcd.removeMember"].perform(changed, through);
  await assert.rejects(perform({ ...args, name: "cp9" }, context), { code: "STEP_BLOCKED" });
  await assert.rejects(perform({ ...args, peerUrls: ["https://10.9.9.9:2380"] }, context), { code: "STEP_BLOCKED" });
  await assert.rejects(perform({ ...args, via: [cp1] }, context), {
    code: "STEP_BLOCKED",
    message: /1 of 2 voters would be known to be healthy, 2 are needed/,
  });
  assert.deepEqual(world.effects(), ["joins 0"]);
});

test("etcd.removeMember: a machine that was said to be lost and answers SSH by now keeps its member", async () => {
  const { world, context } = await open();
  const args = argsOf("etcd.removeMember");
  const host = asHostName("cp2");
  const lossProofs = [{ memberId: args.memberId, host, kind: "attested" as const, evidence: ["someone: it burnt"] }];
  const attested: StepContext = { ...context, plan: { ...plan, lossProofs } };
  const perform = () => stepHandlers["etcd.removeMember"].perform(args, attested);
  await assert.rejects(perform(), { code: "STEP_BLOCKED", message: /it answers SSH/ });
  world.machines.failWith(host, () => new RecoveryError("SSH_AUTH_FAILED", { subject: "host cp2", detail: "no key fits" }));
  await assert.rejects(perform(), { code: "STEP_BLOCKED", message: /SSH_AUTH_FAILED, which is no silence/ });
  assert.deepEqual(world.effects(), ["joins 0"]);
  const refused = () =>
    new RecoveryError("SSH_UNREACHABLE", { subject: "host cp2", detail: "port 22: Connection refused", contact: "some" });
  world.machines.failWith(host, refused);
  await assert.rejects(perform(), { code: "STEP_BLOCKED", message: /something answers there .*Connection refused/ });
  assert.deepEqual(world.effects(), ["joins 0"]);
  // A shared connection from before breaks first; the login after it is what counts.
  let asked = 0;
  world.machines.failWith(
    host,
    () =>
      new RecoveryError(asked++ === 0 ? "SSH_CONNECTION_LOST" : "SSH_UNREACHABLE", {
        subject: "host cp2",
        detail: "no route",
        retry: "transient",
      }),
  );
  // Silent for us, but its etcd listens for its neighbours, or nobody near could be asked.
  for (const [outcome, words] of [
    ["open", /reaches its etcd-client port \(open\)/],
    ["refused", /reaches its etcd-client port \(refused\)/],
    ["unknown", /cannot tell whether its etcd-client port is silent/],
  ] as const) {
    world.reachOutcome = (at) => (at.endsWith("/2379") ? outcome : "silent");
    await assert.rejects(perform(), { code: "STEP_BLOCKED", message: words });
  }
  world.reachOutcome = () => "silent";
  assert.deepEqual(world.effects(), ["joins 0"]);
  await perform();
  assert.equal(world.etcd.effects.filter((effect) => effect.startsWith("memberRemove")).length, 1);
});

test("etcd.removeMember: a lost machine that comes back while a voter is looked for keeps its member: silence is heard last", async () => {
  const { world, context } = await open();
  const args = argsOf("etcd.removeMember");
  const host = asHostName("cp2");
  world.machines.failWith(host, () => new RecoveryError("SSH_UNREACHABLE", { subject: "host cp2", detail: "no answer", contact: "none" }));
  const { ports } = context;
  let dials = 0;
  const etcd: typeof ports.etcd = {
    ...ports.etcd,
    dial: async (at, call) => {
      if (++dials === 3) world.reachOutcome = () => "refused";
      return await ports.etcd.dial(at, call);
    },
  };
  const lossProofs = [{ memberId: args.memberId, host, kind: "attested" as const, evidence: ["someone: it burnt"] }];
  const attested: StepContext = { ...context, ports: { ...ports, etcd }, plan: { ...plan, lossProofs } };
  await assert.rejects(stepHandlers["etcd.removeMember"].perform(args, attested), { message: /reaches its ssh port \(refused\)/ });
  assert.deepEqual(world.effects(), ["joins 0"]);
});

test("etcd.removeMember: an endpoint of another cluster is never asked to change anything", async () => {
  const { world, context } = await open();
  Object.assign(world.etcd, { clusterId: "dead" });
  await assert.rejects(stepHandlers["etcd.removeMember"].perform(argsOf("etcd.removeMember"), context), { code: "ETCD_WRONG_CLUSTER" });
  assert.deepEqual(world.effects(), ["joins 0"]);
});

test("etcd.saveSnapshot: performed twice leaves one verified snapshot; a damaged file does not count", async () => {
  const { world, context } = await open();
  const args = argsOf("etcd.saveSnapshot");
  await twice("etcd.saveSnapshot", args, context);
  const bytes = Uint8Array.from(await world.runs.readArtifact(world.run, args.artifact));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  const writer = await world.runs.writeArtifact(world.run, args.artifact);
  await writer.write(bytes);
  await writer.commit();
  assert.deepEqual((await stepHandlers["etcd.saveSnapshot"].observe(args, context)).snapshots, []);
});

test("etcd.saveSnapshot: from another member than the plan's, or older than the plan saw, nothing is kept", async () => {
  const { world, context } = await open();
  const args = argsOf("etcd.saveSnapshot");
  const perform = (changed: StepArgs["etcd.saveSnapshot"], through: StepContext) =>
    stepHandlers["etcd.saveSnapshot"].perform(changed, through);
  const other = world.etcd.members.find((member) => member.id !== args.memberId);
  assert.ok(other);
  await assert.rejects(perform({ ...args, memberId: other.id }, context), { code: "SNAPSHOT_BAD" });
  await assert.rejects(perform({ ...args, minRevision: world.etcd.store.revision + 1n }, context), { code: "SNAPSHOT_BAD" });
  assert.equal(await world.runs.statArtifact(world.run, args.artifact), undefined);
});

test("kubernetes.deleteNode: performed twice, deleted once; a Node of the same name and another uid stays", async () => {
  const { world, context } = await open();
  // Its member has to go first (K05).
  world.etcd.removeMember(argsOf("etcd.removeMember").memberId);
  const args = argsOf("kubernetes.deleteNode");
  await stepHandlers["kubernetes.deleteNode"].perform({ ...args, uid: "another" }, context);
  assert.notEqual(world.kube.store.at("/api/v1/nodes/cp2"), undefined);
  await twice("kubernetes.deleteNode", args, context);
  assert.equal(world.kube.effects.filter((effect) => effect === "DELETE /api/v1/nodes/cp2").length, 1);
});

test("kubernetes.deleteMasterLease: exactly the one key goes, once", async () => {
  const { world, context } = await open();
  for (const address of ["10.150.0.11", "10.150.0.12"]) world.etcd.put(`/registry/masterleases/${address}`, "lease");
  const before = world.etcd.store.revision;
  await twice("kubernetes.deleteMasterLease", { address: "10.150.0.12", via: survivors }, context);
  assert.equal(world.etcd.store.revision, before + 1n);
  assert.deepEqual((await stepHandlers["kubernetes.deleteMasterLease"].observe({ address: "x", via: survivors }, context)).masterLeases, [
    "10.150.0.11",
  ]);
});

test("kubernetes.repairClusterInfo and repairKubeadmConfig: only that field, once", async () => {
  const { world, context } = await open();
  const kubeconfig =
    'apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: AAAA\n    server: https://10.150.0.12:6443\n  name: ""\nkind: Config\n';
  world.kube.addConfigMap("kube-public", "cluster-info", { kubeconfig, "jws-kubeconfig-abcdef": "signature" });
  world.kube.addConfigMap("kube-system", "kubeadm-config", {
    ClusterConfiguration: "kind: ClusterConfiguration\ncontrolPlaneEndpoint: 10.150.0.12:6443 # old\n",
  });
  world.kube.effects.length = 0;
  await twice("kubernetes.repairClusterInfo", { server: "10.150.0.10:8443", via: survivors }, context);
  await twice("kubernetes.repairKubeadmConfig", { controlPlaneEndpoint: "10.150.0.10:8443", via: survivors }, context);
  assert.deepEqual(world.kube.effects, [
    "PATCH /api/v1/namespaces/kube-public/configmaps/cluster-info",
    "PATCH /api/v1/namespaces/kube-system/configmaps/kubeadm-config",
  ]);
  const info = world.kube.store.at("/api/v1/namespaces/kube-public/configmaps/cluster-info") as unknown as {
    readonly data: { readonly [key: string]: string };
  };
  assert.equal(info.data["kubeconfig"], kubeconfig.replace("https://10.150.0.12:6443", '"https://10.150.0.10:8443"'));
  assert.equal(info.data["jws-kubeconfig-abcdef"], "signature");
});

test("loadBalancer.setBackends: edited, checked and installed once; a file without API servers is left alone", async () => {
  const { world, context } = await open();
  const path = "/etc/haproxy/haproxy.cfg";
  const text = "backend api\n    server cp1 10.150.0.11:6443 check\n    server cp2 10.150.0.12:6443 check\n";
  let installs = 0;
  world.machines.setFile(cp1, path, text);
  world.machines.onScript({ reason: "set the balancer's API backends" }, (request) => {
    installs++;
    world.machines.setFile(cp1, path, request.input ?? "");
    return {};
  });
  const lookScript = { host: cp1, reason: "look at the machine" };
  world.machines.onScript(lookScript, () => ({
    stdout: `machine-id x\nprocesses-listed\nhaproxy ${Buffer.from(world.machines.fileOf(cp1, path)?.content ?? "").toString("base64")}\nend\n`,
  }));
  const args = {
    host: cp1,
    backends: [
      { name: "cp1", address: "10.150.0.11", port: 6443 },
      { name: "cp4", address: "10.150.0.14", port: 6443 },
    ],
  };
  await twice("loadBalancer.setBackends", args, context);
  assert.equal(installs, 1);
  assert.equal(Buffer.from(world.machines.fileOf(cp1, path)?.content ?? "").toString(), text.replace("cp2 10.150.0.12", "cp4 10.150.0.14"));
  world.machines.setFile(cp1, path, "global\n");
  await assert.rejects(
    stepHandlers["loadBalancer.setBackends"].perform(args, context),
    (error: unknown) => error instanceof RecoveryError && error.code === "STEP_BLOCKED",
  );
  assert.equal(installs, 1);
});

test("etcd.awaitVoter: a learner is promoted through a voter once it is in sync, and only once", async () => {
  const { world, context } = await open();
  world.etcd.removeMember(argsOf("etcd.removeMember").memberId);
  const peerUrl = "https://10.150.0.12:2380";
  const member = world.etcd.addMember({ host: asHostName("cp2"), peerUrl, isLearner: true });
  world.etcd.startMember(asHostName("cp2"), { isInSync: false });
  const { clock } = world;
  const sleep = clock.sleep.bind(clock);
  clock.sleep = async (durationMs, signal) => {
    await sleep(durationMs, signal);
    if (clock.monotonicMs() > 5_000) member.isInSync = true;
  };
  await twice("etcd.awaitVoter", { host: asHostName("cp2"), peerUrl, via: survivors }, context);
  assert.equal(world.etcd.effects.filter((effect) => effect.startsWith("memberPromote")).length, 1);
});
