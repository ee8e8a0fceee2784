import { isAtOrBelow } from "../../model/host-path.ts";
import type { BackupPartKind } from "../../model/backup-set.ts";
import type { ClusterConfig, HostConfig } from "../../model/cluster-config.ts";
import { runsEtcd } from "../../model/cluster-config.ts";
import type { CollectPlaces } from "./collect-script.ts";

/** Unit files of a service, with what changes them, wherever a distribution or an administrator puts them. */
function unitPlaces(service: string): readonly string[] {
  return ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"].flatMap((folder) => [
    `${folder}/${service}.service`,
    `${folder}/${service}.service.d`,
  ]);
}

/** Kubespray's own places beside kubeadm's: roles/etcd and roles/kubernetes/control-plane of kubernetes-sigs/kubespray 2.27. */
const pkiPlaces = ["/etc/kubernetes/ssl", "/etc/ssl/etcd", "/etc/etcd", "/var/lib/kubelet/pki"];
const kubeletPlaces = [
  "/var/lib/kubelet/config.yaml",
  "/var/lib/kubelet/kubeadm-flags.env",
  "/var/lib/kubelet/instance-config.yaml",
  "/etc/default/kubelet",
  "/etc/sysconfig/kubelet",
  ...unitPlaces("kubelet"),
];
const runtimePlaces = [
  "/etc/containerd",
  "/etc/crio",
  "/etc/containers",
  "/etc/crictl.yaml",
  "/etc/cni/net.d",
  ...unitPlaces("containerd"),
  ...unitPlaces("crio"),
];
const balancerPlaces = ["/etc/keepalived", "/etc/haproxy", "/etc/kube-vip", ...unitPlaces("keepalived"), ...unitPlaces("haproxy")];
/** etcd as a service of its machine. */
const etcdServicePlaces = ["/etc/etcd.env", "/etc/default/etcd", ...unitPlaces("etcd")];

/** kubeadm's kubeconfigs: known by name, so that nothing beside them pushes them out. */
const kubeconfigs = ["admin", "super-admin", "controller-manager", "scheduler", "kubelet", "bootstrap-kubelet"].map(
  (name) => `/etc/kubernetes/${name}.conf`,
);

/**
 * What is asked of every machine; what is not there is passed over. First what
 * a control plane cannot be brought back without, then what has a known place;
 * `rest` is what people put beside it.
 */
export function placesToCollect(host: HostConfig, config: ClusterConfig): CollectPlaces {
  const { pkiDir, manifestsDir } = config.paths;
  const wanted = [
    ...neededFiles(host, config).map(({ path }) => path),
    manifestsDir,
    pkiDir,
    // Where it is a link to another disk.
    `${pkiDir}/etcd`,
    ...kubeconfigs,
    ...pkiPlaces,
    ...kubeletPlaces,
    ...runtimePlaces,
    ...balancerPlaces,
    ...etcdServicePlaces,
  ];
  // OpenShift keeps there what its static pods are started from, under names of its own.
  const isNeeded = config.platform === "openshift";
  return { wanted: [...new Set([...wanted, ...(isNeeded ? [kubernetesDir] : [])])], rest: isNeeded ? [] : [kubernetesDir] };
}

const kubernetesDir = "/etc/kubernetes";

/** `encryptionConfigs`: the files that API servers are started with, wherever they lie. */
export function partKindOf(
  path: string,
  known: {
    readonly paths: ClusterConfig["paths"];
    readonly encryptionConfigs: readonly string[];
    readonly balancerFiles: readonly string[];
  },
): BackupPartKind {
  const isIn = (places: readonly string[]): boolean => places.some((place) => isAtOrBelow(path, place));
  if (known.encryptionConfigs.includes(path)) return "encryption-config";
  // Also what a balancer reads there: a CA is the cluster's whoever names it.
  if (isIn([known.paths.pkiDir, ...pkiPlaces.filter((place) => place !== "/etc/etcd")])) return "pki";
  if (isIn(known.balancerFiles) || isIn(balancerPlaces)) return "load-balancer";
  if (isIn([known.paths.manifestsDir])) return "static-pod";
  if (/\.(pem|crt|key|pub|cer|csr)$/.test(path)) return "pki";
  if (isIn(runtimePlaces)) return "container-runtime";
  if (/^\/etc\/kubernetes\/[^/]*\.conf$/.test(path)) return "kubeconfig";
  if (isIn(kubeletPlaces) || /^\/etc\/kubernetes\/kubelet[^/]*$/.test(path)) return "kubelet";
  // How the programs of the control plane are started, and what they read: audit policy, admission, etcd's environment.
  return "static-pod";
}

/** Without these the control plane of that machine cannot be brought back as it was: file, and whose it is. */
export function neededFiles(host: HostConfig, config: ClusterConfig): readonly { readonly path: string; readonly what: string }[] {
  const { pkiDir, manifestsDir } = config.paths;
  if (config.platform === "openshift") return [];
  const isControlPlane = host.roles.includes("control-plane");
  const hasKeys = config.backup?.externalCa !== true;
  const ofKubeadmsEtcd = runsEtcd(host, config) && config.platform === "kubeadm" && config.etcdTopology === "stacked";
  return [
    ...(isControlPlane
      ? [
          { path: `${pkiDir}/ca.crt`, what: "the cluster's CA" },
          ...(hasKeys ? [{ path: `${pkiDir}/ca.key`, what: "the key of the cluster's CA" }] : []),
          { path: `${pkiDir}/sa.key`, what: "the key that signs service account tokens" },
          { path: `${pkiDir}/sa.pub`, what: "the key that service account tokens are checked with" },
          { path: `${manifestsDir}/kube-apiserver.yaml`, what: "the API server's manifest" },
        ]
      : []),
    ...(ofKubeadmsEtcd
      ? [
          { path: `${pkiDir}/etcd/ca.crt`, what: "etcd's CA" },
          ...(hasKeys ? [{ path: `${pkiDir}/etcd/ca.key`, what: "the key of etcd's CA" }] : []),
          { path: `${manifestsDir}/etcd.yaml`, what: "etcd's manifest" },
        ]
      : []),
  ];
}
