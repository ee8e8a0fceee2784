import type { FileChecksum, FileLogLoss, MetaDamage } from "./file-inspection.ts";

/** What was taken out of a file. The objects themselves were given one by one while they were read. */
export interface FileObjects {
  readonly file: string;
  /** undefined of a data dir, where nobody expects one. */
  readonly sha256: FileChecksum | undefined;
  /** Of a data dir: what of its log is not in it. */
  readonly logLoss: FileLogLoss | undefined;
  readonly metaDamage: MetaDamage | undefined;
  readonly revision: bigint;
  /** How many were given. */
  readonly objectCount: number;
  /** Of a choice that names no resource: what the cluster makes again by itself, and was not wanted. */
  readonly leftAside: readonly { readonly resource: string; readonly objects: number }[];
  /** Selected, and not to be read: at most 10 000 that are encrypted are named, and as many others. */
  readonly unread: readonly UnreadObject[];
  readonly unreadCount: number;
  /** Given, and not whole, or not what its key says: at most 10 000 are named. */
  readonly incomplete: readonly IncompleteObject[];
  readonly incompleteCount: number;
  /** Asked for by name, and not there. */
  readonly missing: readonly MissingObject[];
  /** Selected, and of another cluster that keeps its objects in the same etcd. */
  readonly elsewhere: readonly { readonly prefix: string; readonly objects: number }[];
}

export interface UnreadObject {
  readonly key: string;
  /** Encrypted: nothing is wrong with it. */
  readonly isSealed: boolean;
  readonly why: string;
}

export interface MissingObject {
  /** As it was asked for: `cm/settings`, or a whole key. */
  readonly what: string;
  /** The last revision that still has it, where the file holds that. */
  readonly lastRevision: bigint | undefined;
  readonly why: string;
}

/** One object, as text, so that no number in it is rounded on the way. */
export interface FileObject extends IncompleteObject {
  /** The revision that wrote it. */
  readonly modRevision: bigint;
  /** Made each time that it is asked for. Ends with a line break. */
  readonly yaml: string;
  /** Made each time that it is asked for. */
  readonly json: string;
  /** Fields that were left out so that `kubectl apply` takes it. */
  readonly leftOut: readonly string[];
}

export interface IncompleteObject {
  readonly key: string;
  /** Fields that a newer Kubernetes wrote and that are missing here; at most 20 are named. */
  readonly unknownFields: readonly string[];
  readonly unknownFieldCount: number;
  /** That it calls itself otherwise than its key does, in words. */
  readonly misplaced?: string | undefined;
}

export interface ComparedFile {
  readonly file: string;
  readonly revision: bigint;
  /** undefined of a data dir, where nobody expects one. */
  readonly sha256: FileChecksum | undefined;
  /** Of a data dir: what of its log is not in it. */
  readonly logLoss: FileLogLoss | undefined;
  readonly metaDamage: MetaDamage | undefined;
}

export interface FileDiff {
  readonly from: ComparedFile;
  readonly to: ComparedFile;
  readonly resources: readonly {
    readonly resource: string;
    readonly before: number;
    readonly after: number;
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
  }[];
  readonly objects: readonly ObjectDiff[];
  /** More differ than are listed. */
  readonly isCutOff: boolean;
  /** Asked for by name, and in neither. */
  readonly missing: readonly string[];
}

export interface ObjectDiff {
  readonly key: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  /** Of a change: paths of fields, and in parentheses what else can be said. Values are not shown: they may be secrets. */
  readonly fields: readonly string[];
}
