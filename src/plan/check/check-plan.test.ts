import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm, healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import { planned, replaceGoal, tampered } from "../../../test/support/planned.ts";
import { asHostName, asMemberId, asStepId } from "../../model/ids.ts";
import type { PlannedStep, RecoveryPlan } from "../../model/plan.ts";
import type { StepKind } from "../../model/step.ts";
import { stepSpecs } from "../steps/step-specs.ts";
import { specOf, type StepDraft } from "../steps/judge-step.ts";
import { checkPlan, planChecks } from "./check-plan.ts";
import { invariantsNotInPlans } from "./invariants-not-in-plans.ts";

const fresh = planned(healthyKubeadm3().freshMachine("cp2").build());
const dataLost = planned(healthyKubeadm3().etcdDataLost("cp2").build());
const attested = planned(healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4).build(), {
  goal: replaceGoal("cp2", "cp4"),
  attestLost: ["cp2"],
});
const started = planned(healthyKubeadm3().kubeletStopped("cp2").build());
const five = planned(healthyKubeadm(5).freshMachine("cp4").freshMachine("cp5").build());

/** Words and host are made to fit again, so that only the change itself can be objected to. */
function reworded(step: PlannedStep): PlannedStep {
  const spec = specOf(step);
  return { ...step, describes: spec.describe(step.args), host: spec.host(step.args) };
}

function chained(steps: readonly PlannedStep[]): readonly PlannedStep[] {
  return steps.map((step, index) => ({ ...step, after: index === 0 ? [] : [steps[index - 1]!.id] }));
}

function withSteps(plan: RecoveryPlan, change: (steps: readonly PlannedStep[]) => readonly PlannedStep[]): RecoveryPlan {
  return tampered(plan, { steps: chained(change(plan.steps)) });
}

function withArgs(plan: RecoveryPlan, kind: StepKind, args: object): RecoveryPlan {
  return withSteps(plan, (steps) =>
    steps.map((step) => (step.kind === kind ? reworded({ ...step, args: { ...step.args, ...args } } as PlannedStep) : step)),
  );
}

const without = (plan: RecoveryPlan, kind: StepKind): RecoveryPlan =>
  withSteps(plan, (steps) => steps.filter((step) => step.kind !== kind));

function inserted(plan: RecoveryPlan, draft: StepDraft, before: StepKind): RecoveryPlan {
  const spec = stepSpecs[draft.kind];
  const step = reworded({
    ...draft,
    id: asStepId("s99"),
    risk: spec.risk,
    after: [],
    quorumAfter: undefined,
    expectedSeconds: 1,
    attemptsMax: 1,
    host: undefined,
    describes: "",
  });
  return withSteps(plan, (steps) => steps.flatMap((other) => (other.kind === before ? [step, other] : [other])));
}

const host = asHostName("cp1");
const ofCp1 = fresh.start.members!.find((member) => member.name === "cp1")!;
const removeCp1: StepDraft = {
  kind: "etcd.removeMember",
  args: { memberId: ofCp1.id!, name: ofCp1.name, peerUrls: ofCp1.peerUrls, via: [asHostName("cp3")] },
};

