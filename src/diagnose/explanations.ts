import type { FindingCode } from "./finding-catalogue.ts";

/** Where a cause must agree with its symptom: about the same machine, or about the cluster as a whole. */
export type Scope = "same-host" | "cluster";

export interface Explanation {
  readonly cause: FindingCode;
  readonly scope: Scope;
  readonly symptoms: readonly FindingCode[];
}

/** What a machine that is not there leaves behind in other places. */
const tracesOfAbsence: readonly FindingCode[] = [
  "A01_JOIN_FAILS_ON_DEAD_MEMBER",
  "K04_STALE_MASTERLEASE",
  "K04_DEAD_ADDRESS_IN_KUBERNETES_SERVICE",
  "K05_STALE_NODE",
  "K05_NODE_DELETED_MEMBER_REMAINS",
  "K05_STALE_MIRROR_POD",
  "K06_CLUSTER_STATUS_STALE",
  "K07_CLUSTER_INFO_STALE",
  "K07_KUBEADM_CONFIG_STALE",
  "K10_NODE_NOT_READY",
  "K14_API_SERVER_NOT_READY",
];

/** What follows on a machine whose etcd does not serve. */
const tracesOfStoppedEtcd: readonly FindingCode[] = [
  "A01_JOIN_FAILS_ON_DEAD_MEMBER",
  "K05_NODE_DELETED_MEMBER_REMAINS",
  "K10_NODE_NOT_READY",
  "K14_API_SERVER_NOT_READY",
];

/** What a join will meet, whichever machine it is for. */
const tracesOfComingJoin: readonly FindingCode[] = ["A04_CERTIFICATE_KEY_EXPIRED", "A05_BOOTSTRAP_TOKEN_EXPIRED", "E13_MEMBER_ADD_REFUSED"];

/** What no quorum does to everything above etcd. */
const tracesOfNoQuorum: readonly FindingCode[] = [
  "K14_API_SERVER_NOT_READY",
  "K10_NODE_NOT_READY",
  "L13_ENDPOINT_DOES_NOT_ANSWER",
  "E22_ETCD_DOES_NOT_STAY_UP",
  "E02_MEMBER_DOWN_CAUSE_NOT_SEEN",
];

function absent(cause: FindingCode): readonly Explanation[] {
  return [
    { cause, scope: "same-host", symptoms: tracesOfAbsence },
    { cause, scope: "cluster", symptoms: tracesOfComingJoin },
  ];
}

/**
 * Which finding is the cause of which, as a table. It must stay free of
 * cycles; a test holds that.
 */
