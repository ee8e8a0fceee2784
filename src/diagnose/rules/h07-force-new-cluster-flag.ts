import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const forceNewClusterFlag: Rule = {
  code: "H07_FORCE_NEW_CLUSTER_FLAG",
  stage: "quorum",
  diagnose: (situation) =>
    situation.hosts.flatMap((host) => {
      const { manifests } = host.facts;
      if (manifests.kind === "unknown") return [];
      return manifests.value
        .filter((manifest) => manifest.etcdFlags?.forceNewCluster === true)
        .map((manifest) =>
          findingOf("H07_FORCE_NEW_CLUSTER_FLAG", {
            subject: `host ${host.name}`,
            host: host.name,
            severity: "critical",
            confidence: "certain",
            summary: `The etcd manifest on ${host.name} carries --force-new-cluster: its next start throws the other members out.`,
            evidence: [evidenceOf(`${manifest.fileName}: --force-new-cluster`, manifests)],
          }),
        );
    }),
};
