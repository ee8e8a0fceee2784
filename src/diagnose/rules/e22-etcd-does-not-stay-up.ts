import { valueOf } from "../../model/observation.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";
import { dataEvidence } from "../situation/loss.ts";
import { memberLabel, type Situation } from "../situation/situation.ts";
import { stopCauses } from "./e02-member-stopped.ts";
import { isComingBack } from "./n02-node-down-temporarily.ts";

export const etcdDoesNotStayUp: Rule = {
  code: "E22_ETCD_DOES_NOT_STAY_UP",
  stage: "quorum",
  diagnose: (situation) =>
    (situation.members ?? []).flatMap((view) => {
      const { host } = view;
      if (host === undefined || !view.isStarted || view.health === "serving" || !isInPlace(situation, host)) return [];
      return [
        findingOf("E22_ETCD_DOES_NOT_STAY_UP", {
          subject: memberLabel(view),
          host: host.name,
          memberId: view.member.id,
          severity: "error",
          confidence: "low",
          summary: `etcd on ${host.name} does not run, although its manifest, its services and ${host.data === "partial" ? "part of its data" : "its data"} are in place.`,
          evidence: [
            evidenceOf("no etcd process", host.facts.processes),
            dataEvidence(host),
            evidenceOf("the services it needs are active", host.facts.services),
          ],
          ruledOut: [
            { code: "E02_MEMBER_STOPPED", because: "nothing was found stopped" },
            { code: "E05_DATA_DIR_LOST_MEMBER_REGISTERED", because: "there is data" },
          ],
          wouldSettle: [`the last lines of the etcd container's log on ${host.name}`, "PB8: a check of a copy of its backend file"],
        }),
      ];
    }),
};

function isInPlace(situation: Situation, host: HostView): boolean {
  if (host.etcd !== "stopped" || (host.data !== "intact" && host.data !== "partial") || isComingBack(host)) return false;
  const isServiceSeen = valueOf(host.facts.services) !== undefined;
  const isManifestSeen = situation.inventory.config.etcdTopology === "external" || valueOf(host.facts.manifests) !== undefined;
  return isServiceSeen && isManifestSeen && stopCauses(situation, host).length === 0;
}
