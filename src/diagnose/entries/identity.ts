import type { FindingEntry } from "../finding-entry.ts";

/** More than one cluster, or one whose history went backwards. (E06-E08, H13, K01, K17) */
export const identityFindings = {
  E06_SPLIT_BRAIN_NEW_CLUSTER: {
    catalogueId: "E06",
    title: "An etcd started a new, empty cluster beside the real one",
    meaning:
      "The machine lost its data and its manifest allowed etcd to begin anew. Its API server shows an almost empty cluster; a share of the clients is served from it, and what controllers write there is wrong.",
    tellApart: "Different cluster ids, low revision, a member list with only itself. A partitioned member keeps its cluster id.",
    doNext: [
      "Take that machine's API server out of the balancer at once.",
      "Stop the orphan's etcd and API server and move its data aside.",
      "In the majority's cluster remove the old member by id and join the machine again.",
    ],
    never: ["Take a backup from the orphan over good ones.", "Try to merge the two.", "Let clients alternate between both."],
    probes: ["PB2", "PB4", "PB9"],
  },
  E08_CLUSTER_IDS_DIFFER: {
    catalogueId: "E08",
    title: "More than one etcd cluster answers, or not the one that was known",
    meaning:
      "Healthy answers from different clusters say nothing about each other. Until it is clear which one holds the history, every change is blocked except isolating the orphan.",
    tellApart: "The legitimate one has the majority of the known members, the longer history and the cluster id of the last good look.",
    doNext: [
      "Decide which cluster is legitimate: revision, term, number of objects, last good look.",
      "Isolate the other at the balancer, stop it and move its data aside.",
    ],
    never: ["Believe a single endpoint's health.", "Remove or add members before this is settled."],
    probes: ["PB2", "PB4"],
  },
  K17_API_SHOWS_TWO_CLUSTERS: {
    catalogueId: "K17",
    title: "API servers show different clusters",
    meaning: "The identity of the kube-system namespace differs between API servers: they read from different etcd clusters.",
    tellApart: "A lagging API server shows older objects, never another identity.",
    doNext: ["Take the orphan's API server out of the balancer first.", "Then settle which etcd cluster is the real one."],
    never: ["Restart API servers in the hope that they agree again."],
    probes: ["PB11"],
  },
  K01_REVISION_WENT_BACKWARDS: {
    catalogueId: "K01",
    title: "The cluster's revision is lower than it once was",
    meaning:
      "A snapshot was restored without raising the revision, or the members lost their data and began again under the same cluster id. Clients that saw the higher revision miss events without noticing.",
    tellApart:
      "A restore changes the cluster id when it was given a new token; the same id with a tiny revision points to members that re-formed empty.",
    doNext: [
      "Find out whether somebody restored a snapshot.",
      "If members re-formed empty, keep every machine that still has old data switched off and copy its data.",
      "Restart all API clients after a restore without bump.",
    ],
    never: ["Start a machine that still has the old data."],
    probes: ["PB2"],
  },
} as const satisfies Readonly<Record<string, FindingEntry>>;
