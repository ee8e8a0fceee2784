import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldDiff } from "./field-diff.ts";
import { isKubeObject, type KubeObject } from "./kube-json.ts";
import { parseKubeJson } from "./parse-kube-json.ts";

function object(value: unknown): KubeObject {
  const parsed = parseKubeJson(JSON.stringify(value));
  assert.ok(isKubeObject(parsed));
  return parsed;
}

function changes(before: unknown, after: unknown): string[] {
  return fieldDiff(object(before), object(after)).map((change) => `${change.kind} ${change.path}`);
}

test("fieldDiff: fields added, removed and changed, by path", () => {
  const before = { spec: { replicas: 1, paused: true }, metadata: { labels: { "a.b/c": "1" } } };
  const after = { spec: { replicas: 3, strategy: { type: "Recreate" } }, metadata: { labels: { "a.b/c": "2" } } };
  assert.deepEqual(changes(before, after), [
    "changed metadata.labels[a.b/c]",
    "removed spec.paused",
    "changed spec.replicas",
    "added spec.strategy",
  ]);
});

test("fieldDiff: items of a list are matched by what names them, not by their place", () => {
  const app = { name: "app", image: "a:1" };
  const paths = changes(
    { containers: [app] },
    {
      containers: [
        { name: "proxy", image: "p" },
        { ...app, image: "a:2" },
      ],
    },
  );
  assert.deepEqual(paths, ["changed containers[name=app].image", "added containers[name=proxy]"]);
  assert.deepEqual(
    changes(
      { ports: [{ port: 53, protocol: "UDP" }] },
      {
        ports: [
          { port: 53, protocol: "TCP" },
          { port: 53, protocol: "UDP" },
        ],
      },
    ),
    ["added ports[port=53,protocol=TCP]"],
  );
  assert.deepEqual(
    changes(
      { initContainers: [{ name: "a", image: "1" }, { name: "b" }] },
      { initContainers: [{ name: "c" }, { name: "b" }, { name: "a", image: "2" }] },
    ),
    ["reordered initContainers", "changed initContainers[name=a].image", "added initContainers[name=c]"],
    "the order of named items counts, too",
  );
  assert.deepEqual(changes({ args: ["a", "b"] }, { args: ["a", "c", "d"] }), ["changed args[1]", "added args[2]"]);
});

test("fieldDiff: bookkeeping is left aside unless wanted; equal states have no changes", () => {
  const before = { metadata: { resourceVersion: "1", managedFields: [{ manager: "a" }] } };
  const after = { metadata: { resourceVersion: "2", managedFields: [{ manager: "b" }] } };
  assert.deepEqual(changes(before, after), []);
  assert.equal(fieldDiff(object(before), object(after), { includesBookkeeping: true }).length, 2);
  assert.deepEqual(changes({ a: [1, { b: null }] }, { a: [1, { b: null }] }), []);
  assert.deepEqual(changes({ a: null }, {}), ["removed a"]);
});
