/**
 * A backup set of a real Kubernetes, with secrets encrypted at rest, restored
 * into the sandbox with a real etcd and a real kube-apiserver. 40 s in all.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createLocalSandboxes, type LocalSandboxesOptions } from "../../src/adapters/sandbox/local-sandboxes.ts";
import { restorabilityOf } from "../../src/catalogue/verify/restorability.ts";
import { RealApiServer } from "../support/real-api-server.ts";
import { sandboxOptions } from "../support/sandbox-options.ts";
import { encryptionConfig, machineFiles, newPki, verifyWorld } from "../support/verify-world.ts";

const work = mkdtempSync(join(tmpdir(), "requorum-drill-"));
const fixtures = join(import.meta.dirname, "../fixtures/kubernetes");
const encryption = join(work, "encryption.yaml");
writeFileSync(encryption, encryptionConfig(), { mode: 0o600 });
writeFileSync(
  join(work, "objects.yaml"),
  `apiVersion: v1
kind: Secret
metadata: { name: planted, namespace: default }
stringData: { password: planted-secret-value }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: widgets, singular: widget, kind: Widget }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gadgets.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: gadgets, singular: gadget, kind: Gadget }
  conversion:
    strategy: Webhook
    webhook:
      conversionReviewVersions: [v1]
      clientConfig: { url: "https://127.0.0.1:9/convert" }
  versions:
    - { name: v1beta1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }
    - { name: v1, served: true, storage: false, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: nobody-answers }
webhooks:
  - name: nobody.example.com
    clientConfig: { url: "https://127.0.0.1:9/none" }
    rules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["leases"] }]
    sideEffects: None
    admissionReviewVersions: [v1]
    failurePolicy: Ignore
`,
);
writeFileSync(
  join(work, "widget.yaml"),
  "apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: one, namespace: default }\nspec: { size: 3 }\n",
);
// The server prefers v1, and would have to ask a webhook that nobody answers.
writeFileSync(
  join(work, "gadget.yaml"),
  "apiVersion: example.com/v1beta1\nkind: Gadget\nmetadata: { name: one, namespace: default }\nspec: { size: 3 }\n",
);
const snapshot = await snapshotOfCluster();
after(() => {
  rmSync(work, { recursive: true, force: true });
});

async function snapshotOfCluster(): Promise<Uint8Array> {
  const server = await RealApiServer.start({ flags: [`--encryption-provider-config=${encryption}`] });
  try {
    await server.kubectl("create", join(fixtures, "many-kinds.yaml"));
    await server.kubectl("create", join(work, "objects.yaml"));
    // Their definitions are served a moment later.
    for (const file of ["widget.yaml", "gadget.yaml"])
      for (let left = 50; ; left -= 1) {
        const made = await server.kubectl("create", join(work, file)).then(
          () => true,
          (error: unknown) => {
            if (left === 0) throw error;
            return false;
          },
        );
        if (made) break;
      }
    return readFileSync(await server.snapshot());
  } finally {
    await server.close();
  }
}

async function drill(options: LocalSandboxesOptions) {
  const world = await verifyWorld({
    snapshot,
    machines: { cp1: machineFiles(newPki(), "cp1") },
    sandboxes: createLocalSandboxes(options),
  });
  try {
    return { world, verified: await world.verify({ level: "V5", isDrill: true }) };
  } finally {
    rmSync(world.spoolDirectory, { recursive: true });
  }
}

test("V5: every object that the set counts is listed by a real API server, and a secret that was encrypted reads the same", async () => {
  const { world, verified } = await drill(sandboxOptions());
  assert.deepEqual(
    verified.outcomes.map(({ level, verdict }) => `${level} ${verdict}`),
    ["V0 holds", "V1 holds", "V2 holds", "V3 holds", "V4 holds", "V5 holds"],
    JSON.stringify(verified.outcomes.slice(-2), undefined, 1),
  );
  const said = verified.outcomes[5]?.because.join("\n") ?? "";
  assert.match(said, /^kube-apiserver 1\.34\.\d+ lists \d+ objects of \d+ resources at revision \d+, as many as the set has of each/);
  assert.match(said, /secrets? read with the content that the set has \([1-9]\d* encrypted at rest\)/);
  const objects = world.manifest.snapshot.objects;
  for (const wanted of ["example.com/widgets", "example.com/gadgets"])
    assert.ok(
      objects.some(({ resource }) => resource === wanted),
      JSON.stringify(objects),
    );
  assert.ok(
    verified.drill !== undefined && verified.drill.apiReadyMs !== undefined && verified.drill.apiReadyMs > verified.drill.etcdReadyMs,
  );
  assert.ok(verified.proof !== undefined);
  const worth = restorabilityOf(world.manifest, [{ ...verified.proof.proof, storedAt: verified.proof.proof.at }], Date.now());
  assert.deepEqual([worth.score, worth.level, worth.expectedRto?.apiMs], [100, "V5", verified.drill.apiReadyMs]);
  assert.doesNotMatch(JSON.stringify(verified.outcomes), /planted-secret-value/);
  assert.deepEqual(
    readdirSync("/dev/shm").filter((name) => name.startsWith("requorum-sandbox-")),
    [],
  );
});

test("V5: an API server that lists one object less, or reads another secret, fails it", async () => {
  const options = sandboxOptions();
  const { verified } = await drill({
    ...options,
    dialApi: (target) => {
      const api = options.dialApi(target);
      return {
        host: api.host,
        close: () => api.close(),
        request: async (request) => {
          const answer = await api.request(request);
          if (request.path.startsWith("/apis/example.com/v1/widgets"))
            return { ...answer, text: answer.text.replace(/"items":\[.*\]/s, '"items":[]') };
          return request.path.endsWith("/secrets/planted")
            ? { ...answer, text: answer.text.replace(/"data":\{[^}]*\}/, '"data":{}') }
            : answer;
        },
      };
    },
  });
  const last = verified.outcomes[5];
  assert.equal(last?.verdict, "fails", JSON.stringify(last));
  assert.match(
    last.because.join("\n"),
    /\/apis\/example\.com\/v1\/widgets lists 0 objects, the set has 1\nsecret default\/planted has other content than in the set/,
  );
});
