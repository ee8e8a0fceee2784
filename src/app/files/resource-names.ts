import { builtInKubeTypes } from "../../formats/kubernetes/built-in-kube-types.ts";
import { resourceText } from "../../formats/kubernetes/registry-key.ts";
import { KeyReader } from "./key-reader.ts";

/**
 * Names of resources for prefixes of keys ("/registry/pods/" is "pods"), below
 * the prefixes of what API servers wrote; others keep their prefix as name.
 */
export function resourceNames(registryPrefixes: readonly string[]): (prefix: string) => string {
  const keys = new KeyReader(builtInKubeTypes(), registryPrefixes);
  return (prefix) => {
    // Any name will do: only the resource is asked for.
    const key = keys.parse(`${prefix}x`) ?? keys.parse(`${prefix}x/x`);
    if (key === undefined) return prefix || "(keys without a slash)";
    return registryPrefixes[0] === key.prefix ? resourceText(key) : `${resourceText(key)} below ${key.prefix}`;
  };
}
