/**
 * Our decoder and our YAML against Kubernetes' own serializers, of every
 * version that the table was made from. REQUORUM_KUBE_VECTORS sets how many
 * objects of each kind (8), REQUORUM_KUBE_SEED which ones.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { kubeTypesModules } from "../../src/adapters/lab/programs/kube-types-modules.ts";
import type { ProgramModule } from "../../src/adapters/lab/programs/program-versions.ts";
import { nodeSealCiphers as ciphers } from "../../src/adapters/system/node-seal-ciphers.ts";
import { builtInKubeTypes } from "../../src/formats/kubernetes/built-in-kube-types.ts";
import { fieldDiff, type FieldChange } from "../../src/formats/kubernetes/field-diff.ts";
import { isKubeObject, isSameJson, valueAt, type KubeObject } from "../../src/formats/kubernetes/kube-json.ts";
import { parseKubeJson } from "../../src/formats/kubernetes/parse-kube-json.ts";
import { unsealValue } from "../../src/formats/kubernetes/sealed-value.ts";
import { readStoredValue } from "../../src/formats/kubernetes/stored-value.ts";
import { mergeKubeTables } from "../../scripts/merge-kube-tables.ts";
import { assertKubectlYaml } from "../support/assert-kubectl-yaml.ts";
import { fixtureLines, storedObjectLines } from "../support/kube-fixtures.ts";
import {
  kubeTypesProgram,
  kubeVector,
  linesOf,
  newestKubeTypes,
  runKubeTypes,
  sealedVector,
  textOf,
  type KubeVector,
} from "../support/kube-vectors.ts";

const types = builtInKubeTypes();
const count = process.env["REQUORUM_KUBE_VECTORS"] ?? "8";
const seed = process.env["REQUORUM_KUBE_SEED"] ?? "20261121";

function decode(vector: KubeVector): KubeObject {
  const stored = readStoredValue(vector.value, { types, name: vector.kind });
  assert.ok(stored.kind === "object", `${vector.kind}: ${stored.kind}`);
  assert.deepEqual(stored.unknownFields, [], vector.kind);
  return stored.object;
}

async function vectorsOf(module: ProgramModule): Promise<readonly KubeVector[]> {
  return linesOf(runKubeTypes(await kubeTypesProgram(module), "vectors", seed, count)).map(kubeVector);
}

test("the committed table is what the Go types of every version say", async () => {
  const tables: string[] = [];
  for (const module of kubeTypesModules) tables.push(runKubeTypes(await kubeTypesProgram(module), "table"));
  const committed = readFileSync(resolve(import.meta.dirname, "../../src/formats/kubernetes/kube-types.generated.ts"), "utf8");
  assert.equal(mergeKubeTables(tables), committed);
});

test("the committed objects are what the programs make", async () => {
  assert.deepEqual(await storedObjectLines(), fixtureLines("stored-objects.jsonl.br"));
});

test(`${newestKubeTypes().version}: every object decodes to the JSON of Kubernetes' own serializers, and prints as kubectl prints it`, async (context) => {
  const vectors = await vectorsOf(newestKubeTypes());
  for (const vector of vectors) {
    const object = decode(vector);
    assert.ok(isSameJson(object, vector.json), `${vector.kind}: ${JSON.stringify(fieldDiff(vector.json, object).map(shown))}`);
    assertKubectlYaml(object, vector.yaml, vector.kind);
  }
  context.diagnostic(`${String(vectors.length)} objects of ${String(new Set(vectors.map(({ kind }) => kind)).size)} kinds`);
});

for (const module of kubeTypesModules.slice(0, -1)) {
  test(`${module.version}: every object decodes to the same, but for empty fields that the newest version writes otherwise`, async (context) => {
    const vectors = await vectorsOf(module);
    const differences = new Set<string>();
    for (const vector of vectors)
      for (const change of fieldDiff(vector.json, decode(vector))) {
        assert.ok(saysNothing(change), `${vector.kind}: ${shown(change)}`);
        differences.add(`${vector.kind} ${shown(change)}`);
      }
    context.diagnostic(`${String(vectors.length)} objects; written otherwise: ${[...differences].sort().join("; ") || "nothing"}`);
  });
}

/** A field that is null, false, empty or all of that on one side and not written on the other. */
function saysNothing(change: FieldChange): boolean {
  const value = change.before ?? change.after ?? null;
  const isEmptyObject = isKubeObject(value) && Object.keys(value).length === 0;
  return change.kind !== "changed" && (value === null || value === false || value === "" || value === 0 || isEmptyObject);
}

function shown(change: FieldChange): string {
  return `${change.path} ${change.kind}`;
}

test("kubeYaml: prints any value as kubectl's library does", async () => {
  const lines = linesOf(runKubeTypes(await kubeTypesProgram(newestKubeTypes()), "strings", seed, "4000"));
  for (const line of lines) {
    const parsed = parseKubeJson(line);
    assertKubectlYaml(valueAt(parsed, "json") ?? null, textOf(parsed, "yaml"), line);
  }
});

test("unsealValue: opens what the API server's transformers of every version seal now", async () => {
  for (const module of kubeTypesModules) {
    for (const line of linesOf(runKubeTypes(await kubeTypesProgram(module), "sealed", seed, "40"))) {
      const vector = sealedVector(line);
      const keys = [{ provider: vector.provider, name: vector.keyName, secret: vector.secret }];
      const result = unsealValue(vector.value, { key: new TextEncoder().encode(vector.etcdKey), keys, ciphers });
      assert.ok(result.kind === "open", vector.provider);
      assert.deepEqual(result.value, vector.plain);
    }
  }
});
