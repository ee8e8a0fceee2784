import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const bootstrapFlagsCanSplit: Rule = {
  code: "A03_BOOTSTRAP_FLAGS_CAN_SPLIT",
  stage: "quorum",
  diagnose(situation) {
    const expectsPeers = situation.quorum.voters.length > 1 || situation.hosts.filter((host) => host.shouldRunEtcd).length > 1;
    if (!expectsPeers) return [];
    return situation.hosts.flatMap((host) => {
      const { manifests } = host.facts;
      if (manifests.kind === "unknown") return [];
      return manifests.value.flatMap((manifest) => {
        const flags = manifest.etcdFlags;
        if (flags === undefined || flags.initialClusterState === "existing") return [];
        if (new Set(flags.initialCluster.split(",").filter((part) => part !== "")).size > 1) return [];
        return [
          findingOf("A03_BOOTSTRAP_FLAGS_CAN_SPLIT", {
            subject: `host ${host.name}`,
            host: host.name,
            severity: "warning",
            confidence: "certain",
            summary: `The etcd manifest on ${host.name} would start a new cluster if the data dir were lost.`,
            evidence: [
              evidenceOf(
                `${manifest.fileName}: --initial-cluster names only ${flags.name === "" ? "itself" : flags.name}, --initial-cluster-state is ${flags.initialClusterState === "" ? "not set" : flags.initialClusterState}`,
                manifests,
              ),
            ],
          }),
        ];
      });
    });
  },
};
