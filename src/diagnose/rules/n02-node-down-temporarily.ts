import { valueOf } from "../../model/observation.ts";
import type { Evidence, Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { durationWords } from "../situation/time.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";
import { memberLabel, membersOnHost, type Situation } from "../situation/situation.ts";

/**
 * After a boot a machine's static pods come back by themselves: about 60 s were
 * measured in the lab; the kubelet's crash back-off can stretch that to 5 min.
 */
const bootGraceSeconds = 300;

export const nodeDownTemporarily: Rule = {
  code: "N02_NODE_DOWN_TEMPORARILY",
  stage: "quorum",
  diagnose: (situation) =>
    situation.hosts.filter((host) => belongsToCluster(situation, host)).flatMap((host) => findingsFor(situation, host)),
};

/** A machine that left the cluster may be silent for ever. */
function belongsToCluster(situation: Situation, host: HostView): boolean {
  if ((membersOnHost(situation, host) ?? []).length > 0) return true;
  if (
    valueOf(situation.inventory.kubernetes)?.nodes.some((node) => node.name === host.name || node.internalIp === host.config.address) ===
    true
  )
    return true;
  return host.shouldRunEtcd ? situation.members === undefined : host.config.roles.some((role) => role !== "spare");
}

/** Just booted, or its kubelet just started; its data is there, and etcd was seen not to be up yet. */
export function isComingBack(host: HostView): boolean {
  return freshStart(host) !== undefined && host.data === "intact" && (host.etcd === "stopped" || isRefusing(host));
}

/** Its process runs and nothing listens yet. An answer that did not come in time is no sign of that: a loaded machine is late, too. */
function isRefusing(host: HostView): boolean {
  const { status } = host.facts.etcd;
  // A TLS handshake that fails is counted as refused; then somebody listens.
  return host.etcd === "running" && status.kind === "unknown" && status.reason === "refused" && !/tls/i.test(status.detail);
}

function freshStart(host: HostView): Evidence | undefined {
  const uptime = valueOf(host.facts.machine)?.uptimeSeconds;
  if (uptime !== undefined && uptime < bootGraceSeconds) return evidenceOf(`booted ${String(uptime)} s ago`, host.facts.machine);
  const kubelet = valueOf(host.facts.processes)?.find((process) => process.name === "kubelet");
  if (kubelet === undefined || kubelet.startedSecondsAgo >= bootGraceSeconds) return undefined;
  return evidenceOf(`its kubelet started ${String(kubelet.startedSecondsAgo)} s ago`, host.facts.processes);
}

function findingsFor(situation: Situation, host: HostView): readonly Finding[] {
  if (host.presence.kind !== "silent" && !isComingBack(host)) return [];
  const [view] = membersOnHost(situation, host) ?? [];
  const isVoter = view !== undefined && !view.member.isLearner;
  const start = freshStart(host);
  const evidence = host.presence.kind === "silent" ? silenceEvidence(situation, host) : start === undefined ? [] : [start];
  return [
    findingOf("N02_NODE_DOWN_TEMPORARILY", {
      subject: view === undefined ? `host ${host.name}` : memberLabel(view),
      host: host.name,
      memberId: view?.member.id,
      severity: isVoter && (situation.quorum.faultTolerance ?? 0) <= 0 ? "error" : "warning",
      confidence: host.presence.kind === "silent" ? "medium" : "high",
      summary:
        host.presence.kind === "silent"
          ? `${host.name} answers nobody; whether it comes back cannot be seen from here.`
          : `${host.name} has just started and its etcd is not up yet.`,
      evidence,
      ruledOut: [
        {
          code: "N01_MEMBER_LOST_QUORUM_KEPT",
          because:
            host.presence.kind === "silent"
              ? "silence is no proof: neither a fresh machine nor a missing data dir was seen"
              : "its data is there",
        },
      ],
      wouldSettle:
        host.presence.kind === "silent"
          ? [
              `power state or console of ${host.name}`,
              `an operator's attestation that ${host.name} is destroyed`,
              ...(situation.inventory.earlierLook === undefined ? ["a second look, at least 5 s later (I-G1)"] : []),
            ]
          : ["another look in a minute"],
    }),
  ];
}

function silenceEvidence(situation: Situation, host: HostView): Finding["evidence"] {
  const earlier = situation.inventory.earlierLook;
  const before = earlier?.hosts.find((look) => look.name === host.name);
  const remembered = situation.inventory.lastSeen;
  return [
    ...host.presence.evidence,
    ...(earlier !== undefined && before !== undefined
      ? [
          {
            what: `${durationWords(Date.parse(situation.inventory.takenAt) - Date.parse(earlier.takenAt))} earlier it was ${before.sshReachable || before.etcdAnswers ? "still reachable" : "silent too"}`,
            observedAt: earlier.takenAt,
            source: "earlier look",
          },
        ]
      : []),
    ...(remembered === undefined
      ? []
      : [{ what: "last good look at the cluster", observedAt: remembered.takenAt, source: "last-seen facts" }]),
  ];
}
