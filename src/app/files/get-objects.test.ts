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
import { gotObjects, type GotObjects } from "../../../test/support/got-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ObjectSelection } from "./object-selection.ts";
import type { GetObjectsRequest } from "./get-objects.ts";

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

function get(request: Partial<GetObjectsRequest> = {}, encryption = encryptionYaml(secret.toString("base64"))): GotObjects {
  const context = memoryFileContext({ "/b/backup.db": snapshotBytes({ writes }), "/b/enc.yaml": encryption });
  try {
    return gotObjects(context, {
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
const keysOf = (found: GotObjects): readonly string[] => found.objects.map((one) => one.key);

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

test("get: with room for one key at a time it finds the same", () => {
  const context = memoryFileContext({ "/b/backup.db": snapshotBytes({ writes }) });
  const request = { path: "/b/backup.db", selection: all, revision: 0n, isRaw: false, encryptionConfig: undefined };
  const textOf = ({ objects, ...found }: GotObjects) => ({ ...found, yaml: objects.map((one) => one.yaml) });
  assert.deepEqual(textOf(gotObjects(context, request, { heldKeys: 1 })), textOf(gotObjects(context, request)));
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
  assert.deepEqual(keysOf(get({ selection: { ...all, what: "deploy/web", names: ["deploy/web"] } })), deploy);
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
  wrong("cm/settings", ["web"], /write cm\/settings,cm\/web/);
  wrong("secrets", ["shop/app-login"], /secrets app-login --namespace shop/);
  wrong("secrets", ["deploy/web"], /write secrets,deploy\/web/);
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
  const keys = keysOf(gotObjects(context(), { ...request, selection: all }));
  assert.ok(keys.includes("/registry/configmaps/shop/settings"));
  assert.ok(!keys.some((key) => /masterleases|ranges/.test(key)), keys.join(" "));
  assert.deepEqual(keysOf(gotObjects(context(), { ...request, selection: { ...all, what: "/registry/masterleases/10.0.0.1" } })), [
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
  const found = gotObjects(context, { ...request, selection: shop });
  assert.deepEqual(keysOf(found), ["/registry/pods/shop/alone", "/registry/secrets/shop/db-password"]);
  assert.deepEqual(
    found.leftAside.map(({ resource, objects }) => `${String(objects)} ${resource}`),
    ["1 endpoints", "1 endpointslices.discovery.k8s.io", "1 events", "1 leases.coordination.k8s.io", "1 pods", "1 replicasets.apps"],
  );
  const whole = gotObjects(context, { ...request, selection: shop, includesMadeAgain: true });
  assert.deepEqual([whole.objects.length, whole.leftAside], [8, []]);
  assert.equal(
    gotObjects(context, { ...request, selection: { ...shop, what: "po,rs,ep,lease" } }).objects.length,
    5,
    "named, they are wanted",
  );
  assert.deepEqual(keysOf(gotObjects(context, { ...request, selection: { ...shop, what: "all" } })), ["/registry/pods/shop/alone"]);
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
  assert.deepEqual(opened.unread, []);
});

test("get: encrypted values beside others are listed, not lost", () => {
  const found = get();
  assert.equal(found.objects.length, 5);
  assert.deepEqual(
    found.unread.map((one) => one.key),
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
    gotObjects(context, { path: "/db", selection: all, revision, isRaw: false, encryptionConfig: undefined });
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

test("get: of several names those that are there are given, and each other is named, also when it was deleted", () => {
  const found = get({ selection: { ...all, what: "deploy", names: ["none", "web"] } });
  assert.deepEqual(keysOf(found), ["/registry/deployments/shop/web"]);
  assert.deepEqual(
    found.missing.map((one) => one.why),
    ["there is no deploy/none below /registry at revision 10"],
  );
  assert.deepEqual(
    get({ selection: { ...all, what: "deploy/web", names: ["cm/none"] } }).missing.map((one) => one.what),
    ["cm/none"],
  );
  const [gone] = get({ selection: { ...all, what: "deploy/web,cm/settings", namespace: "shop" } }).missing;
  assert.deepEqual([gone?.what, gone?.lastRevision], ["cm/settings", 7n]);
  assert.match(gone?.why ?? "", /settings was deleted at revision 8, and --revision 7 still has it/);
  assert.deepEqual(get({ selection: { ...all, what: "deploy,cm" } }).missing, [], "a resource without a name may be empty");
});

test("get: a deleted object is not only not there: the error names the revision that still has it, where the file does", () => {
  const context = (compactedAt?: bigint) =>
    memoryFileContext({ "/a file": databaseBytes({ writes, ...(compactedAt === undefined ? {} : { compactedAt }) }) });
  const request = { path: "/a file", revision: 0n, isRaw: false, encryptionConfig: undefined };
  const selection = { ...all, what: "cm", names: ["settings"], namespace: "shop" };
  assert.throws(
    () => gotObjects(context(), { ...request, selection }),
    (error) =>
      isRecoveryError("OBJECT_NOT_FOUND", /deleted at revision 8/)(error) &&
      error instanceof RecoveryError &&
      error.remedies[0]?.command === "requorum snapshot get '/a file' cm settings --namespace shop --revision 7",
  );
  assert.throws(() => gotObjects(context(8n), { ...request, selection }), isRecoveryError("OBJECT_NOT_FOUND", /not hold it any more/));
});

test("get: an object that cannot be read is named with its reason, and takes no other with it", () => {
  const bad: KeyWrites = [
    ["/registry/configmaps/shop/half", '{"apiVersion":"v1","kind":'],
    ["/registry/configmaps/shop/text", "plain text"],
    ["/registry/configmaps/shop/empty", ""],
    ["/registry/configmaps/shop/zero", Buffer.alloc(40)],
    ["compact_rev_key", "77"],
  ];
  const context = memoryFileContext({ "/db": databaseBytes({ writes: [...writes, ...bad] }) });
  const request = { path: "/db", revision: 0n, isRaw: false, encryptionConfig: undefined };
  const found = gotObjects(context, { ...request, selection: { ...all, namespace: "shop" } });
  assert.equal(found.objects.length, 3);
  assert.deepEqual(
    found.unread.map(({ key, isSealed }) => `${key.slice("/registry/configmaps/shop/".length)} ${String(isSealed)}`),
    ["empty false", "half false", "text false", "zero false"],
  );
  assert.match(found.unread[3]?.why ?? "", /40 bytes of zeroes/);
  for (const what of ["cm/half", "cm/text", "cm/empty", "compact_rev_key"])
    assert.throws(() => gotObjects(context, { ...request, selection: { ...all, what } }), isRecoveryError("OBJECT_UNREADABLE"), what);
});

test("get: fields that a newer Kubernetes wrote are counted and named with their object", () => {
  const field = (number: number, content: string): string => String.fromCharCode(number * 8 + 2, content.length) + content;
  const newer = `k8s\0${field(1, field(1, "v1") + field(2, "Namespace"))}${field(2, field(1, field(1, "new")) + field(14, "?"))}`;
  const context = memoryFileContext({
    "/db": databaseBytes({ writes: [...landmarkWrites, ["/registry/namespaces/new", Buffer.from(newer, "latin1")]] }),
  });
  const selection = { ...all, what: "ns/new" };
  const [object] = gotObjects(context, { path: "/db", selection, revision: 0n, isRaw: false, encryptionConfig: undefined }).objects;
  assert.deepEqual([object?.unknownFieldCount, object?.unknownFields.length], [1, 1]);
});

test("get: of two clusters in one etcd the other's objects are counted, and had with its prefix; OpenShift's two prefixes are one cluster", () => {
  const cm = (name: string): string => kubeJson("v1", "ConfigMap", { name, namespace: "a" });
  const two: KeyWrites = [...landmarkWrites, ["/registry/configmaps/a/one", cm("one")], ["/other/configmaps/a/two", cm("two")]];
  const openShift: KeyWrites = [
    ["/kubernetes.io/configmaps/a/one", cm("one")],
    ["/openshift.io/routes/a/web", kubeJson("route.openshift.io/v1", "Route", { name: "web", namespace: "a" })],
  ];
  const context = memoryFileContext({ "/two": databaseBytes({ writes: two }), "/os": databaseBytes({ writes: openShift }) });
  const request = { revision: 0n, isRaw: false, encryptionConfig: undefined };
  const of = (path: string, selection: Partial<ObjectSelection>, prefix?: string): GotObjects =>
    gotObjects(context, { ...request, path, selection: { ...all, ...selection }, prefix });
  const found = of("/two", { what: "cm" });
  assert.deepEqual([keysOf(found), found.elsewhere], [["/registry/configmaps/a/one"], [{ prefix: "/other", objects: 1 }]]);
  const chosen = of("/two", { what: "cm" }, "/other/");
  assert.deepEqual([keysOf(chosen), chosen.elsewhere], [["/other/configmaps/a/two"], []]);
  assert.throws(
    () => of("/two", { what: "cm/two", selector: "a=b" }),
    isRecoveryError("OBJECT_NOT_FOUND", /no cm\/two with a=b below \/registry at/),
  );
  assert.throws(() => of("/two", { what: "cm/two" }), isRecoveryError("OBJECT_NOT_FOUND", /not below \/registry, but 1 below \/other/));
  assert.throws(() => of("/two", { what: "cm" }, "/none"), isRecoveryError("USAGE", /\/registry and \/other/));
  assert.deepEqual(keysOf(of("/os", {})), ["/kubernetes.io/configmaps/a/one", "/openshift.io/routes/a/web"]);
});

test("get: an etcd for events alone is one of Kubernetes", () => {
  const event = kubeJson("v1", "Event", { name: "web.1", namespace: "a" });
  const context = memoryFileContext({ "/db": databaseBytes({ writes: [["/registry/events/a/web.1", event]] }) });
  const selection = { ...all, what: "events" };
  const request = { path: "/db", selection, revision: 0n, isRaw: false, encryptionConfig: undefined };
  assert.deepEqual(keysOf(gotObjects(context, request)), ["/registry/events/a/web.1"]);
});

test("get: a custom resource is also had by its singular, its kind and its short names", () => {
  const names = { plural: "widgets", singular: "widget", kind: "Widget", shortNames: ["wg"] };
  const definition = kubeJson(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    { name: "widgets.lab.example" },
    { spec: { group: "lab.example", names } },
  );
  const key = "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.lab.example";
  const context = memoryFileContext({ "/db": databaseBytes({ writes: [...writes, [key, definition]] }) });
  const request = { path: "/db", revision: 0n, isRaw: false, encryptionConfig: undefined };
  for (const what of ["widget/one", "wg", "Widget", "widget.lab.example", "wg.v1.lab.example"])
    assert.deepEqual(
      keysOf(gotObjects(context, { ...request, selection: { ...all, what } })),
      ["/registry/lab.example/widgets/shop/one"],
      what,
    );
});

test("get: labels are chosen as with kubectl, also from sets", () => {
  const chosen = (selector: string): readonly string[] => keysOf(get({ selection: { ...all, what: "deploy", selector } }));
  for (const selector of ["app in (api, web)", "app,tier notin (back)", "app==web , !zone", "zone!=a", "zone notin (a)"])
    assert.equal(chosen(selector).length, 1, selector);
  for (const selector of ["app in (api)", "!app", "zone", "zone in ()", "app notin (web,api)"])
    assert.throws(() => chosen(selector), isRecoveryError("OBJECT_NOT_FOUND"), selector);
  for (const selector of ["app in web", "a b", "=x", "app in (a", ""])
    assert.throws(() => chosen(selector), isRecoveryError("USAGE"), selector);
});
