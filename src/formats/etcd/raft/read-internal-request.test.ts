import assert from "node:assert/strict";
import { test } from "node:test";
import { WireWriter } from "../../protobuf/wire-writer.ts";
import type { RaftAction } from "./internal-raft-request.ts";
import { readInternalRequest } from "./read-internal-request.ts";

const place = { file: "log", offset: 8 };
const utf8 = new TextEncoder();
const action = (field: number, write: (inner: WireWriter) => void): RaftAction =>
  readInternalRequest(
    new WireWriter()
      .message(100, (header) => header.uint64(1, 9n).string(2, "alice").uint64(3, 4n))
      .message(field, write)
      .finish(),
    place,
  ).action;
const key = utf8.encode("k");
const nothing = new Uint8Array(0);

test("readInternalRequest gives who asked, under which id", () => {
  const bytes = new WireWriter()
    .message(100, (header) => header.uint64(1, 9n).string(2, "alice").uint64(3, 4n))
    .message(7, () => undefined);
  const { id, username, authRevision } = readInternalRequest(bytes.finish(), place);
  assert.deepEqual([id, username, authRevision], [9n, "alice", 4n]);
  assert.equal(readInternalRequest(bytes.uint64(1, 5n).finish(), place).id, 5n);
});

test("readInternalRequest takes a request of more than one action for damage", () => {
  const put = () => new WireWriter().message(4, (inner) => inner.bytes(1, key));
  assert.throws(
    () =>
      readInternalRequest(
        put()
          .message(2, (v2) => v2.string(2, "SYNC"))
          .finish(),
        place,
      ),
    /more than one action/,
  );
  assert.throws(
    () =>
      readInternalRequest(
        put()
          .message(4, (inner) => inner.bytes(2, key))
          .finish(),
        place,
      ),
    /more than one action/,
  );
  assert.equal(
    readInternalRequest(
      put()
        .message(9000, () => undefined)
        .finish(),
      place,
    ).action.kind,
    "put",
  );
});

test("readInternalRequest steps over fields of auth requests that etcd does not know", () => {
  for (const [field, kind] of [
    [1000, "enable"],
    [1013, "status"],
    [1106, "user-list"],
  ] as const)
    assert.deepEqual(
      action(field, (request) => request.uint64(1, 5n)),
      { kind: "auth", auth: { kind } },
    );
  const deletion = action(1101, (request) => request.string(1, "bob").uint64(2, 5n));
  assert.deepEqual(deletion, { kind: "auth", auth: { kind: "user-delete", name: "bob" } });
});

test("readInternalRequest decodes what changes keys", () => {
  assert.deepEqual(
    action(4, (put) => put.bytes(1, key).bytes(2, key).int64(3, -7n).bool(5, true)),
    { kind: "put", put: { key, value: key, lease: -7n, prevKv: false, ignoreValue: true, ignoreLease: false } },
  );
  assert.deepEqual(
    action(5, (range) => range.bytes(1, key).bytes(2, Uint8Array.of(0))),
    { kind: "delete-range", deleteRange: { key, rangeEnd: Uint8Array.of(0), prevKv: false } },
  );
  assert.deepEqual(
    action(7, (compaction) => compaction.int64(1, 12n).bool(2, true)),
    { kind: "compaction", revision: 12n, isPhysical: true },
  );
});

test("readInternalRequest decodes transactions in transactions, with the comparison that counts", () => {
  const txn = action(6, (outer) =>
    outer
      .message(1, (compare) => compare.uint32(1, 1).uint32(2, 2).bytes(3, key).int64(6, 3n))
      .message(1, (compare) => compare.uint32(2, 3).bytes(3, key).int64(6, 3n)) // a number where a value is compared: nothing to compare with
      .message(2, (operation) =>
        operation.message(4, (inner) => inner.message(3, (failed) => failed.message(1, (range) => range.bytes(1, key)))),
      )
      .message(3, () => undefined),
  );
  assert.deepEqual(txn, {
    kind: "txn",
    txn: {
      compare: [
        { key, rangeEnd: nothing, result: "greater", target: "mod-revision", number: 3n, value: nothing },
        { key, rangeEnd: nothing, result: "equal", target: "value", number: 0n, value: nothing },
      ],
      success: [
        {
          kind: "txn",
          txn: {
            compare: [],
            success: [],
            failure: [{ kind: "range", range: { key, rangeEnd: nothing, limit: 0n, revision: 0n } }],
          },
        },
      ],
      failure: [{ kind: "none" }],
    },
  });
});

