/** I-G1 to I-G10: what must be so before anything is changed. */
import type { PlannedStep, RecoveryPlan } from "../../model/plan.ts";
import { momentsOf, objection, type CheckedPlan, type PlanCheck, type PlanObjection } from "./plan-objection.ts";
import { countVotes } from "./replay.ts";
import { lossProofProblems } from "./loss-proof-problems.ts";

const looksApartMs = 5_000;

export const twoLooks: PlanCheck = {
  invariant: "I-G1",
  check: ({ plan }) => {
    if (plan.steps.length === 0) return [];
    if (plan.looks === undefined) return [objection("I-G1", "the plan rests on one look only")];
    const apartMs = Date.parse(plan.looks.second) - Date.parse(plan.looks.first);
    return apartMs >= looksApartMs
      ? []
      : [objection("I-G1", `the two looks are ${String(apartMs)} ms apart, at least ${String(looksApartMs)} are needed`)];
  },
};

export const lossIsProven: PlanCheck = {
  invariant: "I-G2",
  check: (checked) =>
    momentsOf(checked, "etcd.removeMember").flatMap(({ step }) =>
      lossProofProblems(checked.plan, step).map((because) => objection("I-G2", because, step)),
    ),
};

export const noLivingNodeDeleted: PlanCheck = {
  invariant: "I-G2",
  check: (checked) =>
    momentsOf(checked, "kubernetes.deleteNode").flatMap(({ step, before }) => {
      const node = checked.plan.start.nodes?.find((candidate) => candidate.name === step.args.node);
      if (node === undefined) return [objection("I-G2", `Node ${step.args.node} was not seen when the plan was made`, step)];
      if (node.uid !== step.args.uid) return [objection("I-G2", `Node ${step.args.node} had another uid when the plan was made`, step)];
      const host = checked.plan.start.hosts.find(
        (candidate) => (candidate.name as string) === node.name || candidate.address === node.internalIp,
      );
      // Kubernetes goes on calling a Node Ready for a while; a machine seen without Kubernetes' files cannot be behind it.
      const isEmpty = host?.isReachable === true && host.hasKubernetesState === false;
      const isCleared = isEmpty || before.silentNodes.includes(node.name) || (host !== undefined && before.cleared.includes(host.name));
      if (node.isReady !== false && !isCleared)
        return [objection("I-G2", `Node ${step.args.node} was Ready, and its machine was not cleared before`, step)];
      const member = before.members.find((candidate) => candidate.name === step.args.node);
      return member === undefined ? [] : [objection("I-G2", `Node ${step.args.node} still has an etcd member`, step)];
    }),
};

const splitBrainCodes = ["E06_", "E07_", "E08_", "H03_", "K17_", "K01_"];

export const oneClusterId: PlanCheck = {
  invariant: "I-G3",
  check: ({ plan }) => {
    if (plan.steps.length === 0) return [];
    const objections: PlanObjection[] = [];
    if (plan.start.clusterId !== plan.fingerprint.clusterId)
      objections.push(objection("I-G3", "start and fingerprint name different cluster ids"));
    const split = plan.findings.find((finding) => splitBrainCodes.some((code) => finding.code.startsWith(code)));
    if (split !== undefined)
      objections.push(objection("I-G3", `the diagnosis says ${split.code}: only isolating the orphan would be allowed`));
    const [change] = plan.steps.filter(changesMembership);
    if (change !== undefined && plan.start.clusterId === undefined)
      objections.push(objection("I-G3", "no single cluster id is known", change));
    return objections;
  },
};

function changesMembership(step: PlannedStep): boolean {
  return step.kind === "etcd.removeMember" || step.kind === "kubeadm.joinControlPlane";
}

const pathFirstCodes = ["P01_CERTIFICATE_EXPIRED", "P02_KUBELET_CERTIFICATE_EXPIRED", "P04_CERTIFICATE_AUTHORITIES_DIFFER"];

export const pathAndCertificatesFirst: PlanCheck = {
  invariant: "I-G5",
  check: ({ plan }) => {
    const [change] = plan.steps.filter((step) => changesMembership(step) || step.risk === "destructive");
    const first = plan.findings.find((finding) => pathFirstCodes.includes(finding.code));
    return change === undefined || first === undefined
      ? []
      : [objection("I-G5", `${first.code} (${first.subject}) is to be settled before etcd is judged`, change)];
  },
};

