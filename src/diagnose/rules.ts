import type { Rule } from "./rule.ts";
import { joinFailsOnDeadMember } from "./rules/a01-join-fails-on-dead-member.ts";
import { resetLeftMember } from "./rules/a02-reset-left-member.ts";
import { bootstrapFlagsCanSplit } from "./rules/a03-bootstrap-flags-can-split.ts";
import { certificateKeyExpired } from "./rules/a04-certificate-key-expired.ts";
import { bootstrapTokenExpired } from "./rules/a05-bootstrap-token-expired.ts";
import { joinDiedAfterAnnounce } from "./rules/a06-join-died-after-announce.ts";
import { quorumLostPermanently } from "./rules/e01-quorum-lost-permanently.ts";
import { memberDownCauseNotSeen } from "./rules/e02-member-down-cause-not-seen.ts";
import { memberStopped } from "./rules/e02-member-stopped.ts";
import { quorumLostMajorityCanReturn } from "./rules/e02-quorum-lost-majority-can-return.ts";
import { serviceStopped } from "./rules/e02-service-stopped.ts";
import { removedMemberRefusesToRun } from "./rules/e04-removed-member-refuses-to-run.ts";
import { dataDirLostMemberRegistered } from "./rules/e05-data-dir-lost-member-registered.ts";
import { splitBrainNewCluster } from "./rules/e06-split-brain-new-cluster.ts";
import { clusterIdsDiffer } from "./rules/e08-cluster-ids-differ.ts";
import { memberNeverStarted } from "./rules/e12-member-never-started.ts";
import { memberAddRefused } from "./rules/e13-member-add-refused.ts";
import { learnerStuck } from "./rules/e14-learner-stuck.ts";
import { tooManyLearners } from "./rules/e15-too-many-learners.ts";
import { nospaceAlarm } from "./rules/e17-nospace-alarm.ts";
import { corruptAlarm } from "./rules/e18-corrupt-alarm.ts";
import { corruptWithoutMajority } from "./rules/e19-corrupt-without-majority.ts";
import { etcdDoesNotStayUp } from "./rules/e22-etcd-does-not-stay-up.ts";
import { memberListsDiffer } from "./rules/e26-member-lists-differ.ts";
import { memberWithoutHost } from "./rules/e26-member-without-host.ts";
import { noLeaderThoughMajorityRuns } from "./rules/e38-no-leader-though-majority-runs.ts";
import { healthyMemberRemoved } from "./rules/h01-healthy-member-removed.ts";
import { membersEasyToConfuse } from "./rules/h01-members-easy-to-confuse.ts";
import { replacementAddedBeforeRemoval } from "./rules/h02-replacement-added-before-removal.ts";
import { forceNewClusterFlag } from "./rules/h07-force-new-cluster-flag.ts";
import { manifestCopyInManifestDir } from "./rules/h09-manifest-copy-in-manifest-dir.ts";
import { revisionWentBackwards } from "./rules/k01-revision-went-backwards.ts";
import { deadAddressInKubernetesService } from "./rules/k04-dead-address-in-kubernetes-service.ts";
import { staleMasterlease } from "./rules/k04-stale-masterlease.ts";
import { nodeDeletedMemberRemains } from "./rules/k05-node-deleted-member-remains.ts";
import { staleMirrorPod } from "./rules/k05-stale-mirror-pod.ts";
import { staleNode } from "./rules/k05-stale-node.ts";
import { clusterStatusStale } from "./rules/k06-cluster-status-stale.ts";
import { clusterInfoStale } from "./rules/k07-cluster-info-stale.ts";
import { kubeadmConfigStale } from "./rules/k07-kubeadm-config-stale.ts";
import { nodeNotReady } from "./rules/k10-node-not-ready.ts";
import { apiServerNotReady } from "./rules/k14-api-server-not-ready.ts";
import { etcdServersStale } from "./rules/k15-etcd-servers-stale.ts";
import { apiShowsTwoClusters } from "./rules/k17-api-shows-two-clusters.ts";
import { vipHeldTwice } from "./rules/l01-vip-held-twice.ts";
import { virtualRouterIdDefault } from "./rules/l02-virtual-router-id-default.ts";
import { weightBelowPriorityGap } from "./rules/l03-weight-below-priority-gap.ts";
import { nopreemptWithWeight } from "./rules/l04-nopreempt-with-weight.ts";
import { balancerServiceDown } from "./rules/l05-balancer-service-down.ts";
import { checkTestsWrongThing } from "./rules/l05-check-tests-wrong-thing.ts";
import { sslHelloCheck } from "./rules/l06-ssl-hello-check.ts";
import { tcpOnlyCheck } from "./rules/l06-tcp-only-check.ts";
import { staleBackend } from "./rules/l07-stale-backend.ts";
import { endpointDoesNotAnswer } from "./rules/l13-endpoint-does-not-answer.ts";
import { vipNotHeld } from "./rules/l13-vip-not-held.ts";
import { hostKeyChanged } from "./rules/n01-host-key-changed.ts";
import { hostNotJoined } from "./rules/n01-host-not-joined.ts";
import { memberLostQuorumKept } from "./rules/n01-member-lost-quorum-kept.ts";
import { nodeDownTemporarily } from "./rules/n02-node-down-temporarily.ts";
import { filesystemReadOnly } from "./rules/n03-filesystem-read-only.ts";
import { memberDoesNotFollow } from "./rules/n04-member-does-not-follow.ts";
import { peerAddressNotOnMachine } from "./rules/n11-peer-address-not-on-machine.ts";
import { diskFailing } from "./rules/n04-disk-failing.ts";
import { slowDisk } from "./rules/n05-slow-disk.ts";
import { filesystemFull } from "./rules/n06-filesystem-full.ts";
import { clockSkew } from "./rules/n07-clock-skew.ts";
import { memberCutOffFromPeers } from "./rules/n08-member-cut-off-from-peers.ts";
import { unreachableFromOneVantage } from "./rules/n08-unreachable-from-one-vantage.ts";
import { observerMayBeInMinority } from "./rules/n09-observer-may-be-in-minority.ts";
import { certificateExpired } from "./rules/p01-certificate-expired.ts";
import { certificateExpiresSoon } from "./rules/p01-certificate-expires-soon.ts";
import { kubeletCertificateExpired } from "./rules/p02-kubelet-certificate-expired.ts";
import { certificateAuthoritiesDiffer } from "./rules/p04-certificate-authorities-differ.ts";

