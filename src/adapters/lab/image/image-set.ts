/** The container images of a lab, by name. Pure. */

/** A registry that can never be reached (RFC 2606): what is not imported is an error at once, not a download. */
export const imageRepository = "requorum-lab.invalid";
/** kubeadm's constants.PauseVersion of 1.34; older sandboxes work as well, the name only has to be the one in containerd's configuration. */
export const pauseImage = `${imageRepository}/pause:3.10.1`;
export const workloadImage = `${imageRepository}/busybox:1`;

export interface ImageSpec {
  readonly reference: string;
  readonly layer: "kubernetes" | "etcd" | "pause" | "busybox";
  readonly command: readonly string[];
}

export function etcdImageTag(etcdVersion: string): string {
  return `${etcdVersion}-0`;
}

export function imageSet(versions: { readonly kubernetes: string; readonly etcd: string }): readonly ImageSpec[] {
  const kubernetes = (["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"] as const).map((name) => ({
    reference: `${imageRepository}/${name}:v${versions.kubernetes}`, layer: "kubernetes" as const, command: [`/usr/local/bin/${name}`],
  }));
  return [
    ...kubernetes,
    { reference: `${imageRepository}/etcd:${etcdImageTag(versions.etcd)}`, layer: "etcd", command: ["/usr/local/bin/etcd"] },
    { reference: pauseImage, layer: "pause", command: ["/pause"] },
    { reference: workloadImage, layer: "busybox", command: ["/bin/sh"] },
  ];
}
