import { damaged } from "../../format-error.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import { bucketNames, clusterKeys, metaKeys } from "./bucket-names.ts";
import { jsonValue, textValue, uint64Value, valueOf } from "./bucket-values.ts";
import { uint64Of } from "./exact-json.ts";

/** Who votes, as raft keeps it. Source: raft raftpb/raft.proto (ConfState), kept as JSON by server/storage/schema/confstate.go. */
export interface StoredConfState {
  readonly voters: readonly bigint[];
  readonly learners: readonly bigint[];
  readonly votersOutgoing: readonly bigint[];
  readonly learnersNext: readonly bigint[];
  readonly autoLeave: boolean;
}

export interface StoredMeta {
  /** The newest entry of the log that this database holds; undefined before the first one. */
  readonly consistentIndex: bigint | undefined;
  /** The term of that entry; kept since 3.5. */
  readonly term: bigint | undefined;
  readonly confState: StoredConfState | undefined;
  /** `3.6.0`, as kept since 3.6. */
  readonly storageVersion: string | undefined;
  /** The minor version whose schema this is: as stored, or 3.5 when a term is kept, else 3.4 and before. */
  readonly schemaVersion: "3.4" | "3.5" | (string & {});
  readonly finishedCompactRevision: bigint | undefined;
  readonly scheduledCompactRevision: bigint | undefined;
  /** Since 3.5 in the bucket `cluster`. */
  readonly clusterVersion: string | undefined;
  readonly downgrade: { readonly isEnabled: boolean; readonly targetVersion: string } | undefined;
}

/** The buckets `meta` and `cluster`. Throws FILE_DAMAGED. */
export function readMeta(bolt: BoltReader): StoredMeta {
  const number = (key: Uint8Array, what: string): bigint | undefined => {
    const bytes = valueOf(bolt, bucketNames.meta, key);
    return bytes === undefined ? undefined : uint64Value(bolt, `meta/${what}`, bytes);
  };
  const term = number(metaKeys.term, "term");
  const storageVersion = versionText(bolt, bucketNames.meta, metaKeys.storageVersion, "meta/storageVersion");
  const { finished, scheduled } = readCompaction(bolt);
  return {
    consistentIndex: number(metaKeys.consistentIndex, "consistent_index"),
    term,
    confState: readConfState(bolt),
    storageVersion,
    schemaVersion: storageVersion?.split(".").slice(0, 2).join(".") ?? (term === undefined || term === 0n ? "3.4" : "3.5"),
    finishedCompactRevision: finished,
    scheduledCompactRevision: scheduled,
    clusterVersion: versionText(bolt, bucketNames.cluster, clusterKeys.clusterVersion, "cluster/clusterVersion"),
    downgrade: readDowngrade(bolt),
  };
}

/** Source: server/storage/mvcc/store.go (UnsafeReadFinishedCompact, UnsafeReadScheduledCompact). Throws FILE_DAMAGED. */
export function readCompaction(bolt: BoltReader): { readonly finished: bigint | undefined; readonly scheduled: bigint | undefined } {
  const revision = (key: Uint8Array, what: string): bigint | undefined => {
    const bytes = valueOf(bolt, bucketNames.meta, key);
    if (bytes === undefined) return undefined;
    if (bytes.length !== 17 || bytes[8] !== 0x5f || (bytes[0] ?? 0) >= 0x80)
      throw damaged(bolt.name, undefined, `meta/${what} is no revision`);
    return uint64Value(bolt, `meta/${what}`, bytes.subarray(0, 8));
  };
  return {
    finished: revision(metaKeys.finishedCompact, "finishedCompactRev"),
    scheduled: revision(metaKeys.scheduledCompact, "scheduledCompactRev"),
  };
}

function readConfState(bolt: BoltReader): StoredConfState | undefined {
  const what = "meta/confState";
  const bytes = valueOf(bolt, bucketNames.meta, metaKeys.confState);
  if (bytes === undefined) return undefined;
  const value = jsonValue(bolt, what, bytes);
  const ids = (field: string): readonly bigint[] => {
    const list = value[field] ?? [];
    if (!Array.isArray(list)) throw damaged(bolt.name, undefined, `${what}: ${field} is no list`);
    return list.map((one: unknown) => {
      const id = uint64Of(one);
      if (id === undefined) throw damaged(bolt.name, undefined, `${what}: ${field} holds something that is no id`);
      return id;
    });
  };
  return {
    voters: ids("voters"),
    learners: ids("learners"),
    votersOutgoing: ids("voters_outgoing"),
    learnersNext: ids("learners_next"),
    autoLeave: value["auto_leave"] === true,
  };
}

function versionText(bolt: BoltReader, bucket: Uint8Array, key: Uint8Array, what: string): string | undefined {
  const bytes = valueOf(bolt, bucket, key);
  if (bytes === undefined) return undefined;
  const text = textValue(bolt, what, bytes);
  if (!/^\d{1,5}\.\d{1,5}\.\d{1,5}(?:[-+][0-9A-Za-z.+-]{1,64})?$/.test(text))
    throw damaged(bolt.name, undefined, `${what} is no version: ${JSON.stringify(text.slice(0, 64))}`);
  return text;
}

function readDowngrade(bolt: BoltReader): StoredMeta["downgrade"] {
  const bytes = valueOf(bolt, bucketNames.cluster, clusterKeys.downgrade);
  if (bytes === undefined) return undefined;
  const value = jsonValue(bolt, "cluster/downgrade", bytes);
  const target = value["target-version"];
  return { isEnabled: value["enabled"] === true, targetVersion: typeof target === "string" ? target : "" };
}
