import assert from "node:assert/strict";
import test from "node:test";
import { isRecoveryError } from "../../../../test/support/is-recovery-error.ts";
import { MemoryBolt, revisionEntry, varint } from "../../../../test/support/memory-bolt.ts";
import type { BoltEntry } from "../../bbolt/bolt-reader.ts";
import { parseExactJson, uint64Of } from "./exact-json.ts";
import { readAlarms } from "./read-alarms.ts";
import { readAuth } from "./read-auth.ts";
import { readLeases } from "./read-leases.ts";
import { readMembers } from "./read-members.ts";
import { readMeta } from "./read-meta.ts";
import { readSchema } from "./read-schema.ts";

const entry = (key: string | Uint8Array, value: string | Uint8Array): BoltEntry => ({ key: Buffer.from(key), value: Buffer.from(value) });
const eight = (...low: readonly number[]): Uint8Array => Uint8Array.from([...new Array<number>(8 - low.length).fill(0), ...low]);
const metaOf = (...meta: readonly BoltEntry[]): MemoryBolt => new MemoryBolt({ key: [], meta });

test("parseExactJson: ids of 64 bits stay exact, text that looks like numbers stays text", () => {
  assert.deepEqual(
    parseExactJson('{"id":10276657743932975437,"n":12,"t":"10276657743932975437 \\" 1234567890123456789","l":[18446744073709551615]}'),
    {
      id: "10276657743932975437",
      n: 12,
      t: '10276657743932975437 " 1234567890123456789',
      l: ["18446744073709551615"],
    },
  );
  assert.deepEqual(
    [uint64Of("18446744073709551615"), uint64Of("18446744073709551616"), uint64Of(-1), uint64Of(7)],
    [2n ** 64n - 1n, undefined, undefined, 7n],
  );
});

test("readMeta: the schema's version is as stored, 3.5 with a term, else 3.4", () => {
  assert.equal(readMeta(metaOf(entry("storageVersion", "3.7.0"), entry("term", eight(3)))).schemaVersion, "3.7");
  assert.equal(readMeta(metaOf(entry("term", eight(3)))).schemaVersion, "3.5");
  assert.equal(readMeta(metaOf(entry("consistent_index", eight(1, 0)))).schemaVersion, "3.4");
  assert.equal(readMeta(metaOf(entry("consistent_index", eight(1, 0)))).consistentIndex, 256n);
});

test("readMeta: the conf state of every member kind, with and without auto_leave", () => {
  const json = '{"voters":[10276657743932975437,3],"learners":[4],"voters_outgoing":[5],"learners_next":[6],"auto_leave":true}';
  assert.deepEqual(readMeta(metaOf(entry("confState", json))).confState, {
    voters: [10276657743932975437n, 3n],
    learners: [4n],
    votersOutgoing: [5n],
    learnersNext: [6n],
    autoLeave: true,
  });
  assert.deepEqual(readMeta(metaOf(entry("confState", '{"voters":[1]}'))).confState?.autoLeave, false);
});

test("readMeta: a downgrade under way is shown", () => {
  const bolt = new MemoryBolt({
    key: [],
    meta: [],
    cluster: [entry("downgrade", '{"target-version":"3.5.0","enabled":true}'), entry("clusterVersion", "3.6.0")],
  });
  assert.deepEqual([readMeta(bolt).downgrade, readMeta(bolt).clusterVersion], [{ isEnabled: true, targetVersion: "3.5.0" }, "3.6.0"]);
});

test("readMeta: values of a wrong form are FILE_DAMAGED that names them", () => {
  const wrong: readonly (readonly [BoltEntry, RegExp])[] = [
    [entry("consistent_index", eight(1).subarray(1)), /consistent_index has 7 bytes/],
    [entry("term", ""), /term has 0 bytes/],
    [entry("confState", "{"), /confState is not JSON/],
    [entry("confState", "[]"), /no JSON object/],
    [entry("confState", '{"voters":7}'), /voters is no list/],
    [entry("confState", '{"voters":["x"]}'), /no id/],
    [entry("storageVersion", "new"), /storageVersion is no version/],
    [entry("storageVersion", Uint8Array.of(0xff, 0xfe)), /is not text/],
    [entry("finishedCompactRev", eight(1)), /finishedCompactRev is no revision/],
    [
      { ...revisionEntry("scheduledCompactRev", 1n), value: revisionEntry("x", 1n).value.with(0, 0x80) },
      /scheduledCompactRev is no revision/,
    ],
  ];
  for (const [one, what] of wrong) assert.throws(() => readMeta(metaOf(one)), isRecoveryError("FILE_DAMAGED", what));
});

