import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { valueOf } from "../model/observation.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { readInventory } from "./inventory.ts";
import { readLastSeen } from "./last-seen.ts";

const saved = readFileSync(new URL("../../test/fixtures/inventories/lab-follower-destroyed.json", import.meta.url), "utf8");

function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof RecoveryError, String(error));
    assert.equal(error.code, "INVENTORY_FILE_INVALID");
    return error.detail;
  }
  return "it was accepted";
}

const damages: readonly { readonly of: string; readonly from: RegExp; readonly to: string; readonly says: RegExp }[] = [
  { of: "a host name with a space", from: /"name": "cp1"/, to: '"name": "cp 1"', says: /"cp 1" is not a host name/ },
  { of: "a member id that is none", from: /"memberId": "[0-9a-f]+"/, to: '"memberId": "XYZ"', says: /"XYZ" is not a member id/ },
  { of: "a cluster id that is none", from: /"clusterId": "[0-9a-f]+"/, to: '"clusterId": ""', says: /"" is not a cluster id/ },
];
for (const { of, from, to, says } of damages) {
  test(`readInventory: ${of} is told with file, line and column`, () => {
    const damaged = saved.replace(from, to);
    assert.notEqual(damaged, saved);
    const detail = refusalOf(() => readInventory(damaged, "saved.json"));
    assert.match(detail, /^saved\.json:\d+:\d+: /);
    assert.match(detail, says);
  });
}

test("readInventory: where a manifest keeps etcd's data is read, and is not known from a file that an earlier version saved", () => {
  const places = (text: string) => {
    const manifests = valueOf(readInventory(text, "saved.json").hosts[0]?.manifests ?? assert.fail());
    const { dataPlace, walPlace, ports } = manifests?.find(({ etcdFlags }) => etcdFlags !== undefined)?.etcdFlags ?? assert.fail();
    return [dataPlace, walPlace, ports];
  };
  const paths = ["/var/lib/etcd", "/var/lib/etcd/member/wal"].map((path) => ({ kind: "path", path }));
  assert.deepEqual(places(saved), [...paths, [2379, 2380]]);
  const earlier = saved.replaceAll(/"(dataPlace|walPlace)": \{[^}]*\},|"ports": \[\s*2379[^\]]*\],/g, "");
  assert.deepEqual(places(earlier), [undefined, undefined, undefined]);
});

test("readLastSeen: an id that is none is told with its place", () => {
  const facts = {
    takenAt: "2026-03-01T03:00:00Z",
    clusterId: "no id",
    members: [],
    revision: "1",
    raftIndex: "1",
    raftTerm: "1",
    objectCounts: [],
    hosts: [],
  };
  assert.match(
    refusalOf(() => readLastSeen(JSON.stringify(facts))),
    /:1:\d+: clusterId: "no id" is not a cluster id/,
  );
});
