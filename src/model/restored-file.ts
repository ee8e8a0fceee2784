import type { BackupPartKind } from "./backup-set.ts";

/**
 * Parts that are put back as files. Not: etcd's data, what is only a record,
 * and "static-pod", what the kubelet or systemd starts: see `chosenParts`.
 */
export const restorableKinds = [
  "pki",
  "encryption-config",
  "kubelet",
  "container-runtime",
  "load-balancer",
  "kubeconfig",
] as const satisfies readonly BackupPartKind[];
export type RestorableKind = (typeof restorableKinds)[number];

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

/** One file of a plan: what it is on the machine, and what the set has. */
export interface RestoredFile {
  readonly path: string;
  readonly kind: RestorableKind;
  readonly was: FileState;
  readonly becomes: Extract<FileState, { readonly kind: "file" | "symlink" }>;
  /** When the first certificate in it ends, of what it becomes and of what it was; absent: there is none in it. */
  readonly ends?: CertificateEnds | undefined;
  /** Who issued the certificate that its program shows, or that its key belongs to; absent: there is none, or it is the kubelet's own for itself. */
  readonly issued?: CertificateIssue | undefined;
  /** Keys that all control planes must have alike, and of which this file decides what is read; absent: none but what its own name says. */
  readonly shared?: readonly SharedKey[] | undefined;
}

export interface CertificateIssue {
  /** The issuer's name, as the certificate says it; of a CA that the file only trusts, that CA's own. */
  readonly by: string;
  /** It is of a CA that the file only trusts. */
  readonly isTrustedOnly?: true | undefined;
  /** Path of the set's CA certificate whose key has signed it; of a CA its own; absent: none has of those that other machines judge it by. */
  readonly authority?: string | undefined;
  /** Why it is not known who signed all that it holds: the rest of a sentence. */
  readonly notRead?: string | undefined;
}

/** A file that other machines have, too: a CA's certificate, or a key that control planes share. */
export interface CommonFile {
  readonly path: string;
  readonly tag: string;
  /** The set's links over which programs come to it. A machine on which they lead elsewhere does not read this file. */
  readonly through?: readonly { readonly path: string; readonly tag: string }[] | undefined;
}

/** `tag` is absent where it is not known what will be read there. */
export type SharedKey = Omit<CommonFile, "tag"> & { readonly tag?: string | undefined };

export interface CertificateEnds {
  readonly becomes: string;
  readonly was?: string | undefined;
}

/** The certificates that end sooner than those which they replace, in words: an older set's, after a renewal. */
export function soonerWords(files: readonly Pick<RestoredFile, "path" | "ends">[]): readonly string[] {
  return files.flatMap(({ path, ends }) =>
    ends?.was !== undefined && Date.parse(ends.becomes) < Date.parse(ends.was)
      ? [`the certificate of ${path} in the set ends ${ends.becomes}, sooner than the one there now, which ends ${ends.was}`]
      : [],
  );
}

/** By kind or name a file that all control-plane machines must have alike: what signs the service accounts' tokens, or what is encrypted at rest. */
export function isSharedKey({ path, kind }: Pick<RestoredFile, "path" | "kind">): boolean {
  return kind === "encryption-config" || /\/(?:sa\.(?:key|pub)|service-account(?:-key)?\.pem)$/.test(path);
}

/** The shared keys of which the file decides what is read: those that the plan names, or itself by its name. */
export function sharedKeysOf(file: Pick<RestoredFile, "path" | "kind" | "becomes" | "shared">): readonly SharedKey[] {
  return file.shared ?? (isSharedKey(file) ? [{ path: file.path, tag: file.becomes.tag }] : []);
}

/** Every path at which another machine is asked about such files. */
export function pathsOfCommon(files: readonly SharedKey[]): readonly string[] {
  return [...new Set(files.flatMap(({ path, through = [] }) => [path, ...through.map((link) => link.path)]))];
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

/** What must be done so that the new content counts. Words only: the run restarts nothing. */
export function takesEffectWords(files: readonly Pick<RestoredFile, "kind">[]): readonly string[] {
  return [...new Set(files.map(({ kind }) => effectOf(kind)))];
}

function effectOf(kind: RestorableKind): string {
  switch (kind) {
    case "pki":
      return "certificates and keys: restart kube-apiserver, kube-controller-manager, kube-scheduler, etcd and the kubelet of the machine, as far as they use them, one machine at a time";
    case "encryption-config":
      return "the encryption configuration: restart kube-apiserver of the machine, unless it runs with --encryption-provider-config-automatic-reload";
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
