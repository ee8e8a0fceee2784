import assert from "node:assert/strict";
import { test } from "node:test";
import { manifestFacts } from "../../../test/support/set-world.ts";
import type { ListedSet } from "../../catalogue/list-sets.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import { asBackupSetId, asClusterId } from "../../model/ids.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import { contentMarks, judgeClock } from "./judge-marks.ts";

const { name } = manifestFacts().cluster;
const nowMs = Date.parse("2026-11-22T00:00:00Z");

function set(createdAt: string, storedAt = createdAt): ListedSet {
  const id = asBackupSetId(`${createdAt.slice(0, 10).replaceAll("-", "")}-000000-aaaaaa`);
  const manifest = { ...manifestFacts(), id, createdAt } as unknown as BackupManifest;
  const object = { name: `sets/${id}.json`, sizeBytes: 1, modifiedAt: storedAt };
  return { kind: "trusted", id, manifest, manifestSha256: "", signers: [], because: "", object };
}

const judge = (sets: readonly ListedSet[], offsetsMs: readonly number[]) => {
  const { newest, marks, remarks } = judgeClock(name, sets, nowMs, offsetsMs);
  return { newest: newest?.createdAt.slice(0, 10), marks: marks.map(({ code }) => code), remarks };
};

test("judgeClock: a set of the future hinders no other, where store or machines say that its date is wrong; it is told, with the way out", () => {
  const good = set("2026-11-21T00:00:00.000Z");
  const future = set("2031-01-01T00:00:00.000Z");
  const said = /set 20310101-000000-aaaaaa says that it was made at 2031-.*requorum backup prune --future 20310101-000000-aaaaaa/;
  // Both of the same wrong clock; the machines have another.
  const byMachines = judge([good, future], [1000, -200, 300]);
  assert.deepEqual([byMachines.newest, byMachines.marks], ["2026-11-21", []]);
  assert.match(byMachines.remarks.join(), said);
  // The store knows when it came.
  const byStore = judge([set("2031-01-01T00:00:00.000Z", "2026-11-20T00:00:00.000Z"), good], []);
  assert.deepEqual([byStore.newest, byStore.marks], ["2026-11-21", []]);
  assert.match(byStore.remarks.join(), said);
});

test("judgeClock: a clock in the past is a mark, when nobody says that it is right", () => {
  const newer = set("2026-11-23T00:00:00.000Z");
  for (const offsets of [[], [86_400_000, 86_400_000], [0, 86_400_000]])
    assert.deepEqual(judge([newer], offsets), { newest: "2026-11-23", marks: ["CLOCK_WENT_BACK"], remarks: [] });
  // Two makers whose clocks differ by minutes.
  assert.deepEqual(judge([set("2026-11-22T00:10:00.000Z")], []), { newest: "2026-11-22", marks: [], remarks: [] });
});

test("judgeClock: where the newest set does not tell its cluster's id, what is made next is compared with the newest that does, too", () => {
  const ofCluster = (createdAt: string, clusterId: string | undefined): ListedSet => {
    const one = set(createdAt);
    if (one.kind === "damaged") throw new Error("not damaged");
    const cluster = { ...one.manifest.cluster, clusterId: clusterId === undefined ? undefined : asClusterId(clusterId) };
    return { ...one, manifest: { ...one.manifest, cluster } };
  };
  const [older, known, offline] = [
    ofCluster("2026-11-18T00:00:00.000Z", "a0"),
    ofCluster("2026-11-19T00:00:00.000Z", "a1"),
    ofCluster("2026-11-20T00:00:00.000Z", undefined),
  ];
  const idsOf = (sets: readonly ListedSet[]) => judgeClock(name, sets, nowMs, []).before.map(({ clusterId }) => clusterId);
  assert.deepEqual(idsOf([older, known, offline]), [undefined, "a1"]);
  assert.deepEqual(idsOf([older, known]), ["a1"]);
  assert.deepEqual(idsOf([offline]), [undefined]);
  assert.deepEqual(idsOf([]), []);
});

test("contentMarks: events that expired refuse no backup; config maps that are all gone do, whatever events there are (I-R10)", () => {
  const counted = (objects: { readonly [resource: string]: number }) => {
    const list = Object.entries(objects).map(([resource, count]) => ({ resource, count }));
    return { objects: list, totalKeys: list.reduce((sum, { count }) => sum + count, 0) };
  };
  const before = set("2026-11-21T00:00:00.000Z");
  if (before.kind === "damaged") throw new Error("not damaged");
  const newest = { ...before.manifest, snapshot: { ...before.manifest.snapshot, ...counted({ configmaps: 90, events: 115 }) } };
  const marksOf = (objects: { readonly [resource: string]: number }) =>
    contentMarks({ ...counted(objects), logLoss: undefined } as unknown as SnapshotDescription, newest);
  assert.deepEqual(marksOf({ configmaps: 90 }), []);
  const [lost, ...others] = marksOf({ events: 115 });
  assert.deepEqual([lost?.code, others], ["OLDER_THAN_LAST_SEEN", []]);
  assert.match(lost?.because ?? "", /it has 0 keys without events and leases; set 20261121-000000-aaaaaa has 90: /);
});
