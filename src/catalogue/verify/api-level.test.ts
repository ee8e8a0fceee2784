import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import { asHostName } from "../../model/ids.ts";
import { proveApi } from "./api-level.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const webhook =
  'conversion webhook for example.com/v1beta1, Kind=Widget failed: Post "https://conv.default.svc:443/convert": dial tcp: refused';

/** A server of two custom resources, by path without query; 404 for all else. */
function proof(answers: { readonly [path: string]: unknown }, counts: { readonly [resource: string]: number }) {
  const asked: string[] = [];
  const manifest = {
    snapshot: { revision: 9n, objects: Object.entries(counts).map(([resource, count]) => ({ resource, count })) },
  } as unknown as BackupManifest;
  const usual: { readonly [path: string]: unknown } = {
    "/api/v1": { resources: [{ name: "pods", verbs: ["list"] }] },
    "/apis": {
      groups: [
        {
          name: "example.com",
          preferredVersion: { groupVersion: "example.com/v1" },
          versions: [{ groupVersion: "example.com/v1" }, { groupVersion: "example.com/v1beta1" }],
        },
      ],
    },
    "/apis/example.com/v1": { resources: ["widgets", "gadgets"].map((name) => ({ name, verbs: ["list"] })) },
    "/apis/example.com/v1beta1": { resources: ["widgets", "gadgets"].map((name) => ({ name, verbs: ["list"] })) },
    "/api/v1/pods": { items: [1, 2] },
    "/apis/example.com/v1/gadgets": { items: [1] },
    ...answers,
  };
  const result = proveApi({
    api: {
      host: asHostName("sandbox"),
      close: () => Promise.resolve(),
      request: ({ path }) => {
        const [place = ""] = path.split("?");
        asked.push(place);
        const body = usual[place];
        const status = body === undefined ? 404 : ((body as { readonly code?: number }).code ?? 200);
        return Promise.resolve({ status, text: JSON.stringify(body ?? { message: "not found" }) });
      },
    },
    clock: new FakeClock(),
    hashing: new NodeHashing(),
    report: () => undefined,
    signal: new AbortController().signal,
    manifest,
    sealed: { resources: ["example.com/widgets", "example.com/gadgets"], secrets: [] } as never,
    program: "kube-apiserver 1.34.4",
    servesAsBefore: true,
  });
  return { asked, result };
}

const definition = (stored: readonly string[], served = true) => ({
  spec: {
    versions: [
      { name: "v1beta1", served, storage: true },
      { name: "v1", served: true, storage: false },
    ],
  },
  status: { storedVersions: stored },
});
const counts = { pods: 2, "example.com/widgets": 3, "example.com/gadgets": 1 };

test("V5: a custom resource is listed in the version in which it is stored, so that no conversion webhook is asked", async () => {
  const { asked, result } = proof(
    {
      [`${definitions}/widgets.example.com`]: definition(["v1beta1"]),
      "/apis/example.com/v1/widgets": { code: 500, message: webhook },
      "/apis/example.com/v1beta1/widgets": { items: [1, 2, 3] },
    },
    counts,
  );
  const { verdict, because } = await result;
  assert.equal(verdict, "holds", because.join("\n"));
  assert.match(because[0] ?? "", /lists 6 objects of 3 resources/);
  assert.ok(!asked.includes("/apis/example.com/v1/widgets"), asked.join("\n"));
});

test("V5: one that only its conversion webhook can list is not known, the others are compared all the same, and what is wrong with them fails", async () => {
  const answers = {
    [`${definitions}/widgets.example.com`]: definition(["v1alpha1", "v1beta1"]),
    "/apis/example.com/v1beta1/widgets": { code: 500, message: webhook },
  };
  const { verdict, because } = await proof(answers, counts).result;
  assert.equal(verdict, "unknown", because.join("\n"));
  assert.match(because.join("\n"), /^example\.com\/widgets could not be listed without its conversion webhook: GET .*status 500/);
  assert.match(because.join("\n"), /of the others kube-apiserver 1\.34\.4 lists 3 objects of 2 resources/);
  const fewer = await proof(answers, { ...counts, "example.com/gadgets": 2 }).result;
  assert.deepEqual([fewer.verdict, fewer.because], ["fails", ["/apis/example.com/v1/gadgets lists 1 object, the set has 2"]]);
});

test("V5: a list that the server refuses for another reason fails, and ends nothing", async () => {
  const { verdict, because } = await proof(
    {
      "/api/v1/pods": { code: 500, message: "Internal error occurred: unable to transform key" },
      "/apis/example.com/v1/widgets": { items: [1] },
      [`${definitions}/widgets.example.com`]: definition(["v1beta1"], false),
    },
    counts,
  ).result;
  assert.equal(verdict, "fails");
  assert.equal(because.length, 2);
  assert.match(because.join("\n"), /pods.*status 500: Internal error.*\n\/apis\/example\.com\/v1\/widgets lists 1 object, the set has 3/);
});
