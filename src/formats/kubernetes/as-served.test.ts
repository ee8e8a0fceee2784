import assert from "node:assert/strict";
import { test } from "node:test";
import { asServed } from "./as-served.ts";
import { isKubeObject, valueAt, type KubeJson, type KubeObject } from "./kube-json.ts";
import { parseKubeJson } from "./parse-kube-json.ts";

function objectOf(value: unknown): KubeObject {
  const object = parseKubeJson(JSON.stringify(value));
  assert.ok(isKubeObject(object));
  return object;
}

const plain = (value: KubeJson | undefined): unknown => JSON.parse(JSON.stringify(value)) as unknown;

function crd(spec: unknown): KubeObject {
  return objectOf({ apiVersion: "apiextensions.k8s.io/v1beta1", kind: "CustomResourceDefinition", metadata: { name: "a.b" }, spec });
}

test("asServed: a CustomResourceDefinition is v1, with what was said for all versions said with each", () => {
  const schema = { openAPIV3Schema: { type: "object" } };
  const served = asServed(
    crd({
      group: "b",
      version: "v1",
      names: { plural: "a" },
      scope: "Namespaced",
      validation: schema,
      subresources: { status: {} },
      additionalPrinterColumns: [{ name: "Size", type: "integer", JSONPath: ".spec.size" }],
      versions: [
        { name: "v1", served: true, storage: true },
        { name: "v2", served: false, storage: false },
      ],
      conversion: { strategy: "None" },
      preserveUnknownFields: false,
    }),
    9n,
  );
  const each = {
    subresources: { status: {} },
    schema,
    additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
  };
  assert.deepEqual(plain(served), {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "a.b", resourceVersion: "9" },
    spec: {
      group: "b",
      names: { plural: "a" },
      scope: "Namespaced",
      versions: [
        { name: "v1", served: true, storage: true, ...each },
        { name: "v2", served: false, storage: false, ...each },
      ],
      conversion: { strategy: "None" },
    },
  });
});

test("asServed: a CustomResourceDefinition with a webhook, schemas of its versions, and one of old with nothing but a version", () => {
  const webhook = asServed(
    crd({
      versions: [{ name: "v1", schema: { x: 1 }, additionalPrinterColumns: [{ name: "a", JSONPath: ".a" }] }],
      conversion: {
        strategy: "Webhook",
        webhookClientConfig: { service: { name: "s", namespace: "n", port: 443 } },
        conversionReviewVersions: ["v1"],
      },
      preserveUnknownFields: true,
    }),
    1n,
  );
  assert.deepEqual(plain(webhook["spec"]), {
    versions: [{ name: "v1", schema: { x: 1 }, additionalPrinterColumns: [{ name: "a", jsonPath: ".a" }] }],
    conversion: {
      strategy: "Webhook",
      webhook: { conversionReviewVersions: ["v1"], clientConfig: { service: { name: "s", namespace: "n", port: 443 } } },
    },
    preserveUnknownFields: true,
  });
  assert.deepEqual(plain(asServed(crd({ version: "v1" }), 1n)["spec"]), {
    versions: [{ name: "v1", served: true, storage: true }],
    conversion: { strategy: "None" },
    preserveUnknownFields: true,
  });
});

test("asServed: a new claim is pending, and a Job without labels has those of its template", () => {
  const claim = asServed(objectOf({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: {}, status: {} }), 1n);
  assert.deepEqual(plain(claim["status"]), { phase: "Pending" });
  const bound = asServed(objectOf({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: {}, status: { phase: "Bound" } }), 1n);
  assert.equal(valueAt(bound, "status", "phase"), "Bound");
  const template = { metadata: { labels: { "job-name": "j" } } };
  const job = (labels?: { readonly [name: string]: string }) =>
    asServed(objectOf({ apiVersion: "batch/v1", kind: "Job", metadata: { labels }, spec: { template } }), 1n);
  assert.deepEqual(plain(valueAt(job(), "metadata", "labels")), { "job-name": "j" });
  assert.deepEqual(plain(valueAt(job({ own: "1" }), "metadata", "labels")), { own: "1" });
});

test("asServed: device claims that 1.34 stored are in the version that it serves", () => {
  const claim = asServed(
    objectOf({ apiVersion: "resource.k8s.io/v1beta2", kind: "ResourceClaim", metadata: {}, spec: { devices: {} } }),
    1n,
  );
  assert.equal(claim["apiVersion"], "resource.k8s.io/v1");
  const rule = asServed(objectOf({ apiVersion: "resource.k8s.io/v1alpha3", kind: "DeviceTaintRule", metadata: {} }), 1n);
  assert.equal(rule["apiVersion"], "resource.k8s.io/v1alpha3");
});
