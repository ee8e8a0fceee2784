/**
 * Good plans, broken at random, against a world that knows nothing of plans:
 * it only counts living voters and copies of the data. Whatever the world says
 * is a disaster, the checker must have refused. A failing case names its seed.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm, healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import { planned, replaceGoal, tampered } from "../../../test/support/planned.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { modelQuorum } from "../../model/cluster-model.ts";
import { asMemberId, asStepId } from "../../model/ids.ts";
import type { PlannedStep, RecoveryPlan } from "../../model/plan.ts";
import { effectOf, specOf } from "../steps/judge-step.ts";
import { checkPlan } from "./check-plan.ts";

const goodPlans: readonly RecoveryPlan[] = [
  planned(healthyKubeadm3().freshMachine("cp2").build()),
  planned(healthyKubeadm3().freshMachine("cp1").clusterInfoServer("10.150.0.11:6443").build()),
  planned(healthyKubeadm3().etcdDataLost("cp3").build()),
  planned(healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4).build(), {
    goal: replaceGoal("cp2", "cp4"),
    attestLost: ["cp2"],
  }),
  planned(healthyKubeadm(5).freshMachine("cp4").freshMachine("cp5").build()),
  planned(
    healthyKubeadm3()
      .memberRemoved("cp2")
      .freshMachine("cp2")
      .nodeDeleted("cp2")
      .unstartedMember("10.150.0.12", { isLearner: true })
      .build(),
  ),
];

const mutationsPerPlan = 500; // about a second in all; each draws one to three changes

test("checkPlan: no random mutation of a good plan that would lose quorum or data is accepted", () => {
  let disasters = 0;
  goodPlans.forEach((plan, planIndex) => {
    assert.deepEqual(checkPlan(plan), []);
    assert.equal(disasterOf(plan), undefined);
    for (let seed = 0; seed < mutationsPerPlan; seed += 1) {
      const random = seededRandom(planIndex * 10_000 + seed);
      const steps = mutatedSteps(plan, random);
      const disaster = disasterOf({ ...plan, steps });
      if (disaster === undefined) continue;
      disasters += 1;
      const mutated = tampered(plan, { steps });
      const accepted = checkPlan(mutated).length === 0;
      assert.ok(
        !accepted,
        `plan ${String(planIndex)}, seed ${String(seed)}: accepted although ${disaster}: ${mutated.steps.map((step) => step.kind).join(", ")}`,
      );
    }
  });
  assert.ok(disasters > 500, `only ${String(disasters)} mutations were disasters: the test lost its teeth`);
});

type Steps = readonly PlannedStep[];
type Mutation = (steps: Steps, pick: (count: number) => number, plan: RecoveryPlan) => Steps;

const mutations: readonly Mutation[] = [
  (steps, pick) => steps.toSpliced(pick(steps.length), 1),
  (steps, pick) => {
    const [left, right] = [pick(steps.length), pick(steps.length)];
    return steps.map((step, index) => (index === left ? steps[right]! : index === right ? steps[left]! : step));
  },
  (steps) => steps.filter((step) => step.kind !== "etcd.saveSnapshot"),
  (steps, pick) => steps.toSpliced(pick(steps.length), 0, steps[pick(steps.length)]!),
  (steps, pick, plan) => {
    const member = plan.start.members![pick(plan.start.members!.length)]!;
    return steps.map((step) =>
      step.kind === "etcd.removeMember"
        ? reworded({
            ...step,
            args: { ...step.args, memberId: member.id ?? asMemberId("1"), name: member.name, peerUrls: member.peerUrls },
          })
        : step,
    );
  },
  (steps, pick, plan) => {
    const member = plan.start.members![pick(plan.start.members!.length)]!;
    const removal = steps.find((step) => step.kind === "etcd.removeMember");
    if (removal?.kind !== "etcd.removeMember") return steps;
    const second = reworded({
      ...removal,
      args: { ...removal.args, memberId: member.id ?? asMemberId("1"), name: member.name, peerUrls: member.peerUrls },
    });
    return steps.toSpliced(pick(steps.length), 0, second);
  },
  (steps, pick, plan) => {
    const host = plan.start.hosts[pick(plan.start.hosts.length)]!.name;
    return steps.map((step) => ("host" in step.args ? reworded({ ...step, args: { ...step.args, host } } as PlannedStep) : step));
  },
];

function mutatedSteps(plan: RecoveryPlan, random: () => number): Steps {
  const pick = (count: number): number => Math.floor(random() * count);
  let steps: Steps = plan.steps;
  for (let round = pick(3); round >= 0; round -= 1) {
    const mutation = mutations[pick(mutations.length)]!;
    if (steps.length > 1) steps = mutation(steps, pick, plan);
  }
  return recounted(plan, renumbered(steps));
}

/** The votes that the steps' own effects give. */
function recounted(plan: RecoveryPlan, steps: Steps): Steps {
  let model = plan.start;
  return steps.map((step) => {
    model = effectOf(step, model);
    return { ...step, quorumAfter: modelQuorum(model) };
  });
}

