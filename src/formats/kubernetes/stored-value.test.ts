import assert from "node:assert/strict";
import { test } from "node:test";
import { asKubectlForgets } from "../../../test/support/assert-kubectl-yaml.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { sha256, storedObjectFixtures } from "../../../test/support/kube-fixtures.ts";
import { asServed } from "./as-served.ts";
import { builtInKubeTypes } from "./built-in-kube-types.ts";
import { isKubeList, jsonDepthMax, valueAt } from "./kube-json.ts";
import { kubeYaml } from "./kube-yaml.ts";
import { WireWriter } from "../protobuf/wire-writer.ts";
import { readStoredValue, readTypeMeta, type StoredValue } from "./stored-value.ts";

const types = builtInKubeTypes();
const read = (value: Uint8Array): StoredValue => readStoredValue(value, { types, name: "/registry/x" });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Fields of a protobuf message: number and bytes, or number and a varint below 128. */
function message(...fields: readonly (readonly [number, Uint8Array | string | number])[]): Uint8Array {
  const parts = fields.map(([number, value]) => {
    if (typeof value === "number") return Uint8Array.of((number << 3) & 0x7f, value);
    const body = typeof value === "string" ? bytes(value) : value;
    assert.ok(number < 16 && body.length < 16_384);
    const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
    return Uint8Array.of((number << 3) | 2, ...length, ...body);
  });
  return new Uint8Array(Buffer.concat(parts));
}

function stored(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes("k8s\0"), message([1, message([1, apiVersion], [2, kind])], [2, raw])]));
}

function objectOf(value: Uint8Array): Extract<StoredValue, { kind: "object" }> {
  const result = read(value);
  assert.ok(result.kind === "object");
  return result;
}

test("readStoredValue: three objects of every built-in kind print as kubectl prints what Kubernetes reads from the same bytes", () => {
  const fixtures = storedObjectFixtures();
  const wrong = fixtures
    .filter(({ value, yamlSha256 }) => sha256(asKubectlForgets(kubeYaml(objectOf(value).object))) !== yamlSha256)
    .map(({ kind }) => kind);
  assert.deepEqual(wrong, []);
  const covered = new Set(fixtures.map(({ kind }) => kind));
  assert.deepEqual(
    types.kinds.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).filter((kind) => !covered.has(kind)),
    [],
  );
});

test("readTypeMeta: says who each object is without decoding it", () => {
  for (const { kind, value } of storedObjectFixtures()) {
    const meta = readTypeMeta(value);
    assert.equal(`${String(meta?.apiVersion)} ${String(meta?.objectKind)}`, kind);
  }
});

test("readStoredValue: a field that a newer Kubernetes wrote is named, and the rest is read", () => {
  const result = objectOf(
    stored("v1", "ConfigMap", message([1, message([1, "settings"])], [9, "new"], [2, message([1, "a"], [2, "b"], [7, 1])])),
  );
  assert.equal(valueAt(result.object, "metadata", "name"), "settings");
  assert.equal(valueAt(result.object, "data", "a"), "b");
  assert.deepEqual(result.unknownFields, ["#9", "data #7"]);
  assert.equal(result.unknownFieldCount, 2);
});

test("readStoredValue: a kind that is not built in is named and not guessed", () => {
  const result = read(stored("route.openshift.io/v1", "Route", message([1, "x"])));
  assert.ok(result.kind === "undecoded");
  assert.equal(result.objectKind, "Route");
  assert.match(result.why, /not a built-in kind of Kubernetes 1\.34\.4, 1\.35\.4, 1\.36\.3/);
});

test("readStoredValue: a custom resource keeps exact integers and keys of any name", () => {
  const text =
    '{"apiVersion":"a.b/v1","kind":"Widget","spec":{"big":9007199254740993,"__proto__":{"x":1},"10":1,"9":2,"half":"\\ud800"}}\n';
  const { object, form } = objectOf(bytes(text));
  assert.equal(form, "json");
  assert.equal(valueAt(object, "spec", "big"), 9007199254740993n);
  assert.equal(valueAt(object, "spec", "__proto__", "x"), 1);
  assert.equal(valueAt(object, "spec", "half"), "\ufffd");
  assert.match(kubeYaml(object), /^ {2}__proto__:\n {4}x: 1\n {2}"9": 2\n {2}"10": 1\n {2}big: 9007199254740993\n/m);
});

test("readStoredValue: a ConfigMap's key named __proto__ is a key like any other", () => {
  const { object } = objectOf(stored("v1", "ConfigMap", message([2, message([1, "__proto__"], [2, "kept"])])));
  assert.equal(valueAt(object, "data", "__proto__"), "kept");
});

