import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import {
  databaseBytes,
  kubeJson,
  landmarkWrites,
  sealedAesCbc,
  snapshotBytes,
  type KeyWrites,
} from "../../../test/support/kube-database.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import type { FileObjects } from "../../model/file-objects.ts";
import { getObjects, type GetObjectsRequest } from "./get-objects.ts";

const secret = Buffer.alloc(32, 3);
const sealKey = { name: "key1", secret };
const encryptionYaml = (base64: string): string =>
  `kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n  - resources: [secrets]\n    providers:\n      - aescbc: {keys: [{name: key1, secret: ${base64}}]}\n`;
const login = kubeJson("v1", "Secret", { name: "login", namespace: "default" }, { data: { password: "aHVudGVyMg==" } });
const deployment = (image: string): string =>
  kubeJson(
    "apps/v1",
    "Deployment",
    { name: "web", namespace: "shop", uid: "u-1", labels: { app: "web", tier: "front" } },
    { spec: { template: { spec: { containers: [{ name: "web", image }] } } }, status: { replicas: 1 } },
  );
const writes: KeyWrites = [
  ...landmarkWrites, // revisions 2, 3
  ["/registry/namespaces/shop", kubeJson("v1", "Namespace", { name: "shop" })], // 4
  ["/registry/deployments/shop/web", deployment("web:1")], // 5
  ["/registry/deployments/shop/web", deployment("web:2")], // 6
  ["/registry/configmaps/shop/settings", kubeJson("v1", "ConfigMap", { name: "settings", namespace: "shop" }, { data: { a: "1" } })], // 7
  ["/registry/configmaps/shop/settings", undefined], // 8
  ["/registry/secrets/default/login", sealedAesCbc(login, sealKey)], // 9
  [
    "/registry/lab.example/widgets/shop/one",
    kubeJson("lab.example/v1", "Widget", { name: "one", namespace: "shop" }, { spec: { big: 1 } }),
  ], // 10
];
const all = { what: undefined, namespace: undefined, selector: undefined };

function get(request: Partial<GetObjectsRequest> = {}, encryption = encryptionYaml(secret.toString("base64"))): FileObjects {
  const context = memoryFileContext({ "/b/backup.db": snapshotBytes({ writes }), "/b/enc.yaml": encryption });
  try {
    return getObjects(context, {
      path: "/b/backup.db",
      selection: all,
      revision: 0n,
      isRaw: false,
      encryptionConfig: undefined,
      ...request,
    });
  } finally {
    assert.equal(context.files.openCount, 0, "every file is closed");
  }
}
const keysOf = (found: FileObjects): readonly string[] => found.objects.map((one) => one.key);

test("get: one object comes ready for kubectl apply, and says what was left out and which revision wrote it", () => {
  const found = get({ selection: { ...all, what: "deploy/web" } });
  assert.deepEqual(keysOf(found), ["/registry/deployments/shop/web"]);
  const [web] = found.objects;
  assert.ok(web !== undefined);
  assert.equal(web.modRevision, 6n);
  assert.match(web.yaml, /image: web:2/);
  assert.doesNotMatch(web.yaml, /uid|status|resourceVersion/);
  assert.deepEqual(web.leftOut, ["status", "metadata.uid", "metadata.resourceVersion"]);
  assert.match(get({ selection: { ...all, what: "deploy/web" }, isRaw: true }).objects[0]?.yaml ?? "", /resourceVersion: "6"/);
});

test("get: an earlier revision gives what was there then, also what was deleted since", () => {
  assert.match(get({ selection: { ...all, what: "deployments.apps/web" }, revision: 5n }).objects[0]?.yaml ?? "", /image: web:1/);
  assert.deepEqual(keysOf(get({ selection: { ...all, what: "cm/settings" }, revision: 7n })), ["/registry/configmaps/shop/settings"]);
});

test("get: a namespace with its own object before what lies in it, a selector, a custom resource, a whole key", () => {
  assert.deepEqual(keysOf(get({ selection: { ...all, namespace: "shop" } })), [
    "/registry/namespaces/shop",
    "/registry/deployments/shop/web",
    "/registry/lab.example/widgets/shop/one",
  ]);
  assert.deepEqual(keysOf(get({ selection: { ...all, selector: "app=web,tier!=cache" } })), ["/registry/deployments/shop/web"]);
  assert.deepEqual(keysOf(get({ selection: { ...all, what: "widgets.lab.example/one" } })), ["/registry/lab.example/widgets/shop/one"]);
  assert.deepEqual(keysOf(get({ selection: { ...all, what: "/registry/namespaces/shop" } })), ["/registry/namespaces/shop"]);
});

