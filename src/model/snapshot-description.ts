import type { ClusterId } from "./ids.ts";
import type { FileLogLoss, FileMember } from "./file-inspection.ts";

/** What a snapshot or data dir would serve, as a backup set's manifest says it. Filled by app/files. */
export interface SnapshotDescription {
  readonly form: "snapshot" | "database" | "data-dir";
  /** Of a data dir: after its log. */
  readonly revision: bigint;
  readonly compactRevision: bigint;
  /** Live keys, without etcd's own marker. */
  readonly totalKeys: number;
  /** At `revision`, by the rules of `etcdVersion`. */
  readonly hashKv: number;
  readonly etcdVersion: string;
  /** Live objects by resource, "apps/deployments"; keys that are none of Kubernetes by their prefix. */
  readonly objects: readonly { readonly resource: string; readonly count: number }[];
  readonly members: readonly FileMember[];
  /** Damage, in words; empty: the structure is whole. */
  readonly problems: readonly string[];
  /** Of a data dir whose log says it. */
  readonly clusterId?: ClusterId;
  readonly logLoss: FileLogLoss | undefined;
}
