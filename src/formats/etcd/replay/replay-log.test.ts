import assert from "node:assert/strict";
import { test } from "node:test";
import { deleteEntry, MemoryBolt, putEntry, revisionEntry } from "../../../../test/support/memory-bolt.ts";
import * as made from "../../../../test/support/raft-requests.ts";
import type { BoltEntry } from "../../bbolt/bolt-reader.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { openMvcc } from "../mvcc/open-mvcc.ts";
import { encodeConfChange } from "../raft/encode-raft.ts";
import type { RaftEntry } from "../raft/raft-messages.ts";
import { readAlarms } from "../schema/read-alarms.ts";
import { readLeases } from "../schema/read-leases.ts";
import { readMembers } from "../schema/read-members.ts";
import { readMeta } from "../schema/read-meta.ts";
import { replayLog, type Replayed, type ReplayableLog, type ReplayOptions } from "./replay-log.ts";

const uint64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};
const lease = (id: bigint): BoltEntry => ({ key: uint64(id), value: Uint8Array.of(8, Number(id), 16, 60) });

/** Entry 10 is the last in it; a=4 (lease 9), b=5, c was deleted at 6. */
function database(meta: readonly BoltEntry[] = [], auth: readonly BoltEntry[] = []): MemoryBolt {
  return new MemoryBolt({
    key: [
      putEntry(2n, "a", { create: 2n, value: "old" }),
      putEntry(3n, "c", { create: 3n }),
      putEntry(4n, "a", { create: 2n, value: "new", lease: 9n }),
      putEntry(5n, "b", { create: 5n }),
      deleteEntry(6n, "c"),
    ],
    meta: [{ key: Buffer.from("consistent_index"), value: uint64(10n) }, { key: Buffer.from("term"), value: uint64(2n) }, ...meta],
    auth,
    lease: [lease(9n)],
    members: [{ key: Buffer.from("5"), value: Buffer.from('{"id":5,"peerURLs":["http://a:1"],"name":"m1"}') }],
    cluster: [{ key: Buffer.from("clusterVersion"), value: Buffer.from("3.6.0") }],
  });
}

/** Entries from index 11 on. */
function logOf(requests: readonly Uint8Array[], options: { first?: bigint; commit?: bigint } = {}): ReplayableLog {
  const first = options.first ?? 11n;
  const entries = requests.map((data, at): RaftEntry => ({ kind: "normal", term: 3n, index: first + BigInt(at), data }));
  return {
    name: "wal",
    recordedCommit: options.commit ?? first + BigInt(requests.length) - 1n,
    entriesAfter: (index) => entries.filter((one) => one.index > index),
  };
}

function replay(requests: readonly Uint8Array[], options?: ReplayOptions): Replayed {
  return replayLog(database(), logOf(requests), options);
}

/** What the replay added, one text a record. */
function added({ bolt }: Replayed): readonly string[] {
  return [...openMvcc(bolt).records(7n)].map(
    (one) =>
      `${String(one.main)}.${String(one.sub)} ${one.isTombstone ? "-" : "+"}${Buffer.from(one.key).toString()}` +
      (one.isTombstone
        ? ""
        : `=${Buffer.from(one.value).toString()} c${String(one.createRevision)} v${String(one.version)} l${String(one.lease)}`),
  );
}

test("replay: a put of a key that is there goes on with its create revision and version, a new one begins", () => {
  const done = replay([made.putRequest("a", { value: "x" }), made.putRequest("d"), made.putRequest("c")]);
  assert.deepEqual(added(done), ["7.0 +a=x c2 v3 l0", "8.0 +d=v c8 v1 l0", "9.0 +c=v c9 v1 l0"]);
  assert.equal(openMvcc(done.bolt).revision, 9n);
  assert.equal(done.facts.throughRevision, 9n);
  assert.equal(done.facts.entryCount, 3);
});

test("replay: the base is only read, and earlier records are still there", () => {
  const base = database();
  const done = replayLog(base, logOf([made.deleteRequest("a")]));
  assert.equal([...openMvcc(base).records()].length, 5);
  assert.equal([...openMvcc(done.bolt).records()].length, 6);
  assert.equal(Buffer.from(openMvcc(done.bolt).find(4n, 0n)?.value ?? []).toString(), "new");
});

test("replay: a range deletion takes one revision with a sub revision for each key, in their order; of nothing it takes none", () => {
  const done = replay([made.putRequest("bb"), made.deleteRequest("a", "z"), made.deleteRequest("a", "z"), made.putRequest("e")]);
  assert.deepEqual(added(done), ["7.0 +bb=v c7 v1 l0", "8.0 -a", "8.1 -b", "8.2 -bb", "9.0 +e=v c9 v1 l0"]);
});

test("replay: a range to the zero byte is everything from the key on", () => {
  assert.deepEqual(added(replay([made.deleteRequest("b", "\0")])), ["7.0 -b"]);
});

