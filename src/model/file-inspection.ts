import type { MemberId } from "./ids.ts";

/** What a snapshot, a database or a data dir was found to hold. Sizes in bytes. Filled by app/files, shown by render. */
export interface FileInspection {
  readonly file: string;
  /** `snapshot`: ends with its own sha256; `database`: the bbolt file alone; `data-dir`: of an etcd member. */
  readonly form: "snapshot" | "database" | "data-dir";
  readonly fileSizeBytes: number;
  /** Of the snapshot stream, as etcd appends it. `isValid` is undefined where there is none. */
  readonly sha256: { readonly present: boolean; readonly valid: boolean | undefined; readonly stated: string | undefined };
  /** As `etcdutl snapshot status` prints it. */
  readonly hash: string;
  /** The same number, as its `-w json` gives it. */
  readonly hashDecimal: number;
  readonly revision: bigint;
  /** Live keys: `totalKey` of etcd 3.6 and later. */
  readonly totalKeys: number;
  /** Entries of all buckets: `totalKey` of etcd 3.4 and 3.5. */
  readonly totalEntries: number;
  /** Pages in use or free. */
  readonly totalSizeBytes: number;
  readonly freeSizeBytes: number;
  readonly storageVersion: string | undefined;
  /** The minor version whose schema it is: stored since 3.6, judged by its buckets before. */
  readonly schemaVersion: string;
  readonly clusterVersion: string | undefined;
  readonly consistentIndex: bigint | undefined;
  readonly term: bigint | undefined;
  readonly compactRevision: bigint | undefined;
  /** Begun and maybe not ended. */
  readonly scheduledCompactRevision: bigint | undefined;
  readonly members: readonly FileMember[];
  readonly removedMembers: number;
  readonly leases: number;
  readonly alarms: readonly { readonly memberId: MemberId; readonly alarm: string }[];
  readonly auth: { readonly isEnabled: boolean; readonly users: readonly string[]; readonly roles: readonly string[] };
  /** The prefix that the API server writes under; undefined: no Kubernetes was recognised. */
  readonly registryPrefix: string | undefined;
  /** What fills the file, the most bytes first. */
  readonly byResource: readonly ResourceSize[];
  readonly largest: readonly KeySize[];
  /** Keys with the most bytes over all their revisions: what fills the quota between two compactions. */
  readonly growers: readonly KeySize[];
  readonly structure: FileStructure;
  /** A problem of `structure`, too, unless the log has what it may have cost. */
  readonly metaDamage: MetaDamage | undefined;
  readonly unknownBuckets: readonly string[];
  /** Of a data dir that has one: what a start would replay over the database. All else in here is the database alone. */
  readonly log: FileLog | undefined;
  /** Of a data dir: `log` does not reach as far as it should. */
  readonly logLoss: FileLogLoss | undefined;
  /** Of a data dir: sentences on what is worth to be known, and costs nothing, as what was passed over in it. */
  readonly remarks: readonly string[];
}

/** Whether the file ends with the sha256 of its content, as etcd sends a snapshot, and whether it is right. */
export interface FileChecksum {
  readonly present: boolean;
  /** undefined: there is none. false: part of one, too, or bytes behind it; it was read all the same. */
  readonly valid: boolean | undefined;
}

/** What of the log of a data dir, or of one whose database was given alone, is not in what was read, which is the database with what continues it without a break. */
export interface FileLogLoss {
  /**
   * `missing`: there is no log. `broken`: damage, or missing segments.
   * `behind`: it ends before what was committed, or before its database.
   * `does-not-fit`: it begins too late, or is of another history.
   * `not-applicable`: entries that requorum cannot apply.
   * `beside`: only the database of a data dir was given, and its log holds more.
   */
  readonly kind: "missing" | "broken" | "behind" | "does-not-fit" | "not-applicable" | "beside";
  /** Sentences with places and numbers. */
  readonly problems: readonly string[];
  /** Up to this raft index everything is in what was read. */
  readonly throughIndex: bigint;
  /** The highest entry known to have been written or committed, where it is above that; there may have been more. */
  readonly missingThrough: bigint | undefined;
  /** Of the log, which cannot be read. */
  readonly unreadBytes: number;
}

