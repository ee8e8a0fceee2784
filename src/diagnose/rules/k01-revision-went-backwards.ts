import type { LastSeen } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";
import { findingOf, type Rule } from "../rule.ts";
import { highestRevision } from "../situation/cluster-view.ts";
import { evidenceOf } from "../situation/host-view.ts";
import type { Situation } from "../situation/situation.ts";

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
    const isRebuilt = isAnotherBuild(situation, remembered);
    return [
      findingOf("K01_REVISION_WENT_BACKWARDS", {
        subject: "cluster",
        severity: isRebuilt ? "warning" : "critical",
        confidence: isRebuilt ? "medium" : "high",
        summary: isRebuilt
          ? "The last good look was at another build of this cluster: every machine is another one, and the history is shorter."
          : `The revision is ${String(now)}, and it was ${String(remembered.revision)} before${main.id === remembered.clusterId ? ", under the same cluster id" : ""}.`,
        evidence: [
          ...main.hosts.map(({ name, status, observation }) => evidenceOf(`${name}: revision ${String(status.revision)}`, observation)),
          { what: `last good look: revision ${String(remembered.revision)}`, observedAt: remembered.takenAt, source: "last-seen facts" },
        ],
        wouldSettle: [
          isRebuilt
            ? "whether the cluster was built anew on purpose; the next good look replaces what is remembered"
            : "whether a snapshot was restored by hand since the last good look",
        ],
      }),
    ];
  },
};

/**
 * Every remembered machine was looked at and is another one now. The cluster id
 * does not tell builds apart: kubeadm sets no token, so equal peer addresses
 * give an equal id (failure catalogue E33; seen in the lab, too).
 */
function isAnotherBuild(situation: Situation, remembered: LastSeen): boolean {
  return (
    remembered.hosts.length > 0 &&
    remembered.hosts.every(({ name, machineId }) => {
      const host = situation.hosts.find((candidate) => candidate.name === name);
      const observed = host === undefined ? undefined : valueOf(host.facts.machine)?.machineId;
      return observed !== undefined && observed !== machineId;
    })
  );
}
