/**
 * The versions that the lab's Go modules (tools/) pin, and what is built from
 * them. Another version is another module file there and one line here.
 */
export interface ProgramModule {
  readonly version: string;
  /** Folder below tools/. */
  readonly folder: string;
  /** Alternate module file in that folder (`go build -modfile`). */
  readonly moduleFile?: string;
  readonly packages: readonly { readonly path: string; readonly program: string }[];
  /** Measured on two cores at 3 GHz with nothing cached, for an honest estimate. */
  readonly expectedBuildMs: number;
}

const kubenodePackages = [{ path: ".", program: "kubenode" }] as const;
const etcdPackages = [
  { path: "go.etcd.io/etcd/server/v3", program: "etcd" },
  { path: "go.etcd.io/etcd/etcdctl/v3", program: "etcdctl" },
  { path: "go.etcd.io/etcd/etcdutl/v3", program: "etcdutl" },
] as const;

export const kubernetesModules: readonly ProgramModule[] = [
  { version: "1.34.4", folder: "kubenode", packages: kubenodePackages, expectedBuildMs: 332_000 },
  { version: "1.35.4", folder: "kubenode", moduleFile: "kubernetes-1.35.mod", packages: kubenodePackages, expectedBuildMs: 332_000 },
  { version: "1.36.3", folder: "kubenode", moduleFile: "kubernetes-1.36.mod", packages: kubenodePackages, expectedBuildMs: 332_000 },
];

export const etcdModules: readonly ProgramModule[] = [
  { version: "3.5.35", folder: "etcd-3.5", packages: etcdPackages, expectedBuildMs: 42_000 },
  { version: "3.6.16", folder: "etcd-3.6", packages: etcdPackages, expectedBuildMs: 42_000 },
  { version: "3.7.3", folder: "etcd-3.7", packages: etcdPackages, expectedBuildMs: 42_000 },
];

export const pauseModule: ProgramModule = {
  version: "1",
  folder: "pause",
  packages: [{ path: ".", program: "pause" }],
  expectedBuildMs: 3_000,
};

export const defaultVersions = { kubernetes: "1.34.4", etcd: "3.6.16" } as const;
/** Names under which kubenode (tools/kubenode/main.go) runs. */
export const kubernetesPrograms = [
  "kubeadm",
  "kubelet",
  "kubectl",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
] as const;

/** `3.6` and `3.6.16` both name 3.6.16; undefined: no module of that version. */
export function findModule(modules: readonly ProgramModule[], version: string): ProgramModule | undefined {
  return modules.find((module) => module.version === version || module.version.startsWith(`${version}.`));
}
