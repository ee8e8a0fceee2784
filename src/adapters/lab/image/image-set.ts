/** The container images of a lab, by name. Pure. */

/** A registry that can never be reached (RFC 2606): what is not imported is an error at once, not a download. */
export const imageRepository = "requorum-lab.invalid";
/** The one in containerd's configuration. */
export const pauseImage = `${imageRepository}/pause:3.10.1`;
/** kubeadm's constants.PauseVersion of 1.34 and 1.35, and of 1.36: its preflight wants its own to be present. */
const pauseVersions = ["3.10.1", "3.10.2"] as const;
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
    reference: `${imageRepository}/${name}:v${versions.kubernetes}`,
    layer: "kubernetes" as const,
    command: [`/usr/local/bin/${name}`],
  }));
  return [
    ...kubernetes,
    { reference: `${imageRepository}/etcd:${etcdImageTag(versions.etcd)}`, layer: "etcd", command: ["/usr/local/bin/etcd"] },
    ...pauseVersions.map((version) => ({ reference: `${imageRepository}/pause:${version}`, layer: "pause" as const, command: ["/pause"] })),
    { reference: workloadImage, layer: "busybox", command: ["/bin/sh"] },
  ];
}
