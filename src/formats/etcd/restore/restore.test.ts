import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { MemoryBoltSink } from "../../../../test/support/bolt-bytes.ts";
import { deleteEntry, MemoryBolt, putEntry } from "../../../../test/support/memory-bolt.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { openBolt } from "../../bbolt/bolt-file.ts";
import { checkBolt } from "../../bbolt/check-bolt.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import { MemoryByteSource } from "../../byte-source.ts";
import { openMvcc } from "../mvcc/open-mvcc.ts";
import { readAlarms } from "../schema/read-alarms.ts";
import { readLeases } from "../schema/read-leases.ts";
import { readMembers } from "../schema/read-members.ts";
import { readMeta } from "../schema/read-meta.ts";
import { readSnapFile } from "../snap/snap-file.ts";
import { readV2Store } from "../snap/v2-store.ts";
import { openWal } from "../wal/open-wal.ts";
import { walSegmentsOf } from "../wal/wal-segment.ts";
import { planRestore, type RestorePlan, type RestoreRequest } from "./restore-plan.ts";
import { writeRestoredDatabase } from "./write-restored-database.ts";
import { restoredLogFiles } from "./write-restored-log.ts";

const sha1 = (data: Uint8Array): Uint8Array => createHash("sha1").update(data).digest();
const uint64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};
const three: RestoreRequest = {
  clusterToken: "new",
  members: ["m1", "m2", "m3"].map((name) => ({ name, peerUrls: [`https://${name}:2380`] })),
};

function source(): MemoryBolt {
  return new MemoryBolt({
    alarm: [{ key: Uint8Array.of(8, 5, 16, 1), value: new Uint8Array(0) }],
    cluster: [
      { key: Buffer.from("clusterVersion"), value: Buffer.from("3.7.0") },
      { key: Buffer.from("downgrade"), value: Buffer.from('{"target-version":"3.6.0","enabled":true}') },
    ],
    key: [putEntry(2n, "a", { create: 2n }), putEntry(3n, "b", { create: 3n, lease: 9n }), deleteEntry(4n, "a")],
    lease: [{ key: uint64(9n), value: Uint8Array.of(8, 9, 16, 60) }],
    members: [{ key: Buffer.from("5"), value: Buffer.from('{"id":5,"peerURLs":["http://old:1"],"name":"old"}') }],
    members_removed: [{ key: Buffer.from("6"), value: Buffer.from("removed") }],
    meta: [
      { key: Buffer.from("confState"), value: Buffer.from('{"voters":[5],"auto_leave":false}') },
      { key: Buffer.from("consistent_index"), value: uint64(1000n) },
      { key: Buffer.from("storageVersion"), value: Buffer.from("3.7.0") },
      { key: Buffer.from("term"), value: uint64(8n) },
    ],
  });
}

function restored(
  request: RestoreRequest,
  from: BoltReader = source(),
): { readonly bolt: BoltReader; readonly plan: RestorePlan; readonly bytes: Uint8Array } {
  const plan = planRestore(from, request, sha1);
  const sink = new MemoryBoltSink();
  writeRestoredDatabase(from, plan, sink);
  const bytes = sink.content();
  return { bolt: openBolt(new MemoryByteSource(bytes, "restored")), plan, bytes };
}

test("restore: all revisions and leases are there, the members are the new ones, the log begins anew", () => {
  const { bolt, plan, bytes } = restored(three);
  assert.deepEqual(checkBolt(new MemoryByteSource(bytes)).problems, []);
  assert.deepEqual(
    [...openMvcc(bolt).records()].map((one) => `${String(one.main)} ${Buffer.from(one.key).toString()}`),
    ["2 a", "3 b", "4 a"],
  );
  assert.deepEqual(
    [...readLeases(bolt)].map(({ id }) => id),
    [9n],
  );
  const { members, removed } = readMembers(bolt);
  assert.deepEqual(
    members.map(({ id, name, peerUrls }) => ({ id, name, peerUrls })).sort((a, b) => (a.id < b.id ? -1 : 1)),
    plan.members.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  );
  assert.deepEqual(removed, []);
  const meta = readMeta(bolt);
  assert.deepEqual([meta.consistentIndex, meta.term, meta.downgrade], [3n, 1n, undefined]);
  assert.deepEqual(
    meta.confState?.voters,
    plan.members.map(({ id }) => BigInt(`0x${id}`)),
  );
});