/** One good plan, one thing broken in it, the invariant that must object. */
const broken: readonly (readonly [invariant: string, what: string, plan: RecoveryPlan])[] = [
  ["I-G1", "one look", tampered(fresh, { looks: undefined })],
  [
    "I-G1",
    "looks too close to each other",
    tampered(fresh, { looks: { first: "2026-11-21T03:00:00.000Z", second: "2026-11-21T03:00:04.000Z" } }),
  ],
  ["I-G2", "no proof of loss", tampered(fresh, { lossProofs: [] })],
  ["I-G2", "an attestation that nobody gave", tampered(attested, { attestations: [] })],
  ["I-G2", "a proof about another machine", tampered(fresh, { lossProofs: fresh.lossProofs.map((proof) => ({ ...proof, host })) })],
  [
    "I-G2",
    "an attested machine that was reached",
    tampered(attested, { start: { ...attested.start, hosts: attested.start.hosts.map((other) => ({ ...other, isReachable: true })) } }),
  ],
  [
    "I-G2",
    "a living Node deleted",
    tampered(attested, { start: { ...attested.start, nodes: attested.start.nodes!.map((node) => ({ ...node, isReady: true })) } }),
  ],
  ["I-G2", "a Node of another uid", withArgs(fresh, "kubernetes.deleteNode", { uid: "another" })],
  ["I-G3", "a split brain in the diagnosis", tampered(fresh, { findings: [{ code: "E06_SPLIT_BRAIN_NEW_CLUSTER", subject: "host cp3" }] })],
  [
    "I-G3",
    "no single cluster id",
    tampered(fresh, { start: { ...fresh.start, clusterId: undefined }, fingerprint: { ...fresh.fingerprint, clusterId: undefined } }),
  ],
  [
    "I-G4",
    "a step that restores",
    withSteps(fresh, (steps) =>
      steps.map((step, index) => (index === 4 ? ({ ...step, kind: "etcd.restoreSnapshot" } as unknown as PlannedStep) : step)),
    ),
  ],
  [
    "I-G4",
    "a removal called harmless",
    withSteps(fresh, (steps) => steps.map((step) => (step.kind === "etcd.removeMember" ? { ...step, risk: "reversible" } : step))),
  ],
  [
    "I-G5",
    "expired certificates not settled first",
    tampered(fresh, { findings: [{ code: "P01_CERTIFICATE_EXPIRED", subject: "host cp1" }] }),
  ],
  [
    "I-G6",
    "votes counted wrongly",
    withSteps(fresh, (steps) =>
      steps.map((step) =>
        step.kind === "etcd.removeMember" ? { ...step, quorumAfter: { voters: 3, needed: 2, healthy: 3, faultTolerance: 1 } } : step,
      ),
    ),
  ],
  [
    "I-G6",
    "membership changed without a proven list",
    tampered(fresh, { start: { ...fresh.start, members: undefined, believedMembers: fresh.start.members } }),
  ],
  [
    "I-G8",
    "a fingerprint without a member",
    tampered(fresh, { fingerprint: { ...fresh.fingerprint, members: fresh.fingerprint.members.slice(1) } }),
  ],
  ["I-G8", "a plan that is good for ever", tampered(fresh, { expiresAt: "2036-01-01T00:00:00.000Z" })],
  ["I-G9", "a step that asks an unreachable machine", withArgs(attested, "etcd.removeMember", { via: [asHostName("cp2")] })],
  ["I-G9", "a step that asks nobody", withArgs(fresh, "kubernetes.deleteNode", { via: [] })],
  [
    "I-G10",
    "a survivor without SSH",
    tampered(fresh, {
      start: { ...fresh.start, hosts: fresh.start.hosts.map((other) => (other.name === "cp1" ? { ...other, isReachable: false } : other)) },
    }),
  ],
  ["I-S1", "a healthy member removed as well", inserted(fresh, removeCp1, "etcd.removeMember")],
  ["I-S2", "two removals that leave one of two", inserted(fresh, removeCp1, "kubernetes.deleteNode")],
  [
    "I-S2",
    "a removal without quorum",
    tampered(fresh, {
      start: { ...fresh.start, members: fresh.start.members!.map((member) => ({ ...member, isHealthy: member.name === "cp3" })) },
    }),
  ],
  [
    "I-S3",
    "the join before the removal (H02)",
    withSteps(five, (steps) => [
      ...steps.filter((step) => step.kind !== "etcd.removeMember"),
      ...steps.filter((step) => step.kind === "etcd.removeMember"),
    ]),
  ],
  [
    "I-S3",
    "the next join before the newcomer votes",
    withSteps(five, (steps) => steps.filter((step) => !(step.kind === "etcd.awaitVoter" && step.args.host === "cp4"))),
  ],
  ["I-S4", "nobody waits for the newcomer's vote", without(fresh, "etcd.awaitVoter")],
  ["I-S4", "a join through the machine that is joined", withArgs(fresh, "kubeadm.joinControlPlane", { via: asHostName("cp2") })],
  ["I-S5", "an unsafe flag", withArgs(fresh, "host.checkPrepared", { kubernetesVersion: "v1.34.4 --ignore-preflight-errors=all" })],
  ["I-S6", "another name for the id", withArgs(fresh, "etcd.removeMember", { name: "cp3" })],
  ["I-S6", "another peer URL for the id", withArgs(fresh, "etcd.removeMember", { peerUrls: ["https://10.150.0.13:2380"] })],
  ["I-S7", "a path that is too broad", withArgs(dataLost, "host.moveStateAside", { paths: ["/var/lib"] })],
  ["I-S7", "a path that climbs", withArgs(dataLost, "host.moveStateAside", { paths: ["/var/lib/etcd/../.."] })],
  ["I-S7", "state of a living member moved aside", withArgs(dataLost, "host.moveStateAside", { host: asHostName("cp3") })],
  ["I-S8", "no snapshot", without(fresh, "etcd.saveSnapshot")],
  ["I-S8", "the snapshot after the removal", withSteps(fresh, (steps) => [...steps.slice(1, 3), steps[0]!, ...steps.slice(3)])],
  ["I-S9", "a snapshot that may be old", withArgs(fresh, "etcd.saveSnapshot", { minRevision: 1n })],
  [
    "I-S9",
    "a snapshot from the lost member",
    withArgs(fresh, "etcd.saveSnapshot", { host: asHostName("cp2"), memberId: fresh.lossProofs[0]!.memberId }),
  ],
  ["I-S10", "nothing proves that the member is stopped", without(fresh, "etcd.proveStopped")],
  ["I-S10", "another machine is proven stopped", withArgs(fresh, "etcd.proveStopped", { host: asHostName("cp3") })],
  [
    "I-S11",
    "the kubelet of a machine whose data dir holds something, but not etcd's data",
    tampered(started, {
      start: {
        ...started.start,
        hosts: started.start.hosts.map((other) => (other.name === "cp2" ? { ...other, hasStartableEtcdData: undefined } : other)),
      },
    }),
  ],
  [
    "I-G2",
    "a removal for data that was not seen to be gone",
    tampered(dataLost, {
      start: { ...dataLost.start, hosts: dataLost.start.hosts.map((other) => ({ ...other, hasStartableEtcdData: undefined })) },
    }),
  ],
  [
    "I-G2",
    "a removal for an empty dir on a failing disk",
    tampered(dataLost, {
      findings: [...dataLost.findings, { code: "N04_DISK_FAILING", subject: `host ${dataLost.lossProofs[0]!.host!}` }],
    }),
  ],
  ["I-S11", "a join over old data", without(dataLost, "host.moveStateAside")],
  ["I-S11", "a join without looking at the machine", without(fresh, "host.checkPrepared")],
  [
    "I-S12",
    "a healthy voter stopped",
    inserted(fresh, { kind: "etcd.stopMember", args: { host, memberId: ofCp1.id! } }, "etcd.removeMember"),
  ],
  [
    "I-S16",
    "the last machine that has the CA is cleared",
    tampered(dataLost, {
      start: { ...dataLost.start, hosts: dataLost.start.hosts.map((other) => ({ ...other, apiServer: "not-ready" as const })) },
    }),
  ],
  ["I-S18", "two steps of one name", withSteps(fresh, (steps) => steps.map((step) => ({ ...step, id: asStepId("s01") })))],
  ["I-S18", "a step that waits for nobody", tampered(fresh, { steps: fresh.steps.map((step) => ({ ...step, after: [] })) })],
  [
    "I-S18",
    "words that are not those of the arguments",
    withSteps(fresh, (steps) => steps.map((step) => ({ ...step, describes: "Do something nice" }))),
  ],
  ["I-S18", "endless attempts", withSteps(fresh, (steps) => steps.map((step) => ({ ...step, attemptsMax: 1000 })))],
  ["I-S18", "steps in a plan that waits", tampered(fresh, { verdict: "wait" })],
  ["I-S22", "an alarm stands", tampered(fresh, { findings: [{ code: "E18_CORRUPT_ALARM", subject: "member 1" }] })],
  ["I-S22", "a join while a member is silent", without(five, "etcd.removeMember")],
  ["I-X1", "no proof at the end", without(fresh, "cluster.verify")],
  ["I-X1", "a proof that asks for too few voters", withArgs(fresh, "cluster.verify", { voters: 2 })],
  ["I-X1", "no comparison with the record from before", withArgs(fresh, "cluster.verify", { baselineArtifact: "" })],
  [
    "I-X1",
    "the plan ends after the removal",
    withSteps(fresh, (steps) => [
      ...steps.slice(0, 4),
      reworded({ ...steps.at(-1)!, args: { voters: 2, baselineArtifact: "etcd-before.db" } } as PlannedStep),
    ]),
  ],
  ["I-X3", "old data is left where it starts again", without(dataLost, "host.moveStateAside")],
  ["I-X4", "no word on the tolerance at the end", withSteps(fresh, (steps) => steps.map((step) => ({ ...step, quorumAfter: undefined })))],
];

