import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBolt } from "../../../../test/support/memory-bolt.ts";
import * as made from "../../../../test/support/raft-requests.ts";
import { WireWriter } from "../../protobuf/wire-writer.ts";
import { readInternalRequest } from "../raft/read-internal-request.ts";
import { AuthGate } from "./auth-gate.ts";
import { keyTextOf } from "./key-text.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const user = (name: string, ...roles: readonly string[]) => {
  const writer = new WireWriter().bytes(1, bytes(name)).bytes(2, bytes("hash"));
  for (const role of roles) writer.string(3, role);
  return { key: bytes(name), value: writer.finish() };
};
/** kind: 0 read, 1 write, 2 both. */
const role = (name: string, ...permissions: readonly (readonly [kind: number, key: string, end?: string])[]) => {
  const writer = new WireWriter().bytes(1, bytes(name));
  for (const [kind, key, end = ""] of permissions)
    writer.message(2, (one) => one.uint32(1, kind).bytes(2, bytes(key)).bytes(3, bytes(end)));
  return { key: bytes(name), value: writer.finish() };
};
const gateOf = (isEnabled: boolean): AuthGate =>
  new AuthGate(
    new MemoryBolt({
      auth: [
        { key: bytes("authEnabled"), value: Uint8Array.of(isEnabled ? 1 : 0) },
        { key: bytes("authRevision"), value: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5) },
      ],
      authUsers: [user("boss", "root"), user("app", "halves"), user("reader", "reads"), user("lost", "gone")],
      authRoles: [role("halves", [2, "a", "m"], [2, "m", "q"], [1, "w"]), role("reads", [0, "a", "\0"])],
    }),
    (lease) => (lease === 9n ? [keyTextOf(bytes("b")), keyTextOf(bytes("z"))] : []),
  );
const gate = gateOf(true);
const judge = (data: Uint8Array, username: string, authRevision = 5n, by = gate): string =>
  by.judge({ ...readInternalRequest(data, { file: "log", offset: 0 }), username, authRevision }).kind;

test("auth: nobody is asked without it, root may all, and who is unknown, older than the last change, or none may nothing", () => {
  const put = made.putRequest("x");
  assert.equal(judge(put, "", 0n, gateOf(false)), "permitted");
  assert.equal(judge(put, "boss"), "permitted");
  assert.equal(judge(made.putRequest("x", { lease: 9n }), "boss"), "permitted");
  assert.equal(judge(made.leaseRevokeRequest(9n), "boss", 1n), "permitted", "only the user is looked at");
  for (const [name, revision] of [
    ["", 0n],
    ["boss", 4n],
    ["nobody", 5n],
    ["lost", 5n],
  ] as const)
    assert.equal(judge(put, name, revision), "refused", name);
  assert.equal(judge(made.leaseGrantRequest(3n), ""), "permitted", "leases belong to nobody");
  assert.equal(judge(made.compactionRequest(3n), ""), "permitted");
  assert.equal(judge(made.authEnableRequest(), "app"), "refused");
});

test("auth: a role permits single keys, ranges, and ranges over the border of two that touch", () => {
  for (const [key, end, expected] of [
    ["a", undefined, "permitted"],
    ["w", undefined, "permitted"],
    ["wa", undefined, "refused"],
    ["q", undefined, "refused"],
    ["c", "p", "permitted"],
    ["c", "q", "permitted"],
    ["c", "r", "refused"],
    ["c", "\0", "refused"],
  ] as const)
    assert.equal(judge(made.deleteRequest(key, end), "app"), expected, `${key} ${String(end)}`);
  assert.equal(judge(made.putRequest("b"), "reader"), "refused");
  assert.equal(judge(made.leaseRevokeRequest(9n), "app"), "refused", "one of its keys is not the user's");
  assert.equal(judge(made.leaseRevokeRequest(8n), "app"), "permitted");
});

test("auth: a transaction needs both branches and what it compares; what versions judge differently is not guessed", () => {
  const txn = (shape: made.TxnShape, name = "app"): string => judge(made.txnRequest(shape), name);
  assert.equal(txn({ compare: [made.compareVersion("b", 0, 0n)], success: [made.put("b")], failure: [made.put("c")] }), "permitted");
  assert.equal(txn({ compare: [made.compareVersion("z", 0, 0n)], success: [made.put("b")] }), "refused");
  assert.equal(txn({ success: [made.put("b")], failure: [made.deleteKey("z")] }), "refused");
  assert.equal(txn({ success: [made.put("b"), made.rangeAt("z", 0n)] }), "unknown");
  assert.equal(txn({ success: [made.put("b"), made.txn({ success: [made.put("z")] })] }), "unknown");
  assert.equal(txn({ success: [made.put("b"), made.txn({ success: [made.put("c")] })] }), "permitted");
  assert.equal(txn({ success: [made.put("b", { lease: 9n })] }), "unknown");
  assert.equal(txn({ success: [made.put("b", { lease: 9n }), made.rangeAt("z", 0n)] }, "boss"), "permitted");
  assert.equal(txn({ success: [made.rangeAt("z", 0n)] }), "permitted", "it changes nothing");
});