/** Every rule, in triage order. A new rule is one file in rules/ and one line here. */
export const rules: readonly Rule[] = [
  // path
  vipHeldTwice,
  virtualRouterIdDefault,
  weightBelowPriorityGap,
  nopreemptWithWeight,
  balancerServiceDown,
  checkTestsWrongThing,
  sslHelloCheck,
  tcpOnlyCheck,
  staleBackend,
  endpointDoesNotAnswer,
  vipNotHeld,
  hostKeyChanged,
  memberCutOffFromPeers,
  unreachableFromOneVantage,
  observerMayBeInMinority,
  // clock and certificates
  clockSkew,
  certificateExpired,
  certificateExpiresSoon,
  kubeletCertificateExpired,
  certificateAuthoritiesDiffer,
  // cluster ids
  splitBrainNewCluster,
  clusterIdsDiffer,
  revisionWentBackwards,
  apiShowsTwoClusters,
  // quorum
  joinFailsOnDeadMember,
  resetLeftMember,
  bootstrapFlagsCanSplit,
  certificateKeyExpired,
  bootstrapTokenExpired,
  joinDiedAfterAnnounce,
  quorumLostPermanently,
  memberStopped,
  memberDownCauseNotSeen,
  quorumLostMajorityCanReturn,
  serviceStopped,
  removedMemberRefusesToRun,
  dataDirLostMemberRegistered,
  memberNeverStarted,
  memberAddRefused,
  learnerStuck,
  tooManyLearners,
  etcdDoesNotStayUp,
  memberListsDiffer,
  memberWithoutHost,
  noLeaderThoughMajorityRuns,
  healthyMemberRemoved,
  membersEasyToConfuse,
  replacementAddedBeforeRemoval,
  forceNewClusterFlag,
  manifestCopyInManifestDir,
  hostNotJoined,
  memberLostQuorumKept,
  nodeDownTemporarily,
  peerAddressNotOnMachine,
  // alarms
  nospaceAlarm,
  corruptAlarm,
  corruptWithoutMajority,
  // disk
  filesystemReadOnly,
  diskFailing,
  memberDoesNotFollow,
  slowDisk,
  filesystemFull,
  // stale objects
  deadAddressInKubernetesService,
  staleMasterlease,
  nodeDeletedMemberRemains,
  staleMirrorPod,
  staleNode,
  clusterStatusStale,
  clusterInfoStale,
  kubeadmConfigStale,
  nodeNotReady,
  apiServerNotReady,
  etcdServersStale,
];
