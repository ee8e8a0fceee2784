import { apiServerPort, balancerPort, type AddressPlan, type MachinePlan } from "../address-plan.ts";
import { etcdImageTag, imageRepository } from "../image/image-set.ts";

/** kubeadm configuration, kubeadm.k8s.io/v1beta4 (Kubernetes 1.31 and later). Pure. */

export interface JoinSecrets {
  /** Bootstrap token, `[a-z0-9]{6}.[a-z0-9]{16}`. */
  readonly token: string;
  /** AES key for the uploaded certificates, 64 hex digits. */
  readonly certificateKey: string;
}

export interface InitInput extends JoinSecrets {
  readonly machine: MachinePlan;
  readonly plan: AddressPlan;
  readonly versions: { readonly kubernetes: string; readonly etcd: string };
  readonly clusterName: string;
}

/** For `kubeadm init`: the cluster's own record, and what only its first machine needs. JSON documents are YAML. */
export function renderInitConfig(input: InitInput): string {
  const { machine, plan, versions } = input;
  return documents([
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      bootstrapTokens: [
        {
          token: input.token,
          ttl: "24h0m0s",
          usages: ["signing", "authentication"],
          groups: ["system:bootstrappers:kubeadm:default-node-token"],
        },
      ],
      certificateKey: input.certificateKey,
      localAPIEndpoint: { advertiseAddress: machine.address, bindPort: apiServerPort },
      nodeRegistration: nodeRegistration(machine),
    },
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      clusterName: input.clusterName,
      kubernetesVersion: `v${versions.kubernetes}`,
      controlPlaneEndpoint: `${plan.virtualAddress}:${String(balancerPort)}`,
      imageRepository,
      dns: { disabled: true },
      etcd: etcdSection(plan, versions.etcd),
      apiServer: { certSANs: [plan.virtualAddress, "control-plane"] },
      networking: { serviceSubnet: "10.96.0.0/16", dnsDomain: "cluster.local" },
    },
    {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      cgroupDriver: "cgroupfs",
      failSwapOn: false,
      failCgroupV1: false,
      localStorageCapacityIsolation: false,
    },
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "iptables",
      // Zero leaves nf_conntrack_max alone: it belongs to the host.
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    },
  ]);
}

function etcdSection(plan: AddressPlan, etcdVersion: string): object {
  const external = plan.machines.filter(({ role }) => role === "etcd");
  if (external.length === 0) return { local: { dataDir: "/var/lib/etcd", imageTag: etcdImageTag(etcdVersion) } };
  return {
    external: {
      endpoints: external.map(({ address }) => `https://${address}:2379`),
      caFile: "/etc/kubernetes/pki/etcd/ca.crt",
      certFile: "/etc/kubernetes/pki/apiserver-etcd-client.crt",
      keyFile: "/etc/kubernetes/pki/apiserver-etcd-client.key",
    },
  };
}

export interface JoinInput extends JoinSecrets {
  readonly machine: MachinePlan;
  readonly plan: AddressPlan;
  /** `sha256:…` of the cluster CA's public key. */
  readonly caCertHash: string;
}

/** For `kubeadm join`, as control plane or worker by the machine's role. */
export function renderJoinConfig(input: JoinInput): string {
  const { machine, plan } = input;
  return documents([
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "JoinConfiguration",
      discovery: {
        bootstrapToken: {
          apiServerEndpoint: `${plan.virtualAddress}:${String(balancerPort)}`,
          token: input.token,
          caCertHashes: [input.caCertHash],
        },
      },
      nodeRegistration: nodeRegistration(machine),
      ...(machine.role === "control-plane"
        ? {
            controlPlane: {
              certificateKey: input.certificateKey,
              localAPIEndpoint: { advertiseAddress: machine.address, bindPort: apiServerPort },
            },
          }
        : {}),
    },
  ]);
}

function nodeRegistration(machine: MachinePlan): object {
  return {
    name: machine.name,
    criSocket: "unix:///run/containerd/containerd.sock",
    imagePullPolicy: "IfNotPresent",
    kubeletExtraArgs: [{ name: "node-ip", value: machine.address }],
  };
}

function documents(values: readonly object[]): string {
  return values.map((value) => JSON.stringify(value, null, 1)).join("\n---\n");
}
