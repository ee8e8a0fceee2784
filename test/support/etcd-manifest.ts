/** As kubeadm writes it: in the container the data dir is always the same, its volume tells where it is on the machine. */
export function etcdManifest(hostPath: string): string {
  return [
    "kind: Pod",
    "metadata: {name: etcd}",
    "spec:",
    "  containers:",
    "  - command:",
    "    - etcd",
    "    - --advertise-client-urls=https://10.0.0.11:2379",
    "    - --data-dir=/var/lib/etcd",
    "    - --initial-advertise-peer-urls=https://10.0.0.11:2380",
    "    - --initial-cluster=cp1=https://10.0.0.11:2380",
    "    - --name=cp1",
    "    image: x/etcd",
    "    volumeMounts:",
    "    - {mountPath: /var/lib/etcd, name: etcd-data}",
    "  volumes:",
    `  - {hostPath: {path: ${hostPath}}, name: etcd-data}`,
    "",
  ].join("\n");
}
