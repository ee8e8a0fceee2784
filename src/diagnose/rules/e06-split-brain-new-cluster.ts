import { valueOf } from "../../model/observation.ts";
import { findingOf, type Rule } from "../rule.ts";
import { highestRevision, type AnsweringCluster } from "../situation/cluster-view.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";
import { hostNamed, type Situation } from "../situation/situation.ts";

export const splitBrainNewCluster: Rule = {
  code: "E06_SPLIT_BRAIN_NEW_CLUSTER",
  stage: "cluster-ids",
  diagnose(situation) {
    const { main, answering } = situation.cluster;
    if (main === undefined) return [];
    return answering.filter((cluster) => cluster.id !== main.id).flatMap((orphan) => findingsOf(situation, main, orphan));
  },
};

/** Whether this other cluster is a new one that began empty, on one machine, with a shorter history than the main one. */
export function orphanHost(situation: Situation, main: AnsweringCluster, cluster: AnsweringCluster): HostView | undefined {
  const [only, ...more] = cluster.hosts;
  if (only === undefined || more.length > 0 || highestRevision(cluster) >= highestRevision(main)) return undefined;
  const host = hostNamed(situation, only.name);
  const members =
    host === undefined ? undefined : (valueOf(host.facts.etcd.membersSerializable) ?? valueOf(host.facts.etcd.membersLinearizable));
  return members === undefined || members.length === 1 ? host : undefined;
}

function findingsOf(situation: Situation, main: AnsweringCluster, orphan: AnsweringCluster): readonly ReturnType<typeof findingOf>[] {
  const host = orphanHost(situation, main, orphan);
  const [only] = orphan.hosts;
  if (host === undefined || only === undefined) return [];
  const flags = valueOf(host.facts.manifests)?.find((manifest) => manifest.etcdFlags !== undefined)?.etcdFlags;
  const allowsIt = flags !== undefined && flags.initialClusterState !== "existing" && !flags.initialCluster.includes(",");
  return [
    findingOf("E06_SPLIT_BRAIN_NEW_CLUSTER", {
      subject: `host ${host.name}`,
      host: host.name,
      severity: "critical",
      confidence: allowsIt ? "certain" : "high",
      summary: `etcd on ${host.name} is a new cluster of its own (${orphan.id}), beside the real one (${main.id}).`,
      evidence: [
        evidenceOf(`cluster ${orphan.id}, revision ${String(only.status.revision)}`, only.observation),
        ...main.hosts.map((other) =>
          evidenceOf(`${other.name}: cluster ${main.id}, revision ${String(other.status.revision)}`, other.observation),
        ),
        ...(allowsIt ? [evidenceOf("its manifest names only itself and does not say `existing`", host.facts.manifests)] : []),
      ],
      ruledOut: [{ code: "N08_MEMBER_CUT_OFF_FROM_PEERS", because: "a member that is cut off keeps its cluster id" }],
    }),
  ];
}
