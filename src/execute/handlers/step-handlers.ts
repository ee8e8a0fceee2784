import type { StepHandlers } from "../step-handler.ts";
import { clusterVerifyHandler } from "./cluster-verify.ts";
import { etcdAwaitVoterHandler } from "./etcd-await-voter.ts";
import { etcdProveStoppedHandler } from "./etcd-prove-stopped.ts";
import { etcdRemoveMemberHandler } from "./etcd-remove-member.ts";
import { etcdSaveSnapshotHandler } from "./etcd-save-snapshot.ts";
import { etcdStopMemberHandler } from "./etcd-stop-member.ts";
import { hostCheckPreparedHandler } from "./host-check-prepared.ts";
import { hostMoveStateAsideHandler } from "./host-move-state-aside.ts";
import { hostRestoreFilesHandler } from "./host-restore-files.ts";
import { kubeadmJoinControlPlaneHandler } from "./kubeadm-join-control-plane.ts";
import { kubernetesAwaitNodeNotReadyHandler } from "./kubernetes-await-node-not-ready.ts";
import { kubernetesAwaitNodeReadyHandler } from "./kubernetes-await-node-ready.ts";
import { kubernetesDeleteMasterLeaseHandler } from "./kubernetes-delete-master-lease.ts";
import { kubernetesDeleteNodeHandler } from "./kubernetes-delete-node.ts";
import { kubernetesRepairClusterInfoHandler } from "./kubernetes-repair-cluster-info.ts";
import { kubernetesRepairKubeadmConfigHandler } from "./kubernetes-repair-kubeadm-config.ts";
import { loadBalancerSetBackendsHandler } from "./load-balancer-set-backends.ts";
import { processContinueHandler } from "./process-continue.ts";
import { serviceStartHandler } from "./service-start.ts";

/** One handler per kind of step; the mapped type says what is missing. */
export const stepHandlers: StepHandlers = {
  "etcd.saveSnapshot": etcdSaveSnapshotHandler,
  "etcd.proveStopped": etcdProveStoppedHandler,
  "etcd.stopMember": etcdStopMemberHandler,
  "etcd.removeMember": etcdRemoveMemberHandler,
  "etcd.awaitVoter": etcdAwaitVoterHandler,
  "kubernetes.deleteNode": kubernetesDeleteNodeHandler,
  "kubernetes.deleteMasterLease": kubernetesDeleteMasterLeaseHandler,
  "kubernetes.repairClusterInfo": kubernetesRepairClusterInfoHandler,
  "kubernetes.repairKubeadmConfig": kubernetesRepairKubeadmConfigHandler,
  "kubernetes.awaitNodeNotReady": kubernetesAwaitNodeNotReadyHandler,
  "kubernetes.awaitNodeReady": kubernetesAwaitNodeReadyHandler,
  "loadBalancer.setBackends": loadBalancerSetBackendsHandler,
  "host.moveStateAside": hostMoveStateAsideHandler,
  "host.restoreFiles": hostRestoreFilesHandler,
  "host.checkPrepared": hostCheckPreparedHandler,
  "kubeadm.joinControlPlane": kubeadmJoinControlPlaneHandler,
  "service.start": serviceStartHandler,
  "process.continue": processContinueHandler,
  "cluster.verify": clusterVerifyHandler,
};
