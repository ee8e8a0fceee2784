import type { Evidence, Finding } from "../../model/finding.ts";
import type { MemberId } from "../../model/ids.ts";
import { valueOf } from "../../model/observation.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";
import { dataEvidence } from "../situation/loss.ts";
import { isEtcdDown, memberLabel, type Situation } from "../situation/situation.ts";
import { isComingBack } from "./n02-node-down-temporarily.ts";

export const memberStopped: Rule = {
  code: "E02_MEMBER_STOPPED",
  stage: "quorum",
  diagnose: (situation) => stoppedMembers(situation).flatMap((stopped) => findingsFor(situation, stopped)),
};

interface Stopped {
  readonly host: HostView;
  readonly subject: string;
  readonly memberId: MemberId | undefined;
}

/** By the live list; without one by the voters that are remembered or configured. */
export function stoppedMembers(situation: Situation): readonly Stopped[] {
  const isStopped = (host: HostView): boolean => isEtcdDown(host) && host.data === "intact";
  if (situation.members !== undefined) {
    return situation.members.flatMap((view) =>
      view.host !== undefined && view.isStarted && isStopped(view.host)
        ? [{ host: view.host, subject: memberLabel(view), memberId: view.member.id }]
        : [],
    );
  }
  return situation.quorum.voters.flatMap((voter) =>
    voter.host !== undefined && isStopped(voter.host) ? [{ host: voter.host, subject: voter.label, memberId: voter.member?.id }] : [],
  );
}

function findingsFor(situation: Situation, { host, subject, memberId }: Stopped): readonly Finding[] {
  const causes = stopCauses(situation, host);
  // Without a cause it is not "merely stopped": E22, or it is still starting.
  if (causes.length === 0 || isComingBack(host)) return [];
  return [
    findingOf("E02_MEMBER_STOPPED", {
      subject,
      host: host.name,
      memberId,
      severity: situation.quorum.kind === "kept" && (situation.quorum.faultTolerance ?? 0) > 0 ? "warning" : "error",
      confidence: situation.cluster.list?.isLinearizable === true ? "certain" : "high",
      summary: `etcd on ${host.name} is ${host.etcd === "frozen" ? "frozen" : "stopped"} and its data is intact.`,
      evidence: [...causes, dataEvidence(host)],
      ruledOut: [
        { code: "E05_DATA_DIR_LOST_MEMBER_REGISTERED", because: "WAL and backend are there" },
        {
          code: "E04_REMOVED_MEMBER_REFUSES_TO_RUN",
          because: situation.members === undefined ? "no member list shows that it was removed" : "its member is still registered",
        },
      ],
    }),
  ];
}

/** Everything seen that keeps etcd from running. */
export function stopCauses(situation: Situation, host: HostView): readonly Evidence[] {
  const { facts } = host;
  if (host.etcd === "frozen") return [evidenceOf("the etcd process is stopped by a signal (state T)", facts.processes)];
  const services = valueOf(facts.services) ?? [];
  const isStacked = situation.inventory.config.etcdTopology === "stacked";
  const units = isStacked ? ["kubelet", "containerd"] : ["etcd"];
  const causes: Evidence[] = services
    .filter((service) => units.includes(service.unit) && ["inactive", "failed", "deactivating"].includes(service.activeState))
    .map((service) => evidenceOf(`unit ${service.unit} is ${service.activeState}`, facts.services));
  const manifests = valueOf(facts.manifests);
  if (isStacked && manifests !== undefined && !manifests.some((manifest) => manifest.etcdFlags !== undefined)) {
    causes.push(evidenceOf("there is no etcd manifest in the static-pod directory", facts.manifests));
  }
  return causes;
}
