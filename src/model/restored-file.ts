import type { BackupPartKind } from "./backup-set.ts";
import { isAtOrBelow } from "./host-path.ts";

/** Parts that are put back as files. Not: etcd's data, and what is only a record. */
export const restorableKinds = [
  "pki",
  "encryption-config",
  "static-pod",
  "kubelet",
  "container-runtime",
  "load-balancer",
  "kubeconfig",
] as const satisfies readonly BackupPartKind[];
/** What a person may ask for by kind. Not what the kubelet or systemd starts: see `notPutBack`. */
export const choosableKinds = restorableKinds.filter((kind) => kind !== "static-pod");
export type RestorableKind = (typeof restorableKinds)[number];

/** What cannot be proven may be accepted by name; it stands in the plan's words then. */
export const restoreDoubts = ["OTHER_CA", "OTHER_KEYS", "OTHER_CLUSTER_ID", "EXPIRED"] as const;
export type RestoreDoubt = (typeof restoreDoubts)[number];

/**
 * What lies at a path. `tag` is 64 hex digits: a keyed hash of the content (of
 * a link: of where it leads to). It tells equal contents, and nothing of them
 * to who does not have the set's data key.
 */
export type FileState =
  | { readonly kind: "absent" }
  | { readonly kind: "file"; readonly tag: string; readonly mode: number; readonly uid: number; readonly gid: number }
  | { readonly kind: "symlink"; readonly tag: string; readonly uid: number; readonly gid: number }
  /** Nothing that is put aside and replaced: a directory, a device, or a path that leads through a link. */
  | { readonly kind: "other"; readonly what: string };

export interface FileAt {
  readonly path: string;
  /** undefined: not known. */
  readonly state: FileState | undefined;
  /** Why it is not known, where that was said. */
  readonly why?: string | undefined;
}

/** Where the kubelet takes static pods from, unless it was told otherwise. */
export const kubeadmManifestsDir = "/etc/kubernetes/manifests";

/** What the kubelet starts from a file directly in the directory of its static pods: of what lies there and of what the set has, the worse. */
export const podsOfFiles = ["not-etcd", "etcd", "not-known"] as const;
export type PodOfFile = (typeof podsOfFiles)[number];

/** One file of a plan: what it is on the machine, and what the set has. */
export interface RestoredFile {
  readonly path: string;
  readonly kind: RestorableKind;
  readonly was: FileState;
  readonly becomes: Extract<FileState, { readonly kind: "file" | "symlink" }>;
  /** Absent: the kubelet starts nothing from it. */
  readonly pod?: PodOfFile | undefined;
  /** When the first certificate in it ends, of what it becomes and of what it was; absent: there is none in it. */
  readonly ends?: CertificateEnds | undefined;
}

export interface CertificateEnds {
  readonly becomes: string;
  readonly was?: string | undefined;
}

/** Is it a file by which all control-plane machines must have the same bytes: what signs the service accounts' tokens, or what is encrypted at rest? */
export function isSharedKey({ path, kind }: Pick<RestoredFile, "path" | "kind">): boolean {
  return kind === "encryption-config" || /\/(?:sa\.(?:key|pub)|service-account(?:-key)?\.pem)$/.test(path);
}

/** A directory that is made if it is missing. */
export interface RestoredDirectory {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export function isSameState(one: FileState, other: FileState): boolean {
  switch (one.kind) {
    case "absent":
      return other.kind === "absent";
    case "file":
      return other.kind === "file" && one.tag === other.tag && one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
    case "symlink":
      return other.kind === "symlink" && one.tag === other.tag && one.uid === other.uid && one.gid === other.gid;
    case "other":
      return other.kind === "other" && one.what === other.what;
  }
}

/** "a file, 600, 0:0" */
export function stateWords(state: FileState): string {
  switch (state.kind) {
    case "absent":
      return "not there";
    case "file":
      return `a file, ${state.mode.toString(8)}, ${String(state.uid)}:${String(state.gid)}`;
    case "symlink":
      return `a link, ${String(state.uid)}:${String(state.gid)}`;
    case "other":
      return state.what;
  }
}

/** What must be done so that the new content counts. Words only: the run restarts nothing. `manifestsDir`: where the kubelet takes static pods from. */
export function takesEffectWords(files: readonly Pick<RestoredFile, "path" | "kind">[], manifestsDir: string): readonly string[] {
  const words = files.map(({ path, kind }) => effectOf(path, kind, manifestsDir));
  return [...new Set(words)];
}

function effectOf(path: string, kind: RestorableKind, manifestsDir: string): string {
  switch (kind) {
    case "pki":
      return "certificates and keys: restart kube-apiserver, kube-controller-manager, kube-scheduler, etcd and the kubelet of the machine, as far as they use them, one machine at a time";
    case "encryption-config":
      return "the encryption configuration: restart kube-apiserver of the machine, unless it runs with --encryption-provider-config-automatic-reload";
    case "static-pod":
      return isAtOrBelow(path, manifestsDir)
        ? "static pods: the kubelet restarts them by itself as soon as their manifest has changed"
        : "files that programs of the control plane read: restart the program that reads them";
    case "kubelet":
      return "the kubelet: systemctl daemon-reload && systemctl restart kubelet";
    case "container-runtime":
      return "the container runtime: systemctl daemon-reload && systemctl restart containerd (or crio)";
    case "load-balancer":
      return "the load balancer: check the file (haproxy -c -f FILE, keepalived -t), then systemctl reload haproxy keepalived";
    case "kubeconfig":
      return "kubeconfigs: restart the program that uses the file (kubelet, kube-controller-manager, kube-scheduler); admin.conf needs nothing";
  }
}