test("replay: what ignores value or lease keeps the old one, and is refused without a key", () => {
  const done = replay([
    made.putRequest("a", { ignoreValue: true }),
    made.putRequest("b", { value: "y", ignoreLease: true }),
    made.putRequest("nobody", { ignoreValue: true }),
  ]);
  assert.deepEqual(added(done), ["7.0 +a=new c2 v3 l0", "8.0 +b=y c5 v2 l0"]);
  assert.equal(done.facts.refusedCount, 1);
});

test("replay: a put with a lease that is not there is refused", () => {
  const done = replay([made.putRequest("x", { lease: 8n }), made.leaseGrantRequest(8n), made.putRequest("x", { lease: 8n })]);
  assert.deepEqual(added(done), ["7.0 +x=v c7 v1 l8"]);
  assert.deepEqual(
    [...readLeases(done.bolt)].map(({ id }) => id),
    [8n, 9n],
  );
});

test("replay: revoking a lease deletes its keys in one revision, those of the database too, but not those that left it", () => {
  const done = replay([
    made.putRequest("z", { lease: 9n }),
    made.putRequest("y", { lease: 9n }),
    made.putRequest("y"),
    made.leaseRevokeRequest(9n),
    made.leaseRevokeRequest(9n),
  ]);
  assert.deepEqual(added(done).slice(3), ["10.0 -a", "10.1 -z"]);
  assert.deepEqual([...readLeases(done.bolt)], []);
  assert.equal(done.facts.refusedCount, 1);
});

test("replay: transactions compare before they change, run the branch that fits, nested ones too", () => {
  const done = replay([
    made.txnRequest({
      compare: [made.compareModRevision("a", 0, 4n), made.compareValue("a", 0, "new")],
      success: [
        made.put("a", { value: "1" }),
        made.txn({ compare: [made.compareValue("a", 0, "new")], success: [made.put("n", { value: "compared first" })] }),
        made.deleteKey("a"),
      ],
      failure: [made.put("wrong")],
    }),
    made.txnRequest({
      compare: [made.compareVersion("gone", 0, 0n), made.compareValue("gone", 3, "x")],
      success: [made.put("wrong")],
      failure: [made.put("right")],
    }),
  ]);
  assert.deepEqual(added(done), ["7.0 +a=1 c2 v3 l0", "7.1 +n=compared first c7 v1 l0", "7.2 -a", "8.0 +right=v c8 v1 l0"]);
});

test("replay: a transaction with one part that cannot run changes nothing", () => {
  const done = replay([made.txnRequest({ success: [made.put("x"), made.put("y", { lease: 8n })] })]);
  assert.deepEqual(added(done), []);
  assert.equal(done.facts.refusedCount, 1);
});

test("replay: a range at a revision that is gone refuses the transaction in 3.7, and in 3.6 only when it is nested", () => {
  const outer = made.txnRequest({ success: [made.rangeAt("a", -5n), made.put("x")] });
  const nested = made.txnRequest({ success: [made.txn({ success: [made.rangeAt("a", 99n)] }), made.put("y")] });
  assert.deepEqual(added(replay([outer, nested], { version: "3.6.16" })), ["7.0 +x=v c7 v1 l0"]);
  assert.deepEqual(added(replay([outer, nested], { version: "3.7.3" })), []);
});

test("replay: a compaction is scheduled for the server that starts on it; one of the past or future is refused", () => {
  const done = replay([made.compactionRequest(4n), made.compactionRequest(4n), made.compactionRequest(99n)]);
  assert.equal(openMvcc(done.bolt).scheduledCompactRevision, 4n);
  assert.equal(done.facts.refusedCount, 2);
  const compacted = replayLog(database([revisionEntry("finishedCompactRev", 5n)]), logOf([made.compactionRequest(5n)]));
  assert.equal(compacted.facts.refusedCount, 1);
});

test("replay: with the space alarm puts and grants are refused, deletions run; without it again all", () => {
  const done = replay([
    made.alarmRequest(1, 1),
    made.putRequest("x"),
    made.leaseGrantRequest(3n),
    made.txnRequest({ success: [], failure: [made.put("never")] }),
    made.deleteRequest("b"),
    made.alarmRequest(2, 1),
    made.putRequest("y"),
  ]);
  assert.deepEqual(added(done), ["7.0 -b", "8.0 +y=v c8 v1 l0"]);
  assert.equal(done.facts.refusedCount, 3);
  assert.deepEqual(readAlarms(done.bolt), []);
  const kept = replay([made.alarmRequest(1, 2), made.deleteRequest("b")]);
  assert.deepEqual(added(kept), []);
  assert.equal(readAlarms(kept.bolt)[0]?.alarm, "CORRUPT");
});

