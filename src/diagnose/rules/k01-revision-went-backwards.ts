import { findingOf, type Rule } from "../rule.ts";
import { highestRevision } from "../situation/cluster-view.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const revisionWentBackwards: Rule = {
  code: "K01_REVISION_WENT_BACKWARDS",
  stage: "cluster-ids",
  diagnose(situation) {
    const { main } = situation.cluster;
    const remembered = situation.inventory.lastSeen;
    if (main === undefined || remembered === undefined) return [];
    const now = highestRevision(main);
    // A member that lags proves nothing; one that answered a linearizable read has caught up.
    const hasCaughtUp = situation.hosts.some((host) => host.etcd === "serving" && main.hosts.some(({ name }) => name === host.name));
    if (now >= remembered.revision || situation.quorum.kind !== "kept" || !hasCaughtUp) return [];
    return [
      findingOf("K01_REVISION_WENT_BACKWARDS", {
        subject: "cluster",
        severity: "critical",
        confidence: "high",
        summary: `The revision is ${String(now)}, and it was ${String(remembered.revision)} before${main.id === remembered.clusterId ? ", under the same cluster id" : ""}.`,
        evidence: [
          ...main.hosts.map(({ name, status, observation }) => evidenceOf(`${name}: revision ${String(status.revision)}`, observation)),
          { what: `last good look: revision ${String(remembered.revision)}`, observedAt: remembered.takenAt, source: "last-seen facts" },
        ],
        wouldSettle: ["whether a snapshot was restored by hand since the last good look"],
      }),
    ];
  },
};