test("readMembers: a member that never started has no name; removed ones are ids", () => {
  const bolt = new MemoryBolt({
    members: [
      entry("8e9e05c52164694d", '{"id":10276657743932975437,"peerURLs":["http://a:2380"],"name":"m1","clientURLs":["http://a:2379"]}'),
      entry("a", '{"id":10,"peerURLs":["http://b:2380"],"isLearner":true}'),
    ],
    members_removed: [entry("00000000000000ff", "removed")],
  });
  assert.deepEqual(readMembers(bolt), {
    members: [
      { id: "8e9e05c52164694d", name: "m1", peerUrls: ["http://a:2380"], clientUrls: ["http://a:2379"], isLearner: false },
      { id: "a", name: "", peerUrls: ["http://b:2380"], clientUrls: [], isLearner: true },
    ],
    removed: ["ff"],
  });
});

test("readMembers: another id inside than outside, a name of a wrong type and a key that is no id are FILE_DAMAGED", () => {
  for (const member of [
    entry("a", '{"id":11}'),
    entry("a", '{"id":10,"name":7}'),
    entry("a", '{"id":10,"peerURLs":[1]}'),
    entry("x", "{}"),
    entry("a", "null"),
  ])
    assert.throws(() => readMembers(new MemoryBolt({ members: [member] })), isRecoveryError("FILE_DAMAGED"));
});

test("readLeases: id, ttl and what was left at the last checkpoint; another id inside is FILE_DAMAGED", () => {
  const lease = (...bytes: readonly number[]): MemoryBolt => new MemoryBolt({ lease: [entry(eight(9), Uint8Array.from(bytes))] });
  assert.deepEqual([...readLeases(lease(8, 9, 16, 60, 24, 5))], [{ id: 9n, ttlSeconds: 60n, remainingTtlSeconds: 5n }]);
  for (const bytes of [[8, 10, 16, 60], [8], [10, 1, 0], []])
    assert.throws(() => [...readLeases(lease(...bytes))], isRecoveryError("FILE_DAMAGED"));
});

test("readAlarms: known kinds by name, a new one by its number", () => {
  const alarm = (kind: number): BoltEntry => entry(Uint8Array.of(8, ...varint(0xabcn), 16, kind), "");
  assert.deepEqual(readAlarms(new MemoryBolt({ alarm: [alarm(1), alarm(2), alarm(9)] })), [
    { memberId: "abc", alarm: "NOSPACE" },
    { memberId: "abc", alarm: "CORRUPT" },
    { memberId: "abc", alarm: "UNKNOWN 9" },
  ]);
});

test("readAuth: users without a trace of their passwords, roles with their ranges", () => {
  const secret = Buffer.from("$2a$10$planted");
  const user = Buffer.concat([Uint8Array.of(10, 1, 117, 18, secret.length), secret, Uint8Array.of(26, 1, 114)]);
  const auth = readAuth(
    new MemoryBolt({
      auth: [entry("authEnabled", Uint8Array.of(1)), entry("authRevision", eight(7))],
      authUsers: [entry("u", user), entry("c", Uint8Array.of(10, 1, 99, 34, 2, 8, 1))],
      authRoles: [entry("r", Uint8Array.of(10, 1, 114, 18, 8, 8, 2, 18, 1, 97, 26, 1, 98))],
    }),
  );
  assert.deepEqual([auth.isEnabled, auth.revision], [true, 7n]);
  assert.deepEqual(auth.users, [
    { name: "c", hasPassword: false, isWithoutPassword: true, roles: [] },
    { name: "u", hasPassword: true, isWithoutPassword: false, roles: ["r"] },
  ]);
  assert.deepEqual(auth.roles, [{ name: "r", permissions: [{ kind: "readwrite", key: Uint8Array.of(97), rangeEnd: Uint8Array.of(98) }] }]);
});

test("readSchema: buckets that etcd does not have are named, a file of another program is refused", () => {
  const bolt = new MemoryBolt({ key: [], meta: [], "caf\xe9": [], extra: [] });
  assert.deepEqual(readSchema(bolt).unknownBuckets, ["caf\\xc3\\xa9", "extra"]);
  assert.throws(() => readSchema(new MemoryBolt({ key: [] })), isRecoveryError("FILE_NOT_RECOGNISED", /another program/));
});
