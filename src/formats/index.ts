/**
 * `requorum/formats`: what is inside the files of etcd and of Kubernetes in
 * them. Pure and synchronous: bytes come from a ByteSource, hashes and ciphers
 * from the caller; nothing that is read is ever written to. Described in
 * docs/formats-api.md, whose example a test runs from the built package.
 */
export { RecoveryError, type Remedy } from "../model/recovery-error.ts";
export type { ErrorCode } from "../model/error-catalogue.ts";
export { clusterIdOf, memberIdOf, type ClusterId, type MemberId } from "../model/ids.ts";

// Bytes
export { MemoryByteSource, readBytes, sliceSource, type ByteSource, type OnBytes } from "./byte-source.ts";
export { crc32c } from "./crc32c.ts";
export { looksLike, type FileLook } from "./etcd/looks-like.ts";

// bbolt
export type { BoltCheck, BoltProblem, BoltProblemKind } from "./bbolt/bolt-check.ts";
export { openBolt } from "./bbolt/bolt-file.ts";
export type { BoltBucket, BoltEntry, BoltMetaFacts, BoltReader } from "./bbolt/bolt-reader.ts";
export type { BoltSink } from "./bbolt/bolt-sink.ts";
export { writeBolt, type BoltBucketContent, type BoltWriteOptions, type BoltWritten } from "./bbolt/bolt-writer.ts";
export { checkBolt } from "./bbolt/check-bolt.ts";

// etcd: what a database holds
export { readSchema, type EtcdSchema } from "./etcd/schema/read-schema.ts";
export type { StoredAlarm } from "./etcd/schema/read-alarms.ts";
export type { StoredAuth, StoredPermission, StoredRole, StoredUser } from "./etcd/schema/read-auth.ts";
export { readLeases, type StoredLease } from "./etcd/schema/read-leases.ts";
export type { StoredMember, StoredMembership } from "./etcd/schema/read-members.ts";
export { readMeta, type StoredConfState, type StoredMeta } from "./etcd/schema/read-meta.ts";
export { SnapshotTrailer, trailerBytes, type RunningSha256, type TrailerVerdict } from "./etcd/snapshot-trailer.ts";

// etcd: revisions of keys
export { findKey } from "./etcd/mvcc/find-key.ts";
export { hashKv, type HashKvOptions, type KvHash } from "./etcd/mvcc/hash-kv.ts";
export {
  inspectDb,
  inspectRecords,
  snapshotStatus,
  type DbInspection,
  type InspectOptions,
  type SnapshotStatus,
} from "./etcd/mvcc/inspect-db.ts";
export type { KeyCensusResult, PrefixCount, TopKey } from "./etcd/mvcc/key-census.ts";
export type { PrefixLength } from "./etcd/mvcc/key-groups.ts";
export type { HashSeed } from "./etcd/mvcc/key-hasher.ts";
export type { MvccRecord, MvccRecords } from "./etcd/mvcc-records.ts";
export { openMvcc } from "./etcd/mvcc/open-mvcc.ts";
export type { RecordProblem } from "./etcd/mvcc/record-problems.ts";
export { viewAt, type LiveView, type ViewOptions } from "./etcd/mvcc/view-at.ts";

// etcd: the log, data dirs, replay
export { openDataDir, type DataDir, type DataDirFiles, type ReceivedDatabase, type SnapFileEntry } from "./etcd/data-dir/data-dir.ts";
export {
  compareRanks,
  rankMember,
  type LogPosition,
  type MemberRank,
  type RankInput,
  type RankProblem,
  type RankProblemKind,
} from "./etcd/data-dir/rank-member.ts";
export type {
  AuthAction,
  CompareTarget,
  DeleteRangeRequest,
  InternalRaftRequest,
  LeaseCheckpoint,
  PutRequest,
  RaftAction,
  RangeRequest,
  RolePermission,
  TxnCompare,
  TxnOperation,
  TxnRequest,
  V2Request,
} from "./etcd/raft/internal-raft-request.ts";
export type {
  ConfChange,
  ConfChangeKind,
  ConfChangeV2,
  ConfState,
  HardState,
  RaftEntry,
  RaftEntryKind,
} from "./etcd/raft/raft-messages.ts";
export { readConfChange, readConfChangeV2 } from "./etcd/raft/raft-messages.ts";
export { readInternalRequest } from "./etcd/raft/read-internal-request.ts";
export type { MessagePlace } from "./protobuf/decode-at.ts";
export { readMemberState, type MemberState, type MemberStateOptions } from "./etcd/replay/member-state.ts";
export type { ReplayFacts, ReplayOptions } from "./etcd/replay/replay-log.ts";
export type { LogLoss } from "./etcd/replay/usable-log.ts";
export { readSnapFile, type RaftSnapshot } from "./etcd/snap/snap-file.ts";
export { openWal } from "./etcd/wal/open-wal.ts";
export type { LogRun } from "./etcd/wal/live-entries.ts";
export type { WalEnd, WalFacts, WalLog, WalProblem, WalSegmentFacts, WalStretch } from "./etcd/wal/wal-log.ts";
export type { WalMetadata, WalSnapshot } from "./etcd/wal/wal-records.ts";
export { walSegmentsOf, type WalSegment } from "./etcd/wal/wal-segment.ts";

// etcd: restore
export { computeClusterId, computeMemberId, type Sha1 } from "./etcd/restore/member-ids.ts";
export {
  etcdMinors,
  planRestore,
  type EtcdMinor,
  type RestoredMember,
  type RestorePlan,
  type RestoreRequest,
} from "./etcd/restore/restore-plan.ts";
export { writeRestoredDatabase } from "./etcd/restore/write-restored-database.ts";
export { databasePath, restoredLogFiles, type RestoredFile } from "./etcd/restore/write-restored-log.ts";

// Kubernetes
export { asServed } from "./kubernetes/as-served.ts";
export { builtInKubeTypes } from "./kubernetes/built-in-kube-types.ts";
export { cleanForApply, type CleanObject, type RemovedField } from "./kubernetes/clean-for-apply.ts";
export { fieldDiff, type FieldChange, type FieldDiffOptions } from "./kubernetes/field-diff.ts";
export { isSameJson, textAt, valueAt, type KubeJson, type KubeObject } from "./kubernetes/kube-json.ts";
export type { KubeTypes } from "./kubernetes/kube-types.ts";
export { kubeYaml } from "./kubernetes/kube-yaml.ts";
export { defaultRegistryPrefix, RegistryKeys, resourceText, type RegistryKey } from "./kubernetes/registry-key.ts";
export { RegistryPrefixFinder } from "./kubernetes/registry-prefix-finder.ts";
export {
  readSeal,
  unsealValue,
  type SealCiphers,
  type SealFacts,
  type SealKey,
  type SealProvider,
  type Unsealed,
} from "./kubernetes/sealed-value.ts";
export { readStoredValue, type ReadStoredOptions, type StoredValue } from "./kubernetes/stored-value.ts";
