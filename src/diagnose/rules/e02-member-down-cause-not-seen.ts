import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";
import { isEtcdDown, type Situation, type VoterView } from "../situation/situation.ts";
import { stopCauses } from "./e02-member-stopped.ts";
import { isComingBack } from "./n02-node-down-temporarily.ts";

export const memberDownCauseNotSeen: Rule = {
  code: "E02_MEMBER_DOWN_CAUSE_NOT_SEEN",
  stage: "quorum",
  diagnose: (situation) =>
    situation.quorum.voters.filter((voter) => voter.member?.name !== "").flatMap((voter) => findingsFor(situation, voter)),
};

function findingsFor(situation: Situation, voter: VoterView): readonly Finding[] {
  const { host } = voter;
  if (host === undefined || voter.health === "serving" || isComingBack(host)) return [];
  const missing = missingObservations(situation, host);
  if (missing.length === 0) return [];
  const isMereTimeout = host.etcd === "running" && isLateOnce(situation, host);
  const state = isMereTimeout
    ? "runs and did not answer in time"
    : host.etcd === "running"
      ? "runs and does not answer"
      : `is ${host.etcd}`;
  return [
    findingOf("E02_MEMBER_DOWN_CAUSE_NOT_SEEN", {
      subject: voter.label,
      host: host.name,
      memberId: voter.member?.id,
      severity: isMereTimeout ? "warning" : "error",
      confidence: "low",
      summary: `etcd on ${host.name} ${state}; what keeps it from serving could not be seen.`,
      evidence: [evidenceOf(`etcd: ${host.etcd}`, host.facts.processes), evidenceOf("its endpoint gave no answer", host.facts.etcd.status)],
      wouldSettle: [...missing.map((what) => `${what} on ${host.name}`), ...(isMereTimeout ? ["a second look, at least 5 s later"] : [])],
    }),
  ];
}

/** One answer that is late says little: the machine or this one may be loaded. Two looks without any say more. */
function isLateOnce(situation: Situation, host: HostView): boolean {
  const { status } = host.facts.etcd;
  if (status.kind === "known" || status.reason !== "timeout") return false;
  return situation.inventory.earlierLook?.hosts.find((look) => look.name === host.name)?.etcdAnswers !== false;
}

/** Empty when the other rules have all they need, or when nothing shows that it is down. */
function missingObservations(situation: Situation, host: HostView): readonly string[] {
  const { facts } = host;
  if (facts.etcd.status.kind === "known") return [];
  if (host.etcd === "running") {
    // A gap on our side (no certificate, no tunnel) says nothing about the member.
    return facts.etcd.status.reason === "timeout" || facts.etcd.status.reason === "refused"
      ? ["the last lines of the etcd container's log"]
      : [];
  }
  if (!isEtcdDown(host)) return [];
  if (host.data === "unknown") return ["PB7: the data dir"];
  if (host.data === "lost" || stopCauses(situation, host).length > 0) return [];
  return [
    ...(facts.services.kind === "unknown" ? ["PB7: the services"] : []),
    ...(facts.manifests.kind === "unknown" && situation.inventory.config.etcdTopology === "stacked" ? ["PB9: the manifests"] : []),
  ];
}
