import assert from "node:assert/strict";
import { test } from "node:test";
import { manifestFacts } from "../../test/support/set-world.ts";
import { asBackupSetId, asClusterId } from "../model/ids.ts";
import { findBreaks, type LineageSet } from "./find-breaks.ts";

function setOf(day: number, clusterId: string | undefined, revision: bigint, totalKeys = 1000): LineageSet {
  const facts = manifestFacts();
  return {
    id: asBackupSetId(`2026030${String(day)}-030000-aaaaaa`),
    manifest: {
      createdAt: `2026-03-0${String(day)}T03:00:00.000Z`,
      cluster: { ...facts.cluster, clusterId: clusterId === undefined ? undefined : asClusterId(clusterId) },
      snapshot: { ...facts.snapshot, revision, totalKeys },
      marks: [],
    },
  };
}
const newerOf = (sets: readonly LineageSet[]) => findBreaks(sets, []).map(({ newer, older }) => [newer, older]);

test("findBreaks: copies of data dirs between two clusters hide no break, and make none within one", () => {
  const [first, offline, again] = [setOf(1, "01", 100n), setOf(2, undefined, 150n), setOf(3, undefined, 150n)];
  for (const orphan of [setOf(4, "02", 160n), setOf(4, "02", 3n, 600)]) {
    assert.deepEqual(newerOf([first, orphan]), [[orphan.id, first.id]]);
    assert.deepEqual(newerOf([first, offline, orphan]), [[orphan.id, first.id]]);
    assert.deepEqual(newerOf([first, offline, again, orphan]), [[orphan.id, first.id]]);
  }
  assert.deepEqual(newerOf([first, offline, setOf(4, "01", 160n)]), []);
});

test("findBreaks: no break where `backup create` sets no mark: a cluster of few keys that lost most of them", () => {
  assert.deepEqual(newerOf([setOf(1, "01", 100n, 30), setOf(2, "01", 160n, 8)]), []);
  assert.equal(newerOf([setOf(1, "01", 100n, 60), setOf(2, "01", 160n, 8)]).length, 1);
});
