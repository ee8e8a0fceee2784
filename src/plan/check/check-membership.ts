/** I-S1 to I-S6, I-S10 to I-S12, I-S22: how members are stopped, removed and added. */
import { momentsOf, objection, type CheckedPlan, type PlanCheck, type PlanObjection } from "./plan-objection.ts";
import { canCommit, countVotes, type Moment } from "./replay.ts";

/** Once the cluster can commit, no step may take that away. */
export const quorumAfterEveryStep: PlanCheck = {
  invariant: "I-S1",
  check: ({ moments }) =>
    moments.flatMap(({ step, before, after }) => {
      if (!canCommit(before.members) || canCommit(after.members)) return [];
      const count = countVotes(after.members);
      return [
        objection(
          "I-S1",
          `after the step ${String(count.healthy)} of ${String(count.voters)} voters would be healthy, ${String(count.needed)} are needed`,
          step,
        ),
      ];
    }),
};

export const removalLeavesQuorum: PlanCheck = {
  invariant: "I-S2",
  check: (checked) =>
    momentsOf(checked, "etcd.removeMember").flatMap(({ step, before, after }) => {
      const target = before.members.find((member) => member.id === step.args.memberId);
      if (target === undefined) return [objection("I-S2", `member ${step.args.memberId} is not registered at this point`, step)];
      if (countVotes(after.members).voters === 0) return [objection("I-S2", "it is the last voter", step)];
      if (!canCommit(before.members)) return [objection("I-S2", "the cluster cannot commit the removal", step)];
      if (!canCommit(after.members)) return [objection("I-S2", "the remaining voters are below the new quorum", step)];
      return target.healthy && target.votes ? [objection("I-S2", `member ${target.name} is a healthy voter (H01)`, step)] : [];
    }),
};

export const deadFirstThenOneByOne: PlanCheck = {
  invariant: "I-S3",
  check: (checked) => {
    const objections: PlanObjection[] = [];
    checked.moments.forEach(({ step, before }, index) => {
      if (step.kind !== "kubeadm.joinControlPlane" && step.kind !== "etcd.removeMember") return;
      const unsettled = before.members.find((member) => member.id === undefined && !(member.votes && member.healthy));
      if (unsettled !== undefined) objections.push(objection("I-S3", `the member of ${unsettled.name} is not yet a synced voter`, step));
      if (step.kind !== "kubeadm.joinControlPlane") return;
      const later = checked.moments.slice(index + 1).find((moment) => moment.step.kind === "etcd.removeMember");
      if (later !== undefined)
        objections.push(objection("I-S3", `a member is added while a dead one is only removed later, in ${later.step.id} (H02)`, step));
    });
    return objections;
  },
};

export const learnerFirst: PlanCheck = {
  invariant: "I-S4",
  check: (checked) => [
    ...momentsOf(checked, "kubeadm.joinControlPlane").flatMap((moment) => {
      const { step } = moment;
      const awaits = momentsOf(checked, "etcd.awaitVoter").some(
        (other) => isAfter(checked, other, moment) && other.step.args.peerUrl === step.args.peerUrl,
      );
      return awaits ? [] : [objection("I-S4", `nothing waits until the member ${step.args.peerUrl} is in sync and votes`, step)];
    }),
    ...momentsOf(checked, "etcd.awaitVoter").flatMap(({ step, before }) => {
      const member = before.members.find((candidate) => candidate.peerUrls.includes(step.args.peerUrl));
      if (member === undefined)
        return [objection("I-S4", `no member with peer URL ${step.args.peerUrl} is registered at this point`, step)];
      if (!member.started) return [objection("I-S4", "a member that has never started cannot be promoted", step)];
      if (member.votes) return [];
      const asks = before.members.some(
        (voter) => voter.votes && voter.healthy && voter.host !== undefined && step.args.via.includes(voter.host),
      );
      return asks ? [] : [objection("I-S4", "promotion must be asked of a healthy voter", step)];
    }),
  ],
};