export const explanations: readonly Explanation[] = [
  ...absent("N01_MEMBER_LOST_QUORUM_KEPT"),
  ...absent("N01_HOST_NOT_JOINED"),
  { cause: "N02_NODE_DOWN_TEMPORARILY", scope: "same-host", symptoms: tracesOfAbsence },
  { cause: "N02_NODE_DOWN_TEMPORARILY", scope: "cluster", symptoms: ["E13_MEMBER_ADD_REFUSED"] },
  ...absent("E05_DATA_DIR_LOST_MEMBER_REGISTERED"),
  ...absent("A02_RESET_LEFT_MEMBER"),
  ...absent("E04_REMOVED_MEMBER_REFUSES_TO_RUN"),
  { cause: "A02_RESET_LEFT_MEMBER", scope: "same-host", symptoms: ["E05_DATA_DIR_LOST_MEMBER_REGISTERED", "E02_SERVICE_STOPPED"] },
  { cause: "H01_HEALTHY_MEMBER_REMOVED", scope: "same-host", symptoms: ["E04_REMOVED_MEMBER_REFUSES_TO_RUN"] },
  { cause: "A06_JOIN_DIED_AFTER_ANNOUNCE", scope: "same-host", symptoms: ["E15_TOO_MANY_LEARNERS", ...tracesOfAbsence] },
  { cause: "E14_LEARNER_STUCK", scope: "same-host", symptoms: ["E15_TOO_MANY_LEARNERS", "A01_JOIN_FAILS_ON_DEAD_MEMBER"] },
  { cause: "E12_MEMBER_NEVER_STARTED", scope: "same-host", symptoms: tracesOfAbsence },
  { cause: "E26_MEMBER_WITHOUT_HOST", scope: "cluster", symptoms: ["E26_MEMBER_LISTS_DIFFER"] },

  { cause: "E02_MEMBER_STOPPED", scope: "same-host", symptoms: tracesOfStoppedEtcd },
  { cause: "E02_MEMBER_STOPPED", scope: "cluster", symptoms: ["E13_MEMBER_ADD_REFUSED"] },
  { cause: "E22_ETCD_DOES_NOT_STAY_UP", scope: "same-host", symptoms: tracesOfStoppedEtcd },
  { cause: "N08_UNREACHABLE_FROM_ONE_VANTAGE", scope: "same-host", symptoms: ["K10_NODE_NOT_READY"] },
  { cause: "N11_PEER_ADDRESS_NOT_ON_MACHINE", scope: "same-host", symptoms: tracesOfAbsence },
  { cause: "N04_MEMBER_DOES_NOT_FOLLOW", scope: "same-host", symptoms: ["K14_API_SERVER_NOT_READY"] },
  { cause: "E02_MEMBER_DOWN_CAUSE_NOT_SEEN", scope: "same-host", symptoms: tracesOfAbsence },
  { cause: "E02_SERVICE_STOPPED", scope: "same-host", symptoms: ["K10_NODE_NOT_READY"] },
  { cause: "N08_MEMBER_CUT_OFF_FROM_PEERS", scope: "same-host", symptoms: tracesOfStoppedEtcd },
  { cause: "N01_HOST_KEY_CHANGED", scope: "same-host", symptoms: tracesOfStoppedEtcd },

  ...(
    [
      "E01_QUORUM_LOST_PERMANENTLY",
      "E02_QUORUM_LOST_MAJORITY_CAN_RETURN",
      "E38_NO_LEADER_THOUGH_MAJORITY_RUNS",
      "N09_OBSERVER_MAY_BE_IN_MINORITY",
    ] as const
  ).map((cause): Explanation => ({ cause, scope: "cluster", symptoms: tracesOfNoQuorum })),
  {
    cause: "E01_QUORUM_LOST_PERMANENTLY",
    scope: "cluster",
    symptoms: ["E05_DATA_DIR_LOST_MEMBER_REGISTERED", "A02_RESET_LEFT_MEMBER", "N02_NODE_DOWN_TEMPORARILY", "E02_MEMBER_STOPPED"],
  },
  { cause: "E02_QUORUM_LOST_MAJORITY_CAN_RETURN", scope: "cluster", symptoms: ["E02_MEMBER_STOPPED"] },
  {
    cause: "N09_OBSERVER_MAY_BE_IN_MINORITY",
    scope: "cluster",
    symptoms: ["N02_NODE_DOWN_TEMPORARILY", "N08_UNREACHABLE_FROM_ONE_VANTAGE", "E02_MEMBER_STOPPED"],
  },

  ...(["N03_FILESYSTEM_READ_ONLY", "N04_DISK_FAILING", "N06_FILESYSTEM_FULL"] as const).map((cause): Explanation => ({
    cause,
    scope: "same-host",
    symptoms: [
      "N04_MEMBER_DOES_NOT_FOLLOW",
      "E22_ETCD_DOES_NOT_STAY_UP",
      "E02_MEMBER_DOWN_CAUSE_NOT_SEEN",
      "E02_MEMBER_STOPPED",
      "N08_MEMBER_CUT_OFF_FROM_PEERS",
      ...tracesOfStoppedEtcd,
    ],
  })),
  { cause: "E17_NOSPACE_ALARM", scope: "cluster", symptoms: ["K14_API_SERVER_NOT_READY", "L13_ENDPOINT_DOES_NOT_ANSWER"] },
  { cause: "E18_CORRUPT_ALARM", scope: "same-host", symptoms: tracesOfStoppedEtcd },

  {
    cause: "N07_CLOCK_SKEW",
    scope: "same-host",
    symptoms: [
      "P01_CERTIFICATE_EXPIRED",
      "P01_CERTIFICATE_EXPIRES_SOON",
      "P02_KUBELET_CERTIFICATE_EXPIRED",
      "E22_ETCD_DOES_NOT_STAY_UP",
      "E02_MEMBER_DOWN_CAUSE_NOT_SEEN",
      "N08_MEMBER_CUT_OFF_FROM_PEERS",
      ...tracesOfStoppedEtcd,
    ],
  },
  {
    cause: "P01_CERTIFICATE_EXPIRED",
    scope: "same-host",
    symptoms: ["E22_ETCD_DOES_NOT_STAY_UP", "E02_MEMBER_DOWN_CAUSE_NOT_SEEN", "N08_MEMBER_CUT_OFF_FROM_PEERS", ...tracesOfStoppedEtcd],
  },
  { cause: "P01_CERTIFICATE_EXPIRED", scope: "cluster", symptoms: ["E38_NO_LEADER_THOUGH_MAJORITY_RUNS", "L13_ENDPOINT_DOES_NOT_ANSWER"] },
  {
    cause: "P02_KUBELET_CERTIFICATE_EXPIRED",
    scope: "same-host",
    symptoms: ["K10_NODE_NOT_READY", "E02_SERVICE_STOPPED", "E02_MEMBER_STOPPED"],
  },

  { cause: "E06_SPLIT_BRAIN_NEW_CLUSTER", scope: "cluster", symptoms: ["E08_CLUSTER_IDS_DIFFER", "K17_API_SHOWS_TWO_CLUSTERS"] },
  { cause: "E06_SPLIT_BRAIN_NEW_CLUSTER", scope: "same-host", symptoms: ["A03_BOOTSTRAP_FLAGS_CAN_SPLIT", ...tracesOfAbsence] },
  { cause: "E08_CLUSTER_IDS_DIFFER", scope: "cluster", symptoms: ["K17_API_SHOWS_TWO_CLUSTERS"] },

  { cause: "L05_BALANCER_SERVICE_DOWN", scope: "cluster", symptoms: ["L13_VIP_NOT_HELD", "L13_ENDPOINT_DOES_NOT_ANSWER"] },
  { cause: "L13_VIP_NOT_HELD", scope: "cluster", symptoms: ["L13_ENDPOINT_DOES_NOT_ANSWER"] },
  { cause: "L01_VIP_HELD_TWICE", scope: "cluster", symptoms: ["L13_ENDPOINT_DOES_NOT_ANSWER"] },
  { cause: "L03_WEIGHT_BELOW_PRIORITY_GAP", scope: "cluster", symptoms: ["L13_ENDPOINT_DOES_NOT_ANSWER"] },
  { cause: "L06_SSL_HELLO_CHECK", scope: "cluster", symptoms: ["L13_ENDPOINT_DOES_NOT_ANSWER"] },
];