test("readInternalRequest: transactions nested without end are damage, not a full stack", () => {
  let bytes = new Uint8Array(0);
  for (let depth = 0; depth < 3000; depth += 1) {
    const inner = bytes;
    const wrapped = new WireWriter().bytes(4, inner).finish();
    bytes = new WireWriter().bytes(2, wrapped).finish().slice();
  }
  assert.throws(() => readInternalRequest(new WireWriter().bytes(6, bytes).finish(), place), { code: "FILE_DAMAGED", message: /nested/ });
});

test("readInternalRequest decodes leases, alarms, versions and members", () => {
  assert.deepEqual(
    action(8, (grant) => grant.int64(1, 60n).int64(2, 77n)),
    { kind: "lease-grant", leaseId: 77n, ttlSeconds: 60n },
  );
  assert.deepEqual(
    action(9, (revoke) => revoke.int64(1, 77n)),
    { kind: "lease-revoke", leaseId: 77n },
  );
  assert.deepEqual(
    action(11, (all) => all.message(1, (one) => one.int64(1, 77n).int64(2, 5n))),
    { kind: "lease-checkpoint", checkpoints: [{ leaseId: 77n, remainingTtlSeconds: 5n }] },
  );
  assert.deepEqual(
    action(10, (alarm) => alarm.uint32(1, 1).uint64(2, 0xa1n).uint32(3, 2)),
    { kind: "alarm", action: "activate", memberId: 0xa1n, alarm: "corrupt" },
  );
  assert.deepEqual(
    action(1300, (version) => version.string(1, "3.6.0")),
    { kind: "cluster-version-set", version: "3.6.0" },
  );
  assert.deepEqual(
    action(1301, (member) => member.uint64(1, 0xa1n).message(2, (own) => own.string(1, "m1").string(2, "http://h:2379"))),
    { kind: "cluster-member-attributes-set", memberId: 0xa1n, name: "m1", clientUrls: ["http://h:2379"] },
  );
  assert.deepEqual(
    action(1302, (downgrade) => downgrade.bool(1, true).string(2, "3.5.0")),
    { kind: "downgrade-info-set", isEnabled: true, version: "3.5.0" },
  );
  assert.deepEqual(
    action(9900, (probe) => probe.string(1, "3.5.0")),
    { kind: "downgrade-version-test", version: "3.5.0" },
  );
});

test("readInternalRequest decodes every request of auth", () => {
  const kinds: readonly (readonly [number, string])[] = [
    [1000, "enable"],
    [1011, "disable"],
    [1012, "authenticate"],
    [1013, "status"],
    [1100, "user-add"],
    [1101, "user-delete"],
    [1102, "user-get"],
    [1103, "user-change-password"],
    [1104, "user-grant-role"],
    [1105, "user-revoke-role"],
    [1106, "user-list"],
    [1107, "role-list"],
    [1200, "role-add"],
    [1201, "role-delete"],
    [1202, "role-get"],
    [1203, "role-grant-permission"],
    [1204, "role-revoke-permission"],
  ];
  for (const [field, kind] of kinds) {
    const found = action(field, () => undefined);
    assert.ok(found.kind === "auth" && found.auth.kind === kind, `field ${String(field)}`);
  }
  assert.deepEqual(
    action(1203, (grant) => grant.string(1, "r").message(2, (permission) => permission.uint32(1, 2).bytes(2, key))),
    { kind: "auth", auth: { kind: "role-grant-permission", role: "r", permission: { kind: "read-write", key, rangeEnd: nothing } } },
  );
});

test("readInternalRequest takes what is no request of v3 for one of v2, as etcd 3.4 and 3.5 write it", () => {
  const v2 = (method: string): Uint8Array =>
    new WireWriter().uint64(1, 3n).string(2, method).string(3, "/0/version").string(4, "3.4.0").bool(5, false).finish();
  for (const method of ["PUT", "DELETE", "SYNC", "QGET", "POST"])
    assert.deepEqual(readInternalRequest(v2(method), place), {
      id: 3n,
      username: "",
      authRevision: 0n,
      action: { kind: "v2", v2: { id: 3n, method, path: "/0/version", value: "3.4.0", isDirectory: false } },
    });
});

test("readInternalRequest: an action of a later version is named as unknown, malformed bytes are damage", () => {
  assert.deepEqual(
    action(2000, () => undefined),
    { kind: "unknown", fields: [2000] },
  );
  for (const bytes of [Uint8Array.of(0x22, 0x05, 1), Uint8Array.of(0xff), Uint8Array.of(0x20, 1)])
    assert.throws(() => readInternalRequest(bytes, place), { code: "FILE_DAMAGED", subject: "file log, byte 8" });
});