/** One of the two meta pages of a database is damaged: bbolt goes by the other one, and says nothing. */
export interface MetaDamage {
  /** Of the page. */
  readonly offset: number;
  /** A sentence, with what it may have cost. */
  readonly what: string;
  /** The log of the data dir gives a lost commit again: nothing is missing in what was read. */
  readonly isInLog: boolean;
}

export interface FileLog {
  readonly lastIndex: bigint;
  /** The commit index that the log recorded; it lags (failure catalogue M7). */
  readonly recordedCommit: bigint;
  /** Entries above the database's consistent index. */
  readonly entries: number;
  /** After the replay. */
  readonly revision: bigint;
  /** Above the recorded commit index: acknowledged or not is unknown. */
  readonly uncertainEntries: number;
  readonly uncertainRevisions: bigint;
  /** Entries that this engine cannot apply. */
  readonly notReplayed: number;
}

export interface FileStructure {
  readonly verdict: "good" | "damaged";
  readonly problemCount: number;
  /** The first ones: what, and where. */
  readonly problems: readonly { readonly offset: number | undefined; readonly what: string }[];
}

export interface FileMember {
  readonly id: MemberId;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface ResourceSize {
  /** `pods`, `deployments.apps`, or the keys' prefix where it is no object of Kubernetes. */
  readonly resource: string;
  readonly objects: number;
  readonly bytes: number;
  /** Revisions that are still there, deletions included. */
  readonly revisions: number;
  readonly revisionBytes: number;
}

export interface KeySize {
  readonly key: string;
  readonly isLive: boolean;
  readonly bytes: number;
  readonly revisions: number;
  readonly revisionBytes: number;
}

/** The verdict of `snapshot check`: each way in which a file can be wrong, looked at by itself. */
export interface FileCheck {
  readonly file: string;
  readonly form: FileInspection["form"];
  /**
   * `good` only when every check that could be made was good and none was left out.
   * `incomplete`: nothing wrong was seen, and a part that belongs to it could not be judged.
   */
  readonly verdict: "good" | "damaged" | "incomplete";
  readonly checks: readonly FileCheckPart[];
  /** Of the database alone; a data dir's log is not in it. */
  readonly revision: bigint | undefined;
  /** What an etcd would start with: of a data dir the one after its log, of a file its own. undefined: not all of it is good. */
  readonly startRevision: bigint | undefined;
  /** Of the database alone. */
  readonly totalKeys: number | undefined;
  /** As of an inspection. */
  readonly remarks: readonly string[];
}

export interface FileCheckPart {
  readonly name: "sha256" | "structure" | "schema" | "records" | "objects" | "log";
  /**
   * `absent`: there is nothing to compare with (no checksum in a bare database). `skipped`: an earlier damage made it impossible.
   * `unjudged`: it may be sound, and requorum cannot tell.
   */
  readonly verdict: "good" | "damaged" | "absent" | "skipped" | "unjudged";
  readonly detail: string;
  readonly problems: readonly { readonly offset: number | undefined; readonly what: string }[];
}

/** What `etcdctl endpoint hashkv` would give. */
export interface FileHashKv {
  readonly file: string;
  readonly form: FileInspection["form"];
  /** undefined of a data dir, where nobody expects one. */
  readonly sha256: FileChecksum | undefined;
  /** Of a data dir, when that was accepted. */
  readonly logLoss: FileLogLoss | undefined;
  readonly metaDamage: MetaDamage | undefined;
  /** Whose rules were followed. */
  readonly etcdVersion: string;
  readonly hash: number;
  readonly revision: bigint;
  readonly compactRevision: bigint;
  /** At exactly the compact revision a living 3.5-3.7 server answers from a cache, with a number that no file gives. */
  readonly isComparable: boolean;
}