for (const [invariant, what, plan] of broken) {
  test(`checkPlan: ${invariant}: ${what}`, () => {
    const objections = checkPlan(plan);
    assert.ok(
      objections.some((objection) => objection.invariant === invariant),
      `objections: ${JSON.stringify(objections)}`,
    );
  });
}

test("checkPlan: the plans that were broken are good ones", () => {
  for (const plan of [fresh, dataLost, attested, started, five]) {
    assert.equal(plan.verdict, "act");
    assert.deepEqual(checkPlan(plan), []);
  }
});

test("checkPlan: a removal of a member that the plan never saw is refused", () => {
  assert.notDeepEqual(checkPlan(withArgs(fresh, "etcd.removeMember", { memberId: asMemberId("abc") })), []);
});

test("checkPlan: every invariant of the catalogue is checked, or listed with the reason why no plan can touch it", () => {
  const all = [
    ["I-G", 10],
    ["I-S", 22],
    ["I-R", 14],
    ["I-X", 4],
  ] as const;
  const wanted = all.flatMap(([family, count]) => Array.from({ length: count }, (_, index) => `${family}${String(index + 1)}`));
  const checked = new Set(planChecks.map((check) => check.invariant));
  const listed = new Set(invariantsNotInPlans.map((entry) => entry.invariant));
  assert.deepEqual(
    wanted.filter((invariant) => checked.has(invariant) === listed.has(invariant)),
    [],
  );
  assert.deepEqual(
    [...checked].filter((invariant) => !broken.some(([name]) => name === invariant)),
    [],
  );
});
