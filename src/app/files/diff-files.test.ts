import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { databaseBytes, kubeJson, landmarkWrites, sealedAesCbc, type KeyWrites } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { crc32c } from "../../formats/crc32c.ts";
import type { FileDiff } from "../../model/file-objects.ts";
import { diffFiles, type DiffFilesRequest } from "./diff-files.ts";

const all = { what: undefined, namespace: undefined, selector: undefined };
const settings = (a: string): string => kubeJson("v1", "ConfigMap", { name: "settings", namespace: "shop" }, { data: { a } });
const key = "/registry/configmaps/shop/settings";

function diff(before: KeyWrites, after: KeyWrites, request: Partial<DiffFilesRequest> = {}): FileDiff {
  const context = memoryFileContext({ "/a": databaseBytes({ writes: before }), "/b": databaseBytes({ writes: after }) });
  const side = (path: string) => ({ path, revision: 0n });
  return diffFiles(context, {
    from: side("/a"),
    to: side("/b"),
    selection: all,
    includesNoise: false,
    encryptionConfig: undefined,
    ...request,
  });
}
const withValue = (value: string | Uint8Array, at = key): KeyWrites => [...landmarkWrites, [at, value]];
const fieldsOf = (before: string | Uint8Array, after: string | Uint8Array, at?: string): readonly string[] =>
  diff(withValue(before, at), withValue(after, at)).objects.flatMap((one) => one.fields);

/** A protobuf field of bytes. */
const field = (number: number, content: string): string => String.fromCharCode(number * 8 + 2, content.length) + content;
const protobuf = (metadata: string, rest = ""): Uint8Array =>
  Buffer.from(`k8s\0${field(1, field(1, "v1") + field(2, "Namespace"))}${field(2, field(1, metadata) + rest)}`, "latin1");

test("diff: values with the same CRC-32C differ all the same", () => {
  const [one, other] = [settings("vho9ghx49bl"), settings("abxonix4l7y")];
  assert.equal(crc32c(Buffer.from(one)), crc32c(Buffer.from(other)));
  assert.deepEqual(fieldsOf(one, other), ["data.a changed"]);
});

test("diff: bytes that differ are a change although every known field is the same, and it says which kind", () => {
  const place = "/registry/namespaces/new";
  const named = field(1, "new");
  assert.deepEqual(fieldsOf(protobuf(named, field(14, "a")), protobuf(named, field(14, "b")), place), [
    "(fields of a newer Kubernetes, which cannot be compared here: #14)",
  ]);
  assert.deepEqual(fieldsOf(settings("1"), settings("1").replace("{", "{ ")), ["(only how it is stored: every field is the same)"]);
  assert.deepEqual(fieldsOf(protobuf(named), kubeJson("v1", "Namespace", { name: "new" }, { spec: {}, status: {} }), place), [
    "(only how it is stored: as protobuf before, as json after)",
  ]);
  const written = (resourceVersion: string): string =>
    kubeJson("v1", "ConfigMap", { name: "settings", namespace: "shop", resourceVersion });
  assert.deepEqual(fieldsOf(written("1"), written("2")), [], "what every write changes is left aside");
});

test("diff: the same object encrypted again is no difference where the key is given", () => {
  const sealKey = { name: "key1", secret: Buffer.alloc(32, 3) };
  const config = `kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n  - resources: [secrets]\n    providers:\n      - aescbc: {keys: [{name: key1, secret: ${sealKey.secret.toString("base64")}}]}\n`;
  const context = memoryFileContext({
    "/a": databaseBytes({ writes: withValue(settings("1")) }),
    "/b": databaseBytes({ writes: withValue(sealedAesCbc(settings("1"), sealKey)) }),
    "/enc": config,
  });
  const compared = (encryptionConfig: string | undefined): readonly string[] =>
    diffFiles(context, {
      from: { path: "/a", revision: 0n },
      to: { path: "/b", revision: 0n },
      selection: all,
      includesNoise: false,
      encryptionConfig,
    }).objects.flatMap((one) => one.fields);
  assert.deepEqual(compared("/enc"), []);
  assert.match(compared(undefined).join(), /cannot be compared: before, it can be read; after, it is encrypted with aescbc/);
});

