import { findingOf, type Rule } from "../rule.ts";
import { dataEvidence, isShortOfVoters, isWithoutMember } from "../situation/loss.ts";
import { listEvidence } from "../situation/situation.ts";

export const hostNotJoined: Rule = {
  code: "N01_HOST_NOT_JOINED",
  stage: "quorum",
  diagnose: (situation) =>
    situation.hosts
      // Data without a member is E04; a running etcd belongs to another cluster.
      .filter(
        (host) =>
          host.shouldRunEtcd &&
          isWithoutMember(situation, host) &&
          host.data !== "intact" &&
          host.data !== "partial" &&
          host.facts.etcd.status.kind === "unknown",
      )
      .map((host) => {
        const isShort = isShortOfVoters(situation);
        const isSeenEmpty = host.data === "lost";
        return findingOf("N01_HOST_NOT_JOINED", {
          subject: `host ${host.name}`,
          host: host.name,
          severity: isShort ? "warning" : "info",
          confidence: isSeenEmpty ? "certain" : "medium",
          summary: `${host.name} is configured for etcd and is not a member of the cluster${isShort ? "" : ", which has all the voters it should have"}.`,
          evidence: [
            ...listEvidence(situation, `no member belongs to ${host.name}`),
            ...(isSeenEmpty ? [dataEvidence(host)] : host.presence.evidence),
          ],
          ruledOut: isSeenEmpty ? [{ code: "E04_REMOVED_MEMBER_REFUSES_TO_RUN", because: "there is no old data on it" }] : [],
          wouldSettle: isSeenEmpty ? [] : [`PB7 on ${host.name}: whether old data is there`],
        });
      }),
};
