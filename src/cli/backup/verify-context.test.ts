import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLastSeenStore } from "../../../test/support/fake-last-seen-store.ts";
import { firstSet, setWorld, writeSet } from "../../../test/support/set-world.ts";
import { asBackupSetId, asClusterId } from "../../model/ids.ts";
import type { LastSeen } from "../../model/inventory.ts";
import { writeLastSeen } from "../../schemas/last-seen.ts";
import { ownLookOf } from "./verify-context.ts";

const { signal } = new AbortController();

test("ownLookOf: a damaged file of this machine stops no verification: it is named, with what to do", async () => {
  const world = setWorld();
  const manifest = await writeSet(world.writing, { "/etc/a": Buffer.from("a") });
  const lastSeen = new FakeLastSeenStore();
  lastSeen.texts.set(manifest.cluster.name, '{"takenAt":');
  lastSeen.placeOf = () => "/var/lib/requorum/inventory.json";
  const call = { app: { ports: { lastSeen }, signal }, backup: { ports: world.reading, trust: world.reading.trust } };
  const found = await ownLookOf(call, manifest);
  assert.equal(found.lastSeen, undefined);
  assert.match(found.lastSeenProblem ?? "", /inventory\.json.*damaged.*mv \/var\/lib\/requorum\/inventory\.json /);
});

test("ownLookOf: a look from before another, older set counts no more; one that no set came after does", async () => {
  const world = setWorld();
  await writeSet(world.writing, { "/etc/a": Buffer.from("a") }, { id: firstSet });
  const manifest = await writeSet(world.writing, { "/etc/a": Buffer.from("b") }, { id: asBackupSetId("20260302-030000-bbbbbb") });
  const later = { ...manifest, createdAt: new Date(Date.parse(manifest.createdAt) + 86_400_000).toISOString() };
  const look = async (takenAtMs: number): Promise<LastSeen | undefined> => {
    const lastSeen = new FakeLastSeenStore();
    const facts = {
      members: [],
      raftIndex: 1n,
      raftTerm: 1n,
      objectCounts: [],
      hosts: [],
      clusterId: asClusterId("feed"),
      revision: 48_211n,
    };
    lastSeen.texts.set(manifest.cluster.name, writeLastSeen({ ...facts, takenAt: new Date(takenAtMs).toISOString() }));
    const call = { app: { ports: { lastSeen }, signal }, backup: { ports: world.reading, trust: world.reading.trust } };
    return (await ownLookOf(call, later)).lastSeen;
  };
  const first = Date.parse(manifest.createdAt);
  assert.equal(await look(first - 60_000), undefined);
  assert.equal((await look(first + 60_000))?.revision, 48_211n);
});