/** Member identity = id + name + peer URL, in the list that the plan starts from and in its fingerprint. */
export const identityMatches: PlanCheck = {
  invariant: "I-S6",
  check: (checked) =>
    momentsOf(checked, "etcd.removeMember").flatMap(({ step }) => {
      const { memberId, name, peerUrls } = step.args;
      const text = (member: { readonly id: string | undefined; readonly name: string; readonly peerUrls: readonly string[] }): string =>
        [member.id, member.name, ...[...member.peerUrls].sort()].join(" ");
      const wanted = text({ id: memberId, name, peerUrls });
      const isListed = checked.plan.start.members?.some((member) => text(member) === wanted) === true;
      const isPrinted = checked.plan.fingerprint.members.some((member) => text(member) === wanted);
      return isListed && isPrinted ? [] : [objection("I-S6", `member ${memberId} does not have that name and those peer URLs`, step)];
    }),
};

export const removedMemberIsStopped: PlanCheck = {
  invariant: "I-S10",
  check: (checked) =>
    momentsOf(checked, "etcd.removeMember").flatMap(({ step, before }) => {
      const { memberId } = step.args;
      const member = before.members.find((candidate) => candidate.id === memberId);
      if (member?.started !== true || before.stopped.includes(memberId)) return [];
      const proof = checked.plan.lossProofs.find((candidate) => candidate.memberId === memberId);
      return proof?.kind === "attested" ? [] : [objection("I-S10", `nothing proves that etcd of member ${memberId} is stopped`, step)];
    }),
};

/** Proof and target must be about the same machine, or a stranger is proven stopped. */
export const stopIsAboutThatMember: PlanCheck = {
  invariant: "I-S10",
  check: (checked) =>
    [...momentsOf(checked, "etcd.proveStopped"), ...momentsOf(checked, "etcd.stopMember")].flatMap(({ step, before }) => {
      const member = before.members.find((candidate) => candidate.id === step.args.memberId);
      if (member === undefined) return [objection("I-S10", `member ${step.args.memberId} is not registered at this point`, step)];
      const proof = checked.plan.lossProofs.find((candidate) => candidate.memberId === step.args.memberId);
      return step.args.host === (member.host ?? proof?.host)
        ? []
        : [objection("I-S10", `member ${step.args.memberId} does not live on ${step.args.host}`, step)];
    }),
};

/** Two etcds on one machine fight for its ports and its data: the unit is started only where no manifest, and no process, is another. */
export const noSecondEtcd: PlanCheck = {
  invariant: "I-S11",
  check: (checked) =>
    momentsOf(checked, "service.start").flatMap(({ step }) => {
      if (step.args.unit !== "etcd") return [];
      const host = checked.plan.start.hosts.find((candidate) => candidate.name === step.args.host);
      return host?.hasEtcdManifest === false && host.etcdProcess === "stopped"
        ? []
        : [objection("I-S11", `starting etcd.service on ${step.args.host} could be a second etcd there`, step)];
    }),
};

export const noEtcdOnEmptyDataDir: PlanCheck = {
  invariant: "I-S11",
  check: (checked) => [
    ...momentsOf(checked, "service.start").flatMap(({ step }) => {
      const host = checked.plan.start.hosts.find((candidate) => candidate.name === step.args.host);
      const startsEtcd = step.args.unit === "kubelet" || step.args.unit === "containerd" || step.args.unit === "etcd";
      if (!startsEtcd || host?.hasStartableEtcdData === true) return [];
      const runsEtcd =
        host === undefined || host.roles.includes("control-plane") || host.roles.includes("etcd") || host.hasEtcdManifest === true;
      return step.args.unit === "etcd" || (runsEtcd && host?.hasEtcdManifest !== false)
        ? [objection("I-S11", `starting ${step.args.unit} on ${step.args.host} could start etcd without its data`, step)]
        : [];
    }),
    ...momentsOf(checked, "kubeadm.joinControlPlane").flatMap(({ step, before }) => {
      const host = checked.plan.start.hosts.find((candidate) => candidate.name === step.args.host);
      const isEmpty = host?.hasEtcdData === false && host.hasKubernetesState === false;
      if (!isEmpty && !before.cleared.includes(step.args.host))
        return [objection("I-S11", `${step.args.host} is not known to be empty and is not cleared before`, step)];
      const isChecked = checked.moments.some(
        (other) => other.step.kind === "host.checkPrepared" && other.step.args.host === step.args.host && isAfter(checked, { step }, other),
      );
      return isChecked ? [] : [objection("I-S11", `nothing checks that ${step.args.host} is prepared`, step)];
    }),
  ],
};