test("get: resources are named as kubectl names them: lists, a name apart, versions, kinds, the category all", () => {
  const deploy = ["/registry/deployments/shop/web"];
  for (const what of ["Deployment/web", "deploy.v1.apps", "deployments.apps,cm", "cm,deploy/web", "all", "deployments.v1.apps/web"])
    assert.deepEqual(keysOf(get({ selection: { ...all, what, namespace: "shop" } })), deploy, what);
  assert.deepEqual(keysOf(get({ selection: { ...all, what: "deploy", names: ["none", "web"] } })), deploy);
  assert.deepEqual(
    keysOf(get({ selection: { ...all, what: "namespace/shop", namespace: "default" } })),
    ["/registry/namespaces/shop"],
    "what lies in no namespace is found whichever is named",
  );
});

test("get: a word that names no resource is a usage error with those of the file, the nearest first", () => {
  const wrong = (what: string, names: readonly string[], words: RegExp): void => {
    assert.throws(() => get({ selection: { ...all, what, names, namespace: "shop" } }), isRecoveryError("USAGE", words), what);
  };
  wrong("widget", [], /"widget" is no resource .* which has widgets\.lab\.example, /);
  wrong("deploy,nope", [], /"nope" is no resource .* deployments\.apps/);
  wrong("deployments.lab.example", [], /"deployments\.lab\.example" is no resource/);
  for (const what of ["configmaps/", "cm,", "", "cm/a/b"]) wrong(what, [], /RESOURCE, RESOURCE\/NAME, a list/);
  wrong("cm/settings", ["deploy/web"], /write cm\/settings,deploy\/web/);
  wrong("/registry/namespaces/shop", ["web"], /is a whole key/);
  assert.throws(() => get({ selection: { ...all, what: "pods" } }), isRecoveryError("OBJECT_NOT_FOUND"), "known, and not there");
});

test("get: what API servers keep for themselves is no object to apply, and is shown when it is asked for", () => {
  const context = () =>
    memoryFileContext({
      "/b/backup.db": snapshotBytes({
        writes: [
          ...landmarkWrites,
          ["/registry/masterleases/10.0.0.1", kubeJson("v1", "Endpoints", {})],
          ["/registry/configmaps/shop/settings", kubeJson("v1", "ConfigMap", { name: "settings", namespace: "shop" })],
        ],
      }),
    });
  const request = { path: "/b/backup.db", revision: 0n, isRaw: false, encryptionConfig: undefined };
  const keys = keysOf(getObjects(context(), { ...request, selection: all }));
  assert.ok(keys.includes("/registry/configmaps/shop/settings"));
  assert.ok(!keys.some((key) => /masterleases|ranges/.test(key)), keys.join(" "));
  assert.deepEqual(keysOf(getObjects(context(), { ...request, selection: { ...all, what: "/registry/masterleases/10.0.0.1" } })), [
    "/registry/masterleases/10.0.0.1",
  ]);
});

test("get: of a whole namespace what the cluster makes again by itself is left out and counted, and is had by name or with all", () => {
  const owned = (uid: string) => ({ ownerReferences: [{ apiVersion: "v1", kind: "Owner", name: "o", uid, controller: true }] });
  const inShop = (kind: string, name: string, more: object = {}) => kubeJson("v1", kind, { name, namespace: "shop", ...more });
  const places: KeyWrites = [
    ...landmarkWrites,
    ["/registry/pods/shop/web-1", inShop("Pod", "web-1", owned("1"))],
    ["/registry/pods/shop/alone", inShop("Pod", "alone")],
    ["/registry/replicasets/shop/web", inShop("ReplicaSet", "web", owned("2"))],
    ["/registry/events/shop/e", inShop("Event", "e")],
    ["/registry/leases/shop/l", inShop("Lease", "l")],
    ["/registry/services/endpoints/shop/web", inShop("Endpoints", "web")],
    ["/registry/endpointslices/shop/web", inShop("EndpointSlice", "web")],
    ["/registry/secrets/shop/db-password", inShop("Secret", "db-password", owned("3"))],
  ];
  const context = memoryFileContext({ "/db": databaseBytes({ writes: places }) });
  const request = { path: "/db", revision: 0n, isRaw: false, encryptionConfig: undefined };
  const shop = { ...all, namespace: "shop" };
  const found = getObjects(context, { ...request, selection: shop });
  assert.deepEqual(keysOf(found), ["/registry/pods/shop/alone", "/registry/secrets/shop/db-password"]);
  assert.deepEqual(
    found.leftAside.map(({ resource, objects }) => `${String(objects)} ${resource}`),
    ["1 endpoints", "1 endpointslices.discovery.k8s.io", "1 events", "1 leases.coordination.k8s.io", "1 pods", "1 replicasets.apps"],
  );
  const whole = getObjects(context, { ...request, selection: shop, includesMadeAgain: true });
  assert.deepEqual([whole.objects.length, whole.leftAside], [8, []]);
  assert.equal(
    getObjects(context, { ...request, selection: { ...shop, what: "po,rs,ep,lease" } }).objects.length,
    5,
    "named, they are wanted",
  );
  assert.deepEqual(keysOf(getObjects(context, { ...request, selection: { ...shop, what: "all" } })), ["/registry/pods/shop/alone"]);
});

