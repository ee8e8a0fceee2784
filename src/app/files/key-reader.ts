import type { KubeTypes } from "../../formats/kubernetes/kube-types.ts";
import { RegistryKeys, type RegistryKey } from "../../formats/kubernetes/registry-key.ts";
import { RegistryPrefixFinder } from "../../formats/kubernetes/registry-prefix-finder.ts";

/** Two prefixes of one cluster: OpenShift's own resources lie beside those of Kubernetes. */
const oneCluster: readonly string[] = ["/kubernetes.io", "/openshift.io"];

/** Reads keys of one source, below every prefix that its records show. */
export class KeyReader {
  private readonly keys: RegistryKeys;
  /** With the most records first; empty: no API server wrote here. */
  readonly prefixes: readonly string[];
  /** The longest first: one may lie within another. */
  private readonly byLength: readonly string[];

  constructor(types: KubeTypes, prefixes: readonly string[]) {
    this.keys = new RegistryKeys(types);
    this.prefixes = prefixes;
    this.byLength = prefixes.toSorted((one, other) => other.length - one.length);
  }

  static of(types: KubeTypes, records: Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>): KeyReader {
    const finder = new RegistryPrefixFinder();
    for (const { key, value } of records) finder.see(key, value);
    return new KeyReader(types, finder.prefixes());
  }

  parse(key: string): RegistryKey | undefined {
    const prefix = this.byLength.find((one) => key.startsWith(`${one}/`));
    return prefix === undefined ? undefined : this.keys.parse(key, prefix);
  }

  /** The prefixes of the cluster with the most records. */
  get mainPrefixes(): readonly string[] {
    const [main] = this.prefixes;
    if (main === undefined) return [];
    return oneCluster.includes(main) ? this.prefixes.filter((one) => oneCluster.includes(one)) : [main];
  }
}