/** A healthy voter is never stopped by these strategies; of the others at most (n-1)/2 at a time. */
export const fewStoppedAtATime: PlanCheck = {
  invariant: "I-S12",
  check: (checked) =>
    momentsOf(checked, "etcd.stopMember").flatMap(({ step, before, after }) => {
      const target = before.members.find((member) => member.id === step.args.memberId);
      if (target?.votes === true && target.healthy) return [objection("I-S12", `member ${target.name} is a healthy voter`, step)];
      const voters = after.members.filter((member) => member.votes);
      const down = voters.filter((voter) => !voter.healthy).length;
      return down > Math.floor((voters.length - 1) / 2)
        ? [objection("I-S12", `${String(down)} of ${String(voters.length)} voters would be down`, step)]
        : [];
    }),
};

const unsoundCodes = ["E17_NOSPACE_ALARM", "E18_CORRUPT_ALARM", "E19_CORRUPT_WITHOUT_MAJORITY", "N08_MEMBER_CUT_OFF_FROM_PEERS"];

/**
 * Slow is in bounds as long as linearizable reads are answered in the probe's
 * time: then a voter is healthy. Whoever is silent, cut off or at odds about
 * the data is out of bounds.
 */
export const membershipOnSoundGround: PlanCheck = {
  invariant: "I-S22",
  check: (checked) => {
    const [change] = checked.moments.filter(({ step }) => step.kind === "kubeadm.joinControlPlane" || step.kind === "etcd.removeMember");
    const unsound = checked.plan.findings.find((finding) => unsoundCodes.includes(finding.code));
    const silent = momentsOf(checked, "kubeadm.joinControlPlane").flatMap(({ step, before }) =>
      before.members
        .filter((member) => !member.healthy)
        .map((member) =>
          objection(
            "I-S22",
            `member ${member.name === "" ? (member.id ?? "?") : member.name} is not healthy when ${step.args.host} joins (A01)`,
            step,
          ),
        ),
    );
    return change === undefined || unsound === undefined
      ? silent
      : [...silent, objection("I-S22", `${unsound.code} (${unsound.subject}) stands`, change.step)];
  },
};

export const joinGoesThroughHealthyVoter: PlanCheck = {
  invariant: "I-S4",
  check: (checked) =>
    momentsOf(checked, "kubeadm.joinControlPlane").flatMap(({ step, before }) => {
      const { via, host, peerUrl, node } = step.args;
      const voter = before.members.find((member) => member.host === via && member.votes && member.healthy);
      const isTaken = before.members.some((member) => member.peerUrls.includes(peerUrl) || member.name === node);
      const unfinished = before.members.some((member) => !member.votes || !member.started);
      return [
        ...(voter === undefined || via === host ? [objection("I-S4", `${via} carries no healthy voter to join through`, step)] : []),
        ...(isTaken ? [objection("I-S4", `a member with the name ${node} or the peer URL ${peerUrl} is registered already`, step)] : []),
        ...(unfinished ? [objection("I-S4", "a learner or a member that never started is registered (E12, E15)", step)] : []),
      ];
    }),
};

function isAfter(checked: CheckedPlan, later: Pick<Moment, "step">, earlier: Pick<Moment, "step">): boolean {
  const at = (moment: Pick<Moment, "step">): number => checked.plan.steps.findIndex((step) => step.id === moment.step.id);
  return at(later) > at(earlier);
}