test("get: what is not there is OBJECT_NOT_FOUND and says what was looked for", () => {
  const selection = { what: "deploy/none", namespace: "shop", selector: "app=x" };
  assert.throws(() => get({ selection }), isRecoveryError("OBJECT_NOT_FOUND", /deploy\/none in namespace shop with app=x/));
  assert.throws(() => get({ selection: { ...all, what: "cm/settings" } }), isRecoveryError("OBJECT_NOT_FOUND"));
});

test("get: an encrypted value is VALUE_SEALED without its key, names the key, and opens with it", () => {
  const selection = { ...all, what: "secret/login" };
  assert.throws(
    () => get({ selection }),
    isRecoveryError("VALUE_SEALED", /\/registry\/secrets\/default\/login: .*aescbc and the key named key1, and no Encr/),
  );
  const other = encryptionYaml(secret.toString("base64")).replace("name: key1", "name: key2");
  assert.throws(
    () => get({ selection, encryptionConfig: "/b/enc.yaml" }, other),
    isRecoveryError("VALUE_SEALED", /no aescbc key named key1/),
  );
  const opened = get({ selection, encryptionConfig: "/b/enc.yaml" });
  assert.match(opened.objects[0]?.yaml ?? "", /password: aHVudGVyMg==/);
  assert.deepEqual(opened.sealed, []);
});

test("get: encrypted values beside others are listed, not lost", () => {
  const found = get();
  assert.equal(found.objects.length, 5);
  assert.deepEqual(
    found.sealed.map((one) => one.key),
    ["/registry/secrets/default/login"],
  );
});

test("get: a file that is no EncryptionConfiguration is ENCRYPTION_CONFIG_INVALID and quotes no secret", () => {
  const wrong = ["a: [", "kind: Pod\n", "hunter2: {", encryptionYaml("aHVudGVyMg=="), "\0".repeat(2_000_000)];
  for (const text of wrong)
    assert.throws(
      () => get({ encryptionConfig: "/b/enc.yaml" }, text),
      (error) => isRecoveryError("ENCRYPTION_CONFIG_INVALID")(error) && !/hunter2|aHVudGVyMg/.test((error as Error).message),
    );
});

test("get: a revision that is compacted away or not there yet is named", () => {
  const context = memoryFileContext({ "/db": databaseBytes({ writes, compactedAt: 6n }) });
  const at = (revision: bigint) => () =>
    getObjects(context, { path: "/db", selection: all, revision, isRaw: false, encryptionConfig: undefined });
  assert.throws(at(5n), isRecoveryError("REVISION_NOT_IN_FILE", /6/));
  assert.throws(at(99n), isRecoveryError("REVISION_NOT_IN_FILE", /10/));
});

test("get: before the first key of Kubernetes the file is not said to have none", () => {
  const selection = { ...all, what: "cm" };
  assert.throws(() => get({ selection, revision: 1n }), isRecoveryError("OBJECT_NOT_FOUND", /at revision 1 there were no keys .* yet/));
  assert.throws(() => get({ selection, revision: 3n }), isRecoveryError("OBJECT_NOT_FOUND", /below \/registry at revision 3/));
  assert.throws(
    () => get({ selection: { ...all, what: "widgets" }, revision: 1n }),
    isRecoveryError("USAGE", /of this file at revision 1, /),
  );
});