test("readStoredValue: text that was cut inside a letter is shown as Go shows it", () => {
  const { object } = objectOf(stored("v1", "ConfigMap", message([2, message([1, "a"], [2, Uint8Array.of(0x61, 0xe2, 0x82)])])));
  assert.equal(valueAt(object, "data", "a"), "a\ufffd\ufffd");
  const marked = objectOf(stored("v1", "ConfigMap", message([2, message([1, "a"], [2, "\ufeffb"])])));
  assert.equal(valueAt(marked.object, "data", "a"), "\ufeffb");
});

test("readStoredValue: what is no object is plain, and CBOR is named", () => {
  assert.deepEqual(read(bytes("4711")), { kind: "plain", sizeBytes: 4 });
  assert.deepEqual(read(bytes('{"a":1}')), { kind: "plain", sizeBytes: 7 });
  assert.deepEqual(read(new Uint8Array()), { kind: "plain", sizeBytes: 0 });
  assert.equal(read(Uint8Array.of(0xd9, 0xd9, 0xf7, 0xa0)).kind, "undecoded");
});

test("readStoredValue: damage is an error with the key and never shows the value", () => {
  const damages = [
    stored("v1", "ConfigMap", Uint8Array.of(0x0a, 0x7f, 0x01)),
    stored("v1", "Secret", message([1, 1])),
    bytes("k8s\0"),
    bytes("k8s\0\x0a"),
    bytes('{"password":"hunter2"'),
    bytes(`{"a":${"[".repeat(jsonDepthMax + 1)}`),
  ];
  for (const value of damages) {
    assert.throws(
      () => read(value),
      (error: unknown) => {
        assert.ok(error instanceof RecoveryError);
        assert.equal(error.code, "FILE_DAMAGED");
        assert.equal(error.subject, "value of key /registry/x");
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  }
});

test("readStoredValue: schemas nested without end are an error, not a full stack", () => {
  // JSONSchemaProps.not is its field 28 (two bytes of tag); CRD spec 2, versions 7, schema 4, openAPIV3Schema 1.
  const nest = (inner: Buffer): Buffer => {
    const length: number[] = [];
    for (let rest = inner.length; ; rest >>= 7) {
      length.push(rest < 128 ? rest : (rest & 0x7f) | 0x80);
      if (rest < 128) break;
    }
    return Buffer.concat([Uint8Array.of(...tag, ...length), inner]);
  };
  let tag = [0xe2, 0x01];
  let schema: Buffer = Buffer.alloc(0);
  for (let depth = 0; depth < 5000; depth += 1) schema = nest(schema);
  for (const outer of [1, 4, 7, 2]) {
    tag = [(outer << 3) | 2];
    schema = nest(schema);
  }
  tag = [0x12];
  const value = Buffer.concat([
    bytes("k8s\0"),
    message([1, message([1, "apiextensions.k8s.io/v1"], [2, "CustomResourceDefinition"])]),
    nest(schema),
  ]);
  assert.throws(() => read(new Uint8Array(value)), /nested more than 150 deep/);
});

test("asServed: the resource version is the revision, and claim templates say what they are", () => {
  const set = objectOf(
    stored("apps/v1", "StatefulSet", message([1, message([1, "db"])], [2, message([4, message([1, message([1, "data"])])])])),
  );
  assert.equal(valueAt(set.object, "metadata", "resourceVersion"), undefined);
  const served = asServed(set.object, 42n);
  assert.equal(valueAt(served, "metadata", "resourceVersion"), "42");
  const claims = valueAt(served, "spec", "volumeClaimTemplates");
  assert.ok(isKubeList(claims));
  const claim = claims[0] ?? null;
  assert.equal(valueAt(claim, "kind"), "PersistentVolumeClaim");
  assert.equal(valueAt(claim, "metadata", "name"), "data");
});

test("readStoredValue: a value of few bytes that becomes absurdly many objects is refused before it fills the memory", () => {
  const emptyContainers = (count: number): Uint8Array => {
    const spec = new Uint8Array(2 * count).map((_, at) => (at % 2 === 0 ? 0x12 : 0));
    const pod = new WireWriter().message(1, (meta) => meta.bytes(1, bytes("a"))).bytes(2, spec);
    const typeMeta = new WireWriter().bytes(1, bytes("v1")).bytes(2, bytes("Pod"));
    return Buffer.concat([bytes("k8s\0"), new WireWriter().bytes(1, typeMeta.finish()).bytes(2, pod.finish()).finish()]);
  };
  assert.equal(read(emptyContainers(1000)).kind, "object");
  assert.throws(() => read(emptyContainers(700_000)), { code: "FILE_DAMAGED", message: /more than 160000 messages/ });
  const list = (count: number): Uint8Array => bytes(`{"apiVersion":"v1","kind":"A","items":[${"{},".repeat(count)}{}]}`);
  assert.equal(read(list(1000)).kind, "object");
  assert.throws(() => read(list(1_000_000)), { code: "FILE_DAMAGED", message: /more than 1000000 lists and objects/ });
});
