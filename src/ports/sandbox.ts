import type { EtcdClient } from "./etcd-client.ts";
import type { KubeApi } from "./kube-api.ts";

/**
 * Where a backup set is tried: real programs as processes of this machine, on
 * loopback, that nobody but requorum can talk to. SANDBOX_UNSUPPORTED on a
 * machine where that cannot be kept.
 */
export interface Sandboxes {
  /**
   * The program of this kind and minor version ("3.6.16" and "v1.34.4" name
   * minors 3.6 and 1.34; of several the newest patch, the same one first).
   */
  findProgram(kind: SandboxProgramKind, version: string): Promise<FoundProgram>;
  /**
   * A new directory that only the sandbox's user may read, in memory where one
   * with room for `bytes` exists. What runs that were killed left is removed
   * first, processes and files. LOCAL_FILE_FAILED, LOCAL_DISK_FULL.
   */
  open(options: { readonly bytes: bigint }): Promise<Sandbox>;
}

export type SandboxProgramKind = "etcd" | "kube-apiserver";

export interface SandboxProgram {
  readonly kind: SandboxProgramKind;
  readonly path: string;
  /** As the program says it: "3.6.16", "1.34.4". */
  readonly version: string;
}

export type FoundProgram =
  | { readonly kind: "found"; readonly program: SandboxProgram }
  /** `why`: what was looked for, where, and what to install. */
  | { readonly kind: "missing"; readonly why: string };

export interface Sandbox {
  /** Of whoever runs requorum; the sandbox's user may pass it, nobody else. Everything in it goes with `close`, also when this process is killed. */
  readonly directory: string;
  readonly isInMemory: boolean;
  /** How it is kept apart, for the record: "in memory, as user 60601 without privileges". */
  readonly describes: string;
  /** What the one member of the sandbox's etcd is called, and its peer URL, as its data dir must have them. */
  readonly member: { readonly name: string; readonly peerUrl: string };
  /**
   * Starts etcd on a data dir below `directory` and waits until it serves a
   * linearizable read. SANDBOX_FAILED with the last lines that it wrote,
   * SANDBOX_UNDECIDED where this machine did not let it.
   */
  startEtcd(request: { readonly program: SandboxProgram; readonly dataDir: string; readonly signal: AbortSignal }): Promise<EtcdClient>;
  /** After `startEtcd`: waits until it is ready. SANDBOX_FAILED and SANDBOX_UNDECIDED as with etcd. */
  startApiServer(request: SandboxApiServerRequest): Promise<KubeApi>;
  /** Ends the programs and removes the directory. May be called again. */
  close(): Promise<void>;
}

export interface SandboxApiServerRequest {
  readonly program: SandboxProgram;
  /** The set's own, as text. Lies in the sandbox's directory while it is there. */
  readonly encryptionConfig: string | undefined;
  /** PEM: every public key, or private key, that tokens may be signed with; undefined: the sandbox makes one. */
  readonly serviceAccountKeys: { readonly publicKeys: readonly string[]; readonly signingKey: string } | undefined;
  /** Flags of the cluster's own API server that decide what it serves: "--etcd-prefix=/registry". */
  readonly flags: readonly string[];
  readonly signal: AbortSignal;
}
