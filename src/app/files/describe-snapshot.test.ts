import assert from "node:assert/strict";
import { test } from "node:test";
import { landmarkWrites, snapshotBytes } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { describeSnapshot } from "./describe-snapshot.ts";
import { hashKvFile } from "./hash-kv-file.ts";
import { inspectFile } from "./inspect-file.ts";

test("describeSnapshot: revision, keys and hash are those of the other verbs, and resources have their group before them", () => {
  const path = "/a.db";
  const context = memoryFileContext({
    [path]: snapshotBytes({ writes: [...landmarkWrites, ["/registry/deployments/shop/web", new Uint8Array([1])]] }),
  });
  const found = describeSnapshot(context, { path, etcdVersion: "3.6.16" });
  const seen = inspectFile(context, path);
  const hash = hashKvFile(context, { path, revision: 0n, etcdVersion: "3.6.16" });
  assert.equal(found.revision, seen.revision);
  assert.equal(found.hashKv, hash.hash);
  assert.equal(found.totalKeys, seen.totalKeys);
  assert.deepEqual(found.problems, []);
  assert.equal(found.objects.find(({ resource }) => resource === "apps/deployments")?.count, 1);
  assert.equal(
    found.objects.reduce((sum, { count }) => sum + count, 0),
    found.totalKeys,
  );
});

test("describeSnapshot: services and endpoints, which lie below one part of the key, are counted apart, as the API lists them", () => {
  const path = "/a.db";
  const some = new Uint8Array([1]);
  const context = memoryFileContext({
    [path]: snapshotBytes({
      writes: [
        ...landmarkWrites,
        ["/registry/services/specs/shop/web", some],
        ["/registry/services/specs/shop/db", some],
        ["/registry/services/endpoints/shop/web", some],
      ],
    }),
  });
  const { objects } = describeSnapshot(context, { path, etcdVersion: "3.6.16" });
  assert.deepEqual(
    objects.filter(({ resource }) => /service|endpoint/.test(resource)),
    [
      { resource: "endpoints", count: 1 },
      { resource: "services", count: 2 },
    ],
  );
  assert.deepEqual(
    inspectFile(context, path)
      .byResource.filter(({ resource }) => /service|endpoint/.test(resource))
      .map(({ resource, objects: count }) => [resource, count])
      .sort(),
    [
      ["endpoints", 1],
      ["services", 2],
    ],
  );
});

test("describeSnapshot: of a data dir its log tells the cluster's id, so that an offline copy is of a cluster too", () => {
  const files = dataDirFilesOf({ writes: landmarkWrites, requests: [] });
  const context = memoryFileContext({ ...below("/d", files), "/a.db": snapshotBytes({ writes: landmarkWrites }) });
  assert.equal(describeSnapshot(context, { path: "/d", etcdVersion: "3.6.16" }).clusterId, "c1");
  assert.equal("clusterId" in describeSnapshot(context, { path: "/a.db", etcdVersion: "3.6.16" }), false);
});
