import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanForApply } from "./clean-for-apply.ts";
import { parseKubeJson } from "./parse-kube-json.ts";
import { isKubeObject, isSameJson, type KubeObject } from "./kube-json.ts";

function object(value: unknown): KubeObject {
  const parsed = parseKubeJson(JSON.stringify(value));
  assert.ok(isKubeObject(parsed));
  return parsed;
}

function cleaned(value: unknown): unknown {
  return JSON.parse(JSON.stringify(cleanForApply(object(value)).object));
}

test("cleanForApply: what the cluster writes goes, each with its reason; what a person wrote stays", () => {
  const before = object({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "a",
      namespace: "default",
      uid: "1",
      resourceVersion: "2",
      generation: 3,
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [{ manager: "kubectl" }],
      ownerReferences: [{ uid: "9" }],
      generateName: "a-",
      labels: { app: "x" },
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
    },
    data: { "settings.yaml": "a: 1\n" },
  });
  const copy = JSON.stringify(before);
  const { object: after, removed } = cleanForApply(before);
  const expected = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "default", labels: { app: "x" } },
    data: { "settings.yaml": "a: 1\n" },
  };
  assert.ok(isSameJson(after, object(expected)), JSON.stringify(after));
  assert.equal(JSON.stringify(before), copy);
  assert.deepEqual(
    removed.map((field) => field.path),
    [
      "metadata.uid",
      "metadata.resourceVersion",
      "metadata.generation",
      "metadata.creationTimestamp",
      "metadata.managedFields",
      "metadata.ownerReferences",
      "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]",
      "metadata.generateName",
    ],
  );
});

test("cleanForApply: a claim and its volume can be bound again", () => {
  const claim = {
    kind: "PersistentVolumeClaim",
    metadata: { name: "c", annotations: { "pv.kubernetes.io/bind-completed": "yes", mine: "1" } },
    spec: { volumeName: "v" },
    status: {},
  };
  assert.deepEqual(cleaned(claim), {
    kind: "PersistentVolumeClaim",
    metadata: { name: "c", annotations: { mine: "1" } },
    spec: { volumeName: "v" },
  });
  const volume = {
    kind: "PersistentVolume",
    metadata: { name: "v" },
    spec: { claimRef: { name: "c", namespace: "n", uid: "1", resourceVersion: "2" } },
  };
  assert.deepEqual(cleaned(volume), {
    kind: "PersistentVolume",
    metadata: { name: "v" },
    spec: { claimRef: { name: "c", namespace: "n" } },
  });
});

test("cleanForApply: a Job loses what its uid made, unless its selector was given by hand", () => {
  const labels = { app: "x", "controller-uid": "1", "batch.kubernetes.io/controller-uid": "1" };
  const spec = {
    selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "1" } },
    template: { metadata: { creationTimestamp: null, labels } },
  };
  assert.deepEqual(cleaned({ kind: "Job", metadata: { name: "j" }, spec }), {
    kind: "Job",
    metadata: { name: "j" },
    spec: { template: { metadata: { labels: { app: "x" } } } },
  });
  const byHand = { kind: "Job", metadata: { name: "j" }, spec: { manualSelector: true, selector: { matchLabels: { app: "x" } } } };
  assert.deepEqual(cleaned(byHand), byHand);
});

test("cleanForApply: a Pod is scheduled anew; another kind's spec.nodeName stays", () => {
  assert.deepEqual(cleaned({ kind: "Pod", metadata: { name: "p" }, spec: { nodeName: "cp1" } }), {
    kind: "Pod",
    metadata: { name: "p" },
    spec: {},
  });
  assert.deepEqual(cleaned({ kind: "Widget", spec: { nodeName: "cp1" } }), { kind: "Widget", spec: { nodeName: "cp1" } });
});
