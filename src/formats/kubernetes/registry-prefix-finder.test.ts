import assert from "node:assert/strict";
import { test } from "node:test";
import { RegistryPrefixFinder } from "./registry-prefix-finder.ts";

const object = '{"kind":"Pod","apiVersion":"v1"}';

function prefixesOf(...records: readonly (readonly [key: string, value: string])[]): readonly string[] {
  const finder = new RegistryPrefixFinder();
  for (const [key, value] of records) finder.see(Buffer.from(key), Buffer.from(value));
  return finder.prefixes();
}

test("RegistryPrefixFinder: a usual prefix is told by any object, or by a key that every Kubernetes has", () => {
  assert.deepEqual(prefixesOf(["/registry/events/shop/a.1", "k8s\0\n"]), ["/registry"], "an etcd for events alone has no such key");
  assert.deepEqual(prefixesOf(["/registry/secrets/shop/a", "k8s:enc:aescbc:v1:key1:x"]), ["/registry"]);
  assert.deepEqual(prefixesOf(["/registry/namespaces/default", "\0\0\0"]), ["/registry"], "also when its value is damaged");
  assert.deepEqual(prefixesOf(["/registry/v2/blobs", "image"], ["compact_rev_key", "7"], ["/registryx/pods/a/b", "x"]), []);
});

test("RegistryPrefixFinder: another prefix is told by an object where most have one; what only looks like a place does not", () => {
  assert.deepEqual(prefixesOf(["/team/a/registry/metrics.k8s.io/pods/b/c", object], ["/team/a/registry/secrets/x/y", object]), [
    "/team/a/registry",
  ]);
  assert.deepEqual(prefixesOf(["/app/secrets/x", "hunter2"], ["/app/configmaps/y", '{"a":1}'], ["/app/config/z", object]), []);
});

test("RegistryPrefixFinder: several are all found, the one with most records first", () => {
  assert.deepEqual(
    prefixesOf(
      ["/openshift.io/routes/a/b", object],
      ["/kubernetes.io/pods/a/b", object],
      ["/kubernetes.io/pods/a/c", object],
      ["/kubernetes.io/zero", ""],
      ["/other/pods/a/b", object],
      ["/other/pods/a/c", object],
    ),
    ["/kubernetes.io", "/other", "/openshift.io"],
  );
});
