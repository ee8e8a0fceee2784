import type { StepKind } from "../model/step.ts";

/** What each kind of step is for, in words that hold for every plan; shown by `requorum explain KIND`. */
export const stepMeanings: { readonly [kind in StepKind]: string } = {
  "etcd.saveSnapshot":
    "Streams a snapshot from one healthy voter to this machine and verifies size, sha256 and origin. It comes before the first step that cannot be undone.",
  "etcd.proveStopped": "Looks on the old member's machine and proves that its etcd does not run. Only for machines that are reached.",
  "etcd.stopMember": "Stops a member whose data is lost or bad: its manifest is moved aside, then its container is stopped.",
  "etcd.removeMember":
    "Removes one member from the cluster, by id; name and peer addresses must match too, so that no other member is ever removed in its place.",
  "etcd.awaitVoter": "Waits until the new member has started and is in sync, promotes it if it is a learner, and waits until it votes.",
  "kubernetes.deleteNode":
    "Deletes the Node object of the machine that is gone, if it still has the uid that was seen when the plan was made.",
  "kubernetes.deleteMasterLease": "Deletes the lease of a dead API server, so that the kubernetes Service no longer leads there.",
  "kubernetes.repairClusterInfo": "Sets the server address in kube-public/cluster-info, which joining machines read first.",
  "kubernetes.repairKubeadmConfig":
    "Sets controlPlaneEndpoint in kube-system/kubeadm-config, without which a control-plane machine cannot join.",
  "kubernetes.awaitNodeNotReady":
    "Waits until Kubernetes itself notices that a machine is silent which an operator says is lost. If its Node stays Ready, the machine lives, and the run stops before anything is removed.",
  "kubernetes.awaitNodeReady": "Waits until the Node of the machine is Ready.",
  "loadBalancer.setBackends": "Sets haproxy's list of API servers on one machine, checks the file with haproxy itself, and reloads.",
  "host.moveStateAside":
    "Moves what a former life left on the machine to /var/lib/requorum/aside/RUN/ on the same filesystem. Nothing is deleted.",
  "host.restoreFiles":
    "Puts files of a backup set back on one machine, with owner and mode; what lies there is kept in /var/lib/requorum/aside/RUN/, or in .requorum-aside/RUN/ at the top of its own mount where that is another one. It restarts nothing.",
  "host.checkPrepared": "Checks whether the machine can be joined: versions, swap, ports, container runtime, clock, disk. Changes nothing.",
  "kubeadm.joinControlPlane":
    "Joins the machine as a control-plane machine with kubeadm, with a token and a certificate key made for this one join.",
  "service.start": "Starts a stopped service on one machine.",
  "process.continue": "Continues a process that was stopped by a signal.",
  "cluster.verify":
    "Asks every exit rule: members, equal data, each API server by itself, writes through the endpoint, Nodes, and object by object against the copy from before.",
};