function reworded(step: PlannedStep): PlannedStep {
  const spec = specOf(step);
  return { ...step, describes: spec.describe(step.args), host: spec.host(step.args) };
}

/** As a careful forger would: ids, chain, copies and counts fit, so that only the content can give it away. */
function renumbered(steps: Steps): Steps {
  const copyAt = steps.findIndex((step) => step.kind === "etcd.saveSnapshot");
  const idAt = (index: number): PlannedStep["id"] => asStepId(`s${String(index + 1).padStart(2, "0")}`);
  return steps.map((step, index) => ({
    ...step,
    id: idAt(index),
    after: index === 0 ? [] : [idAt(index - 1)],
    ...(step.risk === "destructive" && copyAt !== -1 && copyAt < index ? { copyBy: idAt(copyAt) } : {}),
  }));
}

interface World {
  readonly voters: Map<string, { readonly host: string; alive: boolean }>;
  readonly dirty: Set<string>;
  hasCopy: boolean;
}

/** What really happens, as far as votes and data go. undefined: no disaster. */
function disasterOf(plan: RecoveryPlan): string | undefined {
  const members = plan.start.members!;
  const world: World = {
    voters: new Map(
      members
        .filter((member) => !member.isLearner)
        .map((member) => [member.peerUrls[0]!, { host: member.host ?? member.name, alive: member.isHealthy === true }]),
    ),
    dirty: new Set(
      plan.start.hosts.filter((host) => host.hasEtcdData !== false || host.hasKubernetesState !== false).map((host) => host.name as string),
    ),
    hasCopy: false,
  };
  const urlOf = new Map(members.map((member) => [member.id, member.peerUrls[0]!]));
  for (const step of plan.steps) {
    const disaster = happen(world, step, urlOf);
    if (disaster !== undefined) return disaster;
    const alive = [...world.voters.values()].filter((voter) => voter.alive).length;
    if (alive < Math.floor(world.voters.size / 2) + 1) return `quorum is lost after ${step.id} ${step.kind}`;
  }
  return undefined;
}

function happen(world: World, step: PlannedStep, urlOf: ReadonlyMap<string | undefined, string>): string | undefined {
  switch (step.kind) {
    case "etcd.saveSnapshot":
      world.hasCopy = [...world.voters.values()].some((voter) => voter.alive && voter.host === (step.args.host as string));
      return undefined;
    case "etcd.removeMember": {
      if (!world.hasCopy) return "a member is removed without a copy";
      const url = urlOf.get(step.args.memberId) ?? "";
      if (world.voters.get(url)?.alive === true) return "a living voter is removed";
      world.voters.delete(url);
      return undefined;
    }
    case "etcd.stopMember":
      for (const voter of world.voters.values()) if (voter.host === (step.args.host as string)) voter.alive = false;
      return undefined;
    case "host.moveStateAside": {
      const isLiving = [...world.voters.values()].some((voter) => voter.host === (step.args.host as string) && voter.alive);
      world.dirty.delete(step.args.host);
      return isLiving ? "the data of a living voter is moved away" : undefined;
    }
    case "kubeadm.joinControlPlane":
      return world.dirty.has(step.args.host) ? "a machine with old data is joined" : undefined;
    case "etcd.awaitVoter":
      if (!world.voters.has(step.args.peerUrl)) world.voters.set(step.args.peerUrl, { host: step.args.host, alive: true });
      return undefined;
    case "kubernetes.deleteNode":
    case "kubernetes.deleteMasterLease":
      return world.hasCopy ? undefined : "a record is deleted without a copy";
    case "etcd.proveStopped":
    case "kubernetes.repairClusterInfo":
    case "kubernetes.repairKubeadmConfig":
    case "kubernetes.awaitNodeNotReady":
    case "kubernetes.awaitNodeReady":
    case "loadBalancer.setBackends":
    case "host.restoreFiles":
    case "host.checkPrepared":
    case "service.start":
    case "process.continue":
    case "cluster.verify":
      return undefined;
  }
}

test("checkPlan: never throws on a mutated plan", () => {
  for (const plan of goodPlans) {
    for (let seed = 0; seed < 100; seed += 1) checkPlan(tampered(plan, { steps: mutatedSteps(plan, seededRandom(seed)) }));
  }
});