/** The projected quorum is what the operator agrees to, so it is counted again. */
export const votesCountedFromLiveList: PlanCheck = {
  invariant: "I-G6",
  check: ({ plan, moments }) => {
    const objections: PlanObjection[] = [];
    for (const { step, after } of moments) {
      const count = countVotes(after.members);
      const stated = step.quorumAfter;
      if (stated === undefined) {
        if (after.isListProven) objections.push(objection("I-G6", "the plan does not say how many voters are left after the step", step));
      } else if (!after.isListProven) objections.push(objection("I-G6", "the plan counts voters although no member list is proven", step));
      else if (
        stated.voters !== count.voters ||
        stated.healthy !== count.healthy ||
        stated.needed !== count.needed ||
        stated.faultTolerance !== count.healthy - count.needed
      ) {
        objections.push(
          objection(
            "I-G6",
            `the plan says ${String(stated.healthy)} of ${String(stated.voters)} voters, counting again gives ${String(count.healthy)} of ${String(count.voters)}`,
            step,
          ),
        );
      }
    }
    return plan.start.members === undefined && plan.steps.some(changesMembership)
      ? [...objections, objection("I-G6", "membership is changed without a member list that was read linearizably")]
      : objections;
  },
};

/** A plan that could be run next week would be run next week. */
const lifetimeMsMax = 24 * 3_600_000;

export const boundToFingerprint: PlanCheck = {
  invariant: "I-G8",
  check: ({ plan }) => {
    if (plan.steps.length === 0) return [];
    const { fingerprint, start } = plan;
    const objections: PlanObjection[] = [];
    const listed = (start.members ?? start.believedMembers ?? []).filter((member) => member.id !== undefined);
    const isSame =
      listed.length === fingerprint.members.length &&
      listed.every((member) => fingerprint.members.some((print) => isSameMember(print, member)));
    if (!isSame) objections.push(objection("I-G8", "the fingerprint does not name the members that the plan starts from"));
    for (const host of start.hosts) {
      const print = fingerprint.hosts.find((candidate) => candidate.name === host.name);
      if (print === undefined) objections.push(objection("I-G8", `the fingerprint says nothing about host ${host.name}`));
      else if (print.machineId !== host.machineId || print.hasEtcdData !== host.hasEtcdData)
        objections.push(objection("I-G8", `fingerprint and start differ about host ${host.name}`));
    }
    const lifetimeMs = Date.parse(plan.expiresAt) - Date.parse(plan.createdAt);
    if (!(lifetimeMs > 0 && lifetimeMs <= lifetimeMsMax))
      objections.push(objection("I-G8", `the plan is good for ${String(lifetimeMs)} ms; more than 0 and at most 24 h is right`));
    return objections;
  },
};

function isSameMember(
  print: RecoveryPlan["fingerprint"]["members"][number],
  member: { readonly id: string | undefined; readonly name: string; readonly peerUrls: readonly string[]; readonly isLearner: boolean },
): boolean {
  return (
    print.id === member.id &&
    print.name === member.name &&
    print.isLearner === member.isLearner &&
    [...print.peerUrls].sort().join() === [...member.peerUrls].sort().join()
  );
}

/** Every request goes to machines by name, and those machines can be reached and are not what is being repaired. */
export const dependsOnSurvivorsOnly: PlanCheck = {
  invariant: "I-G9",
  check: ({ plan, moments }) =>
    moments.flatMap(({ step }) => {
      const via = viaOf(step);
      if (via === undefined) return [];
      if (via.length === 0) return [objection("I-G9", "the step names no machine to ask", step)];
      const bad = via.filter((name) => plan.start.hosts.find((host) => host.name === name)?.isReachable !== true);
      return bad.map((name) => objection("I-G9", `the step asks ${name}, which was not reachable when the plan was made`, step));
    }),
};

export function viaOf(step: PlannedStep): readonly string[] | undefined {
  if (!("via" in step.args)) return undefined;
  const { via } = step.args;
  return typeof via === "string" ? [via] : via;
}

export const everyMachineInHand: PlanCheck = {
  invariant: "I-G10",
  check: (checked: CheckedPlan) => {
    const { plan, moments } = checked;
    const first = moments.find(({ step }) => step.risk === "destructive" || step.kind === "etcd.removeMember");
    if (first === undefined) return [];
    const removed = plan.steps.flatMap((step) => (step.kind === "etcd.removeMember" ? [step.args.memberId] : []));
    return first.before.members.flatMap((member) => {
      if (member.id !== undefined && removed.includes(member.id)) return [];
      const host = plan.start.hosts.find((candidate) => candidate.name === member.host);
      return host?.isReachable === true
        ? []
        : [
            objection(
              "I-G10",
              `the machine of member ${member.name === "" ? (member.id ?? "?") : member.name} cannot be reached by SSH`,
              first.step,
            ),
          ];
    });
  },
};
