import assert from "node:assert/strict";
import { test } from "node:test";
import { manifestFacts, seededBytes, setWorld, writeSet } from "../../../test/support/set-world.ts";
import { glanceAtBackups } from "./glance-at-backups.ts";

const { name } = manifestFacts().cluster;

test("glanceAtBackups: the newest trusted set of the cluster; a damaged manifest and one of another cluster are passed over", async () => {
  const { writing, reading, store, clock } = setWorld();
  const context = { backup: writing, trust: reading.trust, signal: new AbortController().signal };
  assert.deepEqual(await glanceAtBackups(context, name, clock.nowMs()), { newest: undefined, lastProven: undefined, lost: undefined });
  const manifest = await writeSet(writing, { "/a": seededBytes(1, 10) });
  const damaged = "sets/20990101-000000-cccccc.json";
  await store.put(damaged, new TextEncoder().encode("{}"));
  const glance = await glanceAtBackups(context, name, clock.nowMs());
  const { newest } = glance;
  assert.deepEqual([newest?.manifest.id, newest?.restorability.level], [manifest.id, undefined]);
  assert.equal(glance.lastProven, undefined);
  assert.equal((await glanceAtBackups(context, "another", clock.nowMs())).newest, undefined);
  const stranger = await glanceAtBackups({ ...context, trust: { publicKeys: [] } }, name, clock.nowMs());
  assert.equal(stranger.newest, undefined);
});
