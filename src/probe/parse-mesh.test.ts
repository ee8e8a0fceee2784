import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMesh } from "./parse-mesh.ts";

test("parseMesh: what is missing after a run to the limit timed out, otherwise it is unknown", () => {
  const text = "cp2 ssh open\ncp2 etcd-peer refused\n@endpoint endpoint open\n";
  const cut = parseMesh(`${text}cp1 etcd-client refused\n`, { self: "cp1", peers: ["cp2"], members: 0, ranToLimit: true });
  assert.deepEqual(
    cut.reach.map((entry) => `${entry.port} ${entry.outcome}`),
    ["ssh open", "etcd-client timeout", "etcd-peer refused", "kube-apiserver timeout"],
  );
  assert.equal(cut.endpoint, "open");
  assert.equal(cut.own.find((entry) => entry.port === "etcd-client")?.outcome, "refused");
  assert.equal(parseMesh("cp2 ssh nonsense", { self: "cp1", peers: ["cp2"], members: 0, ranToLimit: false }).reach[0]?.outcome, "unknown");
});

test("parseMesh: what answers at a member's own address is told, its silence there is not", () => {
  const text = "@member-1 etcd-peer open\n@member-1 ssh refused\n@member-1 etcd-client timeout\n@member-7 ssh open\n";
  assert.deepEqual(parseMesh(text, { self: "cp1", peers: [], members: 2, ranToLimit: true }).members, [
    { member: 1, port: "ssh", outcome: "refused" },
    { member: 1, port: "etcd-peer", outcome: "open" },
  ]);
});