test("restore: a bump adds a record without a key and marks everything before it compacted", () => {
  const { bolt, plan } = restored({ ...three, revisionBump: 1_000n });
  const records = openMvcc(bolt);
  assert.equal(plan.revision, 1_004n);
  assert.equal(records.revision, 1_004n);
  assert.equal(records.scheduledCompactRevision, 1_004n);
  assert.equal(records.find(1_004n, 0n)?.key.length, 0);
});

test("restore: versions are those that the target starts with", () => {
  const versions = (targetMinor?: RestoreRequest["targetMinor"]): readonly unknown[] => {
    const { storageVersion, clusterVersion, term, confState } = readMeta(restored({ ...three, targetMinor }).bolt);
    return [storageVersion, clusterVersion, term, confState === undefined];
  };
  assert.deepEqual(versions(), ["3.7.0", "3.7.0", 1n, false]);
  assert.deepEqual(versions("3.7"), ["3.7.0", "3.7.0", 1n, false]);
  assert.deepEqual(versions("3.6"), ["3.6.0", "3.6.0", 1n, false]);
  assert.deepEqual(versions("3.5"), [undefined, "3.5.0", 1n, false]);
  assert.deepEqual(versions("3.4"), [undefined, "3.4.0", undefined, true]);
});

test("restore: alarms are kept, or cleared on request", () => {
  assert.equal(readAlarms(restored(three).bolt).length, 1);
  assert.equal(readAlarms(restored({ ...three, alarms: "clear" }).bolt).length, 0);
});

test("restore: the log names the members and ends at the raft snapshot, which names them too", () => {
  const { plan } = restored(three);
  const [first] = plan.members;
  assert.ok(first);
  const [walFile, snapFile] = restoredLogFiles(plan, first);
  assert.ok(walFile && snapFile);
  assert.equal(walFile.path, "member/wal/0000000000000000-0000000000000000.wal");
  assert.equal(snapFile.path, "member/snap/0000000000000001-0000000000000003.snap");
  const name = walFile.path.slice("member/wal/".length);
  const wal = openWal(walSegmentsOf([{ name, source: new MemoryByteSource(walFile.bytes, name) }]));
  assert.deepEqual(wal.breaks, []);
  assert.deepEqual(wal.metadata, { memberId: BigInt(`0x${first.id}`), clusterId: BigInt(`0x${plan.clusterId}`) });
  assert.deepEqual([wal.lastIndex, wal.lastTerm, wal.hardState?.commit], [3n, 1n, 3n]);
  assert.equal(wal.snapshots.at(-1)?.index, 3n);
  const snapshot = readSnapFile(new MemoryByteSource(snapFile.bytes, "snap"));
  assert.equal(snapshot.index, 3n);
  assert.deepEqual(
    readV2Store(snapshot.data, "snap").members.map(({ id, peerUrls }) => [id.toString(16), peerUrls]),
    plan.members.map(({ id, peerUrls }) => [id, peerUrls]),
  );
});

test("restore: a value on which etcd would die ends it", () => {
  const broken = new MemoryBolt({ key: [{ key: putEntry(2n, "a", { create: 2n }).key, value: Uint8Array.of(0x0a, 0x7f) }], meta: [] });
  assert.throws(
    () => restored(three, broken),
    (error) => error instanceof RecoveryError && error.code === "FILE_DAMAGED",
  );
});

test("restore: requests that make no cluster are RESTORE_REQUEST_INVALID", () => {
  const [m1, m2] = three.members;
  assert.ok(m1 && m2);
  const bad: readonly Partial<RestoreRequest>[] = [
    { members: [] },
    { clusterToken: "" },
    { members: [m1, m1] },
    { members: [m1, { ...m2, peerUrls: m1.peerUrls }] },
    { members: [{ ...m1, name: "a=b" }] },
    { members: [{ ...m1, name: "" }] },
    { revisionBump: 0n },
    { revisionBump: 2n ** 53n },
  ];
  for (const one of bad)
    assert.throws(
      () => planRestore(source(), { ...three, ...one }, sha1),
      (error) => error instanceof RecoveryError && error.code === "RESTORE_REQUEST_INVALID",
      JSON.stringify(one, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
    );
});
