import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";
import { dataEvidence, isWithoutMember } from "../situation/loss.ts";
import { listEvidence, type Situation } from "../situation/situation.ts";

export const removedMemberRefusesToRun: Rule = {
  code: "E04_REMOVED_MEMBER_REFUSES_TO_RUN",
  stage: "quorum",
  diagnose: (situation) => removedWithData(situation).map((host) => findingFor(situation, host)),
};

/** Old member data on a machine that the agreed list does not know. */
export function removedWithData(situation: Situation): readonly HostView[] {
  return situation.hosts.filter((host) => {
    if (!isWithoutMember(situation, host) || (host.data !== "intact" && host.data !== "partial")) return false;
    // An etcd of another cluster has findings of its own.
    const status = host.facts.etcd.status;
    return status.kind === "unknown" || status.value.clusterId === situation.cluster.main?.id;
  });
}

function findingFor(situation: Situation, host: HostView): Finding {
  const former = situation.inventory.lastSeen?.members.find((member) => member.name === (host.name as string));
  const isKnownFormer = former !== undefined;
  return findingOf("E04_REMOVED_MEMBER_REFUSES_TO_RUN", {
    subject: isKnownFormer ? `member ${former.id} (${host.name})` : `host ${host.name}`,
    host: host.name,
    memberId: former?.id,
    severity: "error",
    confidence: isKnownFormer && host.etcd !== "unknown" ? "certain" : "high",
    summary: `${host.name} still has the data of a member that was removed from the cluster${host.etcd === "stopped" ? "; with it etcd refuses to run" : ""}.`,
    evidence: [
      dataEvidence(host),
      ...listEvidence(situation, `no member belongs to ${host.name}`),
      ...(isKnownFormer
        ? [
            {
              what: `it was member ${former.id}`,
              observedAt: situation.inventory.lastSeen?.takenAt ?? situation.inventory.takenAt,
              source: "last-seen facts",
            },
          ]
        : []),
      ...(host.facts.processes.kind === "known" ? [evidenceOf(`etcd: ${host.etcd}`, host.facts.processes)] : []),
    ],
    ruledOut: [{ code: "E02_MEMBER_STOPPED", because: "its member is not in the list that a quorum agrees on" }],
  });
}
