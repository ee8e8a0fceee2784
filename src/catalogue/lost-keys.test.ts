import assert from "node:assert/strict";
import { test } from "node:test";
import { lostKeys, type CountedKeys } from "./lost-keys.ts";

function counted(objects: { readonly [resource: string]: number }): CountedKeys {
  const list = Object.entries(objects).map(([resource, count]) => ({ resource, count }));
  return { objects: list, totalKeys: list.reduce((sum, { count }) => sum + count, 0) };
}

test("lostKeys: events and leases that went are no loss, under every name that they have; all config maps that went are one, whatever events there are", () => {
  const quiet = counted({ configmaps: 90 });
  const names = [
    "events",
    "/registry/events/",
    "events below /old",
    "events.k8s.io/events",
    "coordination.k8s.io/leases",
    "leases.coordination.k8s.io below /old",
    "coordination.k8s.io/leasecandidates",
    "certificates.k8s.io/certificatesigningrequests",
    "masterleases",
    "/registry/masterleases/",
    "peerserverleases",
  ];
  for (const name of names) assert.equal(lostKeys(quiet, counted({ configmaps: 90, [name]: 10_000 })), undefined, name);
  const emptied = lostKeys(counted({ events: 115 }), counted({ configmaps: 90, events: 115 }));
  assert.deepEqual(emptied, { now: 0, before: 90, what: "keys without events and leases" });
  // Custom resources that are only named alike.
  assert.equal(lostKeys(quiet, counted({ configmaps: 90, "example.com/leases": 100 }))?.now, 90);
});

test("lostKeys: where a manifest does not count by resource, all keys are compared; an empty cluster is counted", () => {
  const uncounted = { objects: [], totalKeys: 205 };
  assert.equal(lostKeys(counted({ configmaps: 90, events: 15 }), uncounted), undefined);
  assert.deepEqual(lostKeys(counted({ configmaps: 90 }), uncounted), { now: 90, before: 205, what: "keys" });
  assert.equal(lostKeys({ objects: [], totalKeys: 0 }, counted({ configmaps: 90, events: 9 }))?.before, 90);
});

test("lostKeys: 49 keys are too few to tell a loss from a cluster that is being built, 50 are enough", () => {
  assert.equal(lostKeys(counted({ configmaps: 8 }), counted({ configmaps: 49, events: 500 })), undefined);
  assert.equal(lostKeys(counted({ configmaps: 8 }), counted({ configmaps: 50 }))?.before, 50);
});
