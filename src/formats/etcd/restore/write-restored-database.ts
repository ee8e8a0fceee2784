import { unsupported } from "../../format-error.ts";
import type { OnBytes } from "../../byte-source.ts";
import type { BoltBucket, BoltEntry, BoltReader } from "../../bbolt/bolt-reader.ts";
import { writeBolt, type BoltBucketContent, type BoltWritten } from "../../bbolt/bolt-writer.ts";
import type { BoltSink } from "../../bbolt/bolt-sink.ts";
import { StoredRecord } from "../mvcc/stored-record.ts";
import { encodeRevisionKey } from "../mvcc/revision-key.ts";
import { bucketNames, clusterKeys, metaKeys } from "../schema/bucket-names.ts";
import { BoltOverlay } from "../replay/bolt-overlay.ts";
import { keyTextOf } from "../replay/key-text.ts";
import { encodeConfStateJson } from "./conf-state-json.ts";
import { memberJson } from "./member-json.ts";
import type { RestorePlan } from "./restore-plan.ts";

const utf8 = new TextEncoder();
const nothing = new Uint8Array(0);

/**
 * The database of the restored cluster, the same bytes for every member:
 * all of the source's revisions, leases, users; its members replaced, its
 * place in the log set to the new one. Every record is decoded on the way, so
 * that a value on which etcd would die (failure catalogue M10) ends the
 * restore instead. Throws FILE_DAMAGED, FILE_UNSUPPORTED, and what the sink throws.
 */
export function writeRestoredDatabase(
  source: BoltReader,
  plan: RestorePlan,
  sink: BoltSink,
  options: { readonly onBytes?: OnBytes | undefined } = {},
): BoltWritten {
  const restored = restoredState(source, plan);
  const totalBytes = Number(source.meta.highWaterPage) * source.meta.pageSizeBytes;
  return writeBolt(sink, contentsOf(restored), options.onBytes === undefined ? {} : { onBytes: options.onBytes, totalBytes });
}

/** The source with everything changed that a restore changes. Source: etcd etcdutl/snapshot/v3_snapshot.go. */
function restoredState(source: BoltReader, plan: RestorePlan): BoltReader {
  const overlay = new BoltOverlay(source);
  for (const name of [bucketNames.members, bucketNames.membersRemoved]) {
    const bucket = overlay.change(name);
    for (const { key } of source.root.bucket(name)?.entries() ?? []) bucket.delete(key);
  }
  const members = overlay.change(bucketNames.members);
  for (const member of plan.members)
    members.put(utf8.encode(member.id), utf8.encode(memberJson({ ...member, isLearner: false, clientUrls: [] })));
  const cluster = overlay.change(bucketNames.cluster);
  putOrDelete(cluster, clusterKeys.clusterVersion, plan.clusterVersion === undefined ? undefined : utf8.encode(plan.clusterVersion));
  // A downgrade that was under way is not under way in the new cluster.
  cluster.delete(clusterKeys.downgrade);
  if (plan.clearsAlarms)
    for (const { key } of source.root.bucket(bucketNames.alarm)?.entries() ?? []) overlay.change(bucketNames.alarm).delete(key);
  changeMeta(overlay, plan);
  if (plan.revisionBump !== undefined) overlay.change(bucketNames.key).put(encodeRevisionKey(plan.revision, 0n, false), nothing);
  return overlay;
}

function changeMeta(overlay: BoltOverlay, plan: RestorePlan): void {
  const meta = overlay.change(bucketNames.meta);
  const isOld = plan.targetMinor === "3.4";
  meta.put(metaKeys.consistentIndex, uint64Bytes(plan.index));
  // 3.4 keeps neither; left behind, they would be stale when it is upgraded.
  putOrDelete(meta, metaKeys.term, isOld ? undefined : uint64Bytes(plan.term));
  putOrDelete(
    meta,
    metaKeys.confState,
    isOld
      ? undefined
      : encodeConfStateJson(
          plan.members.map(({ id }) => id),
          [],
        ),
  );
  putOrDelete(meta, metaKeys.storageVersion, plan.storageVersion === undefined ? undefined : utf8.encode(plan.storageVersion));
  if (plan.revisionBump !== undefined) meta.put(metaKeys.scheduledCompact, encodeRevisionKey(plan.revision, 0n, false));
}

function putOrDelete(
  bucket: { put(key: Uint8Array, value: Uint8Array): void; delete(key: Uint8Array): void },
  key: Uint8Array,
  value: Uint8Array | undefined,
): void {
  if (value === undefined) bucket.delete(key);
  else bucket.put(key, value);
}

function* contentsOf(restored: BoltReader): Iterable<BoltBucketContent> {
  const keyBucket = keyTextOf(bucketNames.key);
  for (const name of restored.root.bucketNames()) {
    const bucket = restored.root.bucket(name);
    if (bucket === undefined) continue;
    if (keyTextOf(name) === keyBucket) {
      yield { name, entries: checkedRecords(restored.name, bucket) };
      continue;
    }
    for (const inner of bucket.bucketNames())
      throw unsupported(
        restored.name,
        undefined,
        `bucket ${keyTextOf(name)} holds a bucket ${JSON.stringify(keyTextOf(inner))}; etcd has none inside others`,
      );
    yield { name, entries: bucket.entries(undefined, { reusesMemory: true }) };
  }
}

function* checkedRecords(file: string, bucket: BoltBucket): Iterable<BoltEntry> {
  // The writer copies what it is given before it asks for more.
  for (const entry of bucket.entries(undefined, { reusesMemory: true })) {
    new StoredRecord(file, entry.key, entry.value);
    yield entry;
  }
}

function uint64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
