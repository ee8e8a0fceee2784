import assert from "node:assert/strict";
import { isKubeList, isKubeObject, type KubeJson } from "../../src/formats/kubernetes/kube-json.ts";
import { kubeYaml } from "../../src/formats/kubernetes/kube-yaml.ts";
import { compareYamlKeys } from "../../src/formats/kubernetes/yaml-key-order.ts";

/** Our YAML with the one key unquoted that kubectl's library forgets to quote (yaml-scalar.ts). */
export function asKubectlForgets(ours: string): string {
  return ours.replaceAll(/^([- ]*)"<<":/gm, "$1<<:");
}

/**
 * That we print `value` as kubectl did, byte for byte. Where the keys of one of
 * its maps go in a circle (yaml-key-order.ts), kubectl's own order changes from
 * run to run: then the lines must be the same in any order.
 */
export function assertKubectlYaml(value: KubeJson, yaml: string, what: string): void {
  const ours = asKubectlForgets(kubeYaml(value));
  if (ours !== yaml && hasCircle(value)) assert.deepEqual(sortedLines(ours), sortedLines(yaml), what);
  else assert.equal(ours, yaml, what);
}

function hasCircle(value: KubeJson): boolean {
  if (isKubeList(value)) return value.some(hasCircle);
  return isKubeObject(value) && (keysGoInCircle(Object.keys(value)) || Object.values(value).some(hasCircle));
}

/** Any two keys have an order; then each circle holds one of three keys. */
function keysGoInCircle(keys: readonly string[]): boolean {
  const isBefore = (one: string, other: string): boolean => compareYamlKeys(one, other) < 0;
  return keys.some((a) => keys.some((b) => isBefore(a, b) && keys.some((c) => isBefore(b, c) && isBefore(c, a))));
}

/** The first key of a map within a list, or behind a long key, stands behind the signs of that. */
function sortedLines(yaml: string): string[] {
  return yaml
    .split("\n")
    .map((line) => line.replace(/^[-: ]+/, (lead) => " ".repeat(lead.length)))
    .sort();
}
