import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";
import { membersOnHost, type Situation } from "../situation/situation.ts";

export const unreachableFromOneVantage: Rule = {
  code: "N08_UNREACHABLE_FROM_ONE_VANTAGE",
  stage: "path",
  diagnose: (situation) => situation.hosts.filter(isConcerned).map((host) => findingFor(situation, host)),
};

function isConcerned(host: HostView): boolean {
  // Another host key has a rule of its own; a spare is nobody's loss.
  if (host.facts.ssh.kind === "known" || host.facts.sshErrorCode === "SSH_HOST_KEY_CHANGED") return false;
  if (host.config.roles.every((role) => role === "spare")) return false;
  return host.presence.kind === "unseen" ? host.facts.ssh.reason !== "not-asked" : host.presence.kind !== "silent";
}

function findingFor(situation: Situation, host: HostView): ReturnType<typeof findingOf> {
  const members = membersOnHost(situation, host) ?? [];
  const isUnseen = host.presence.kind === "unseen";
  const isServing = members.length > 0 && members.every((view) => view.health === "serving");
  const isEtcdHeard = situation.inventory.reach.some(
    (reach) => reach.to === host.name && reach.port.startsWith("etcd") && reach.outcome === "open",
  );
  return findingOf("N08_UNREACHABLE_FROM_ONE_VANTAGE", {
    subject: `host ${host.name}`,
    host: host.name,
    severity: members.some((view) => view.health === "down") ? "error" : "warning",
    confidence: isUnseen ? "low" : "high",
    summary: isUnseen
      ? `${host.name} cannot be reached from here, and nobody else has looked.`
      : `SSH to ${host.name} fails, but the machine answers${isServing ? " and its etcd serves" : isEtcdHeard ? " and its etcd is heard by others" : ""}.`,
    evidence: [
      evidenceOf(`SSH: ${host.facts.ssh.kind === "unknown" ? host.facts.ssh.detail : "answers"}`, host.facts.ssh),
      ...host.presence.evidence,
    ],
    ruledOut: isUnseen ? [] : [{ code: "N02_NODE_DOWN_TEMPORARILY", because: "somebody got an answer from it, so it is not down" }],
    wouldSettle: [
      isUnseen
        ? `PB1 towards ${host.name} from a second place: another machine, console or hypervisor`
        : `a working SSH session to ${host.name} (PB7, PB9, PB10 need it)`,
    ],
  });
}