test("replay: lease checkpoints are kept from cluster version 3.6 on", () => {
  const [first] = readLeases(replay([made.checkpointRequest(9n, 33n)]).bolt);
  assert.deepEqual(first, { id: 9n, ttlSeconds: 60n, remainingTtlSeconds: 33n });
  const [older] = readLeases(replay([made.clusterVersionRequest("3.5.0"), made.checkpointRequest(9n, 33n)]).bolt);
  assert.equal(older?.remainingTtlSeconds, 0n);
});

test("replay: members come, change and go; what etcd's validation refuses changes nothing", () => {
  const change = (kind: "add-node" | "remove-node" | "update-node" | "add-learner-node", memberId: bigint, context = ""): Uint8Array =>
    encodeConfChange({ kind, id: 0n, memberId, context: Buffer.from(context) });
  const changes = [
    change("add-learner-node", 6n, '{"id":6,"peerURLs":["http://b:1"],"isLearner":true}'),
    change("add-node", 6n, '{"id":6,"isPromote":true}'),
    change("add-node", 7n, '{"id":7,"peerURLs":["http://b:1"]}'),
    change("update-node", 6n, '{"id":6,"peerURLs":["http://c:1"]}'),
    change("remove-node", 5n),
    change("add-node", 5n, '{"id":5,"peerURLs":["http://a:1"]}'),
  ].map((data, at): RaftEntry => ({ kind: "conf-change", term: 3n, index: BigInt(11 + at), data }));
  const attributes: RaftEntry = { kind: "normal", term: 3n, index: 17n, data: made.memberAttributesRequest(6n, "m2", "http://c:2") };
  const entries = [...changes, attributes];
  const done = replayLog(database(), {
    name: "wal",
    recordedCommit: 17n,
    entriesAfter: (index) => entries.filter((one) => one.index > index),
  });
  assert.deepEqual(readMembers(done.bolt), {
    members: [{ id: "6", name: "m2", peerUrls: ["http://c:1"], clientUrls: ["http://c:2"], isLearner: false }],
    removed: ["5"],
  });
  assert.equal(done.facts.refusedCount, 2);
});

test("replay: entries that the database holds are stepped over, the index goes on", () => {
  const done = replayLog(database(), logOf([made.putRequest("held"), made.putRequest("new"), new Uint8Array(0)], { first: 10n }));
  assert.deepEqual(added(done), ["7.0 +new=v c7 v1 l0"]);
  const { consistentIndex, term } = readMeta(done.bolt);
  assert.deepEqual([consistentIndex, term], [12n, 3n]);
});

test("replay: what lies above the recorded commit is applied and named, or left out and named", () => {
  const log = logOf([made.putRequest("x"), made.putRequest("y"), made.putRequest("z")], { commit: 11n });
  const whole = replayLog(database(), log);
  assert.deepEqual(whole.facts.uncertain, { entryCount: 2, firstIndex: 12n, lastIndex: 13n, isApplied: true, revisionCount: 2n });
  assert.equal(whole.facts.throughIndex, 13n);
  const cut = replayLog(database(), log, { through: "recorded-commit" });
  assert.deepEqual(cut.facts.uncertain, { entryCount: 2, firstIndex: 12n, lastIndex: 13n, isApplied: false, revisionCount: 0n });
  assert.deepEqual(added(cut), ["7.0 +x=v c7 v1 l0"]);
  const none = replayLog(database(), logOf([made.putRequest("x")], { commit: 10n }), { through: "recorded-commit" });
  assert.equal(none.facts.uncertain.entryCount, 1);
  assert.equal(none.facts.throughIndex, 10n);
});

test("replay: a log that goes on later than the database ends is LOG_DOES_NOT_FIT", () => {
  assert.throws(
    () => replayLog(database(), logOf([made.putRequest("x")], { first: 12n })),
    (error) => error instanceof RecoveryError && error.code === "LOG_DOES_NOT_FIT" && error.message.includes("11"),
  );
});

test("replay: requests of auth and of a later etcd are counted as not replayed", () => {
  const { facts } = replay([made.authEnableRequest(), Uint8Array.of(0x82, 0xfa, 0x01, 0)]);
  assert.equal(facts.notReplayedCount, 2);
  assert.deepEqual(facts.notReplayed[0], { index: 11n, because: "auth: enable" });
});

test("replay: with auth on, a request of nobody is refused, as etcd refuses it when it applies it", () => {
  const withAuth = database([], [{ key: Buffer.from("authEnabled"), value: Uint8Array.of(1) }]);
  const { facts, bolt } = replayLog(withAuth, logOf([made.putRequest("x")]));
  assert.deepEqual([facts.notReplayedCount, facts.refusedCount], [0, 1]);
  assert.equal(openMvcc(bolt).revision, 6n);
});

test("replay: a request that cannot be decoded is FILE_DAMAGED and names the entry", () => {
  assert.throws(
    () => replay([Uint8Array.of(0x22, 0x7f)]),
    (error) => error instanceof RecoveryError && error.code === "FILE_DAMAGED" && error.subject.includes("entry 11"),
  );
});