test("diff: an object that cannot be read is a change with its reason and stops no other", () => {
  const more: KeyWrites = [["/registry/configmaps/shop/other", kubeJson("v1", "ConfigMap", { name: "other", namespace: "shop" })]];
  const found = diff(withValue(settings("1")), [...withValue('{"apiVersion":'), ...more]);
  assert.deepEqual(
    found.objects.map((one) => `${one.change} ${one.name} ${one.fields.join()}`),
    ["added other ", "changed settings (cannot be compared: before, it can be read; after, it is not JSON)"],
  );
  assert.deepEqual(fieldsOf("1", "2", "compact_rev_key"), ["(its value)"]);
});

test("diff: where Kubernetes' keys lie is known from either state", () => {
  const found = diff([["/registry/configmaps/shop/settings", Buffer.alloc(9)]], withValue(settings("1")));
  assert.deepEqual(
    found.resources.map((one) => one.resource),
    ["configmaps", "namespaces"],
  );
});

test("diff: what neither state has is no answer of no difference", () => {
  const same = withValue(settings("1"));
  const only = (what: string | undefined, namespace?: string) => diff(same, same, { selection: { ...all, what, namespace } });
  assert.throws(() => only(undefined, "nope"), isRecoveryError("USAGE", /neither \/a nor \/b has anything in namespace nope/));
  assert.throws(() => only("secret/typo"), isRecoveryError("USAGE", /neither \/a nor \/b has secret\/typo/));
  assert.deepEqual(only("cm/settings,cm/typo").missing, ["cm/typo"]);
  assert.deepEqual(only(undefined, "shop").objects, []);
  const itself = { path: "/a", revision: 0n };
  assert.throws(() => diff(same, same, { from: itself, to: itself }), isRecoveryError("USAGE", /compared with itself/));
});

test("diff: what neither state has may have been in a log that is not there", () => {
  const files = Object.entries(dataDirFilesOf({ writes: landmarkWrites, requests: [] })).filter(([path]) => !path.includes("/wal/"));
  const context = memoryFileContext({ ...below("/dir", Object.fromEntries(files)), "/b": databaseBytes({ writes: landmarkWrites }) });
  const request = { selection: { ...all, what: "secrets" }, includesNoise: false, encryptionConfig: undefined };
  assert.throws(
    () => diffFiles(context, { ...request, from: { path: "/b", revision: 0n }, to: { path: "/dir", revision: 0n } }),
    isRecoveryError("OBJECT_NOT_FOUND", /has secrets; but the log was not read to its end: there is no log/),
  );
});

test("diff: of two revisions of one data dir the log is read once, also where values are compared while it is walked", () => {
  const names = ["one", "two", "three"].map((name) => `/registry/configmaps/shop/${name}`);
  const puts = (value: string) => names.map((name) => putRequest(name, { value: settings(value) }));
  const context = memoryFileContext(below("/dir", dataDirFilesOf({ writes: landmarkWrites, requests: [...puts("1"), ...puts("2")] })));
  const request = { selection: all, includesNoise: false, encryptionConfig: undefined };
  const sides = { from: { path: "/dir", revision: 6n }, to: { path: "/dir", revision: 0n } };
  const found = diffFiles(context, { ...request, ...sides }, { heldBytes: 1 });
  assert.deepEqual(
    found.objects.map((one) => [one.key, one.fields]),
    names.toSorted().map((name) => [name, ["data.a changed"]]),
  );
  assert.equal(context.events.filter((event) => event.text.startsWith("reading the log")).length, 1);
});

test("diff: leases and events are compared where they are named", () => {
  const lease = (holder: string): KeyWrites => [
    ...landmarkWrites,
    ["/registry/leases/a/x", kubeJson("coordination.k8s.io/v1", "Lease", { name: "x", namespace: "a" }, { spec: { holder } })],
  ];
  assert.equal(diff(lease("1"), lease("2"), { selection: { ...all, what: "leases" } }).objects.length, 1);
  assert.throws(
    () => diff(lease("1"), lease("2"), { selection: { ...all, namespace: "a" } }),
    isRecoveryError("OBJECT_NOT_FOUND", /but for leases and events/),
  );
});
