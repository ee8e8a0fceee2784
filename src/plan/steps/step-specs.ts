import type { StepSpecs } from "../../model/step.ts";
import { clusterVerify } from "./cluster-verify.ts";
import { etcdAwaitVoter } from "./etcd-await-voter.ts";
import { etcdProveStopped } from "./etcd-prove-stopped.ts";
import { etcdRemoveMember } from "./etcd-remove-member.ts";
import { etcdSaveSnapshot } from "./etcd-save-snapshot.ts";
import { etcdStopMember } from "./etcd-stop-member.ts";
import { hostCheckPrepared } from "./host-check-prepared.ts";
import { hostRestoreFiles } from "./host-restore-files.ts";
import { hostMoveStateAside } from "./host-move-state-aside.ts";
import { kubeadmJoinControlPlane } from "./kubeadm-join-control-plane.ts";
import { kubernetesAwaitNodeNotReady } from "./kubernetes-await-node-not-ready.ts";
import { kubernetesAwaitNodeReady } from "./kubernetes-await-node-ready.ts";
import { kubernetesDeleteMasterLease } from "./kubernetes-delete-master-lease.ts";
import { kubernetesDeleteNode } from "./kubernetes-delete-node.ts";
import { kubernetesRepairClusterInfo } from "./kubernetes-repair-cluster-info.ts";
import { kubernetesRepairKubeadmConfig } from "./kubernetes-repair-kubeadm-config.ts";
import { loadBalancerSetBackends } from "./load-balancer-set-backends.ts";
import { processContinue } from "./process-continue.ts";
import { serviceStart } from "./service-start.ts";

/** What every kind of step means: `stepSpecs[step.kind].post(model, step.args)`. The mapped type makes it complete. */
export const stepSpecs: StepSpecs = {
  "etcd.saveSnapshot": etcdSaveSnapshot,
  "etcd.proveStopped": etcdProveStopped,
  "etcd.stopMember": etcdStopMember,
  "etcd.removeMember": etcdRemoveMember,
  "etcd.awaitVoter": etcdAwaitVoter,
  "kubernetes.deleteNode": kubernetesDeleteNode,
  "kubernetes.deleteMasterLease": kubernetesDeleteMasterLease,
  "kubernetes.repairClusterInfo": kubernetesRepairClusterInfo,
  "kubernetes.repairKubeadmConfig": kubernetesRepairKubeadmConfig,
  "kubernetes.awaitNodeNotReady": kubernetesAwaitNodeNotReady,
  "kubernetes.awaitNodeReady": kubernetesAwaitNodeReady,
  "loadBalancer.setBackends": loadBalancerSetBackends,
  "host.moveStateAside": hostMoveStateAside,
  "host.restoreFiles": hostRestoreFiles,
  "host.checkPrepared": hostCheckPrepared,
  "kubeadm.joinControlPlane": kubeadmJoinControlPlane,
  "service.start": serviceStart,
  "process.continue": processContinue,
  "cluster.verify": clusterVerify,
};
