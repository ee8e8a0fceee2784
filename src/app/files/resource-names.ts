import { builtInKubeTypes } from "../../formats/kubernetes/built-in-kube-types.ts";
import { RegistryKeys, resourceText } from "../../formats/kubernetes/registry-key.ts";

/**
 * Names of resources for prefixes of keys ("/registry/pods/" is "pods"), for
 * the prefix that most of them share; others keep their prefix as name.
 */
export function resourceNames(prefixes: readonly string[]): {
  readonly prefix: string | undefined;
  readonly nameOf: (prefix: string) => string;
} {
  const counts = new Map<string, number>();
  for (const prefix of prefixes) {
    const found = /^(\/.+?)\/(?:pods|namespaces|leases|secrets|configmaps|minions|masterleases|ranges|events)\/$/.exec(prefix)?.[1];
    if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1);
  }
  const best = [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
  const keys = new RegistryKeys(builtInKubeTypes());
  return {
    prefix: best,
    nameOf: (prefix) => {
      // Any name will do: only the resource is asked for.
      const key = best === undefined ? undefined : (keys.parse(`${prefix}x`, best) ?? keys.parse(`${prefix}x/x`, best));
      return key === undefined ? prefix || "(keys without a slash)" : resourceText(key);
    },
  };
}
