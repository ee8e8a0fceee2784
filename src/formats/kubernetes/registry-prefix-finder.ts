import { defaultRegistryPrefix, isLandmark } from "./registry-key.ts";
import { startsLikeKubeValue } from "./stored-value.ts";

/** What API servers write below: their default, and OpenShift's two, of which the second holds no key that every Kubernetes has. */
const usualPrefixes: readonly string[] = [defaultRegistryPrefix, "/kubernetes.io", "/openshift.io"];

/** Below any other prefix, an object at one of these is what tells it. */
const commonPlace =
  /^(\/.+?)\/(?:clusterroles|configmaps|controllers|deployments|events|leases|masterleases|minions|namespaces|pods|ranges|replicasets|secrets|serviceaccounts|services)\//;

const utf8 = new TextDecoder();
const utf8Bytes = new TextEncoder();
const slash = 0x2f;

interface Candidate {
  readonly prefix: string;
  readonly bytes: Uint8Array;
  count: number;
}

/**
 * Finds the prefixes of the Kubernetes clusters in an etcd from its records:
 * below a usual prefix any object counts and any key that every Kubernetes
 * has; below another, an object at a place that most have. Keys alone do not
 * tell: others keep `/app/secrets/x`, too.
 */
export class RegistryPrefixFinder {
  private readonly candidates: Candidate[] = [];

  /** In any order, deleted keys too. Cheap for keys below a prefix that was found already. */
  see(key: Uint8Array, value: Uint8Array): void {
    if (key[0] !== slash) return;
    for (const one of this.candidates)
      if (isBelow(key, one.bytes)) {
        one.count += 1;
        return;
      }
    const isObject = startsLikeKubeValue(value);
    if (!isObject && !this.mayBeUsual(key)) return;
    const text = utf8.decode(key);
    const usual = usualPrefixes.find((one) => text.startsWith(`${one}/`));
    const prefix =
      usual !== undefined && (isObject || isLandmark(text, usual)) ? usual : isObject ? commonPlace.exec(text)?.[1] : undefined;
    if (prefix !== undefined) this.candidates.push({ prefix, bytes: utf8Bytes.encode(prefix), count: 1 });
  }

  /** The one with most records first. */
  prefixes(): readonly string[] {
    // An API group ("/team/metrics.k8s.io" of "/team") is a part of its cluster, and was only seen first.
    const isGroupOf = (inner: string, outer: string): boolean =>
      inner.startsWith(`${outer}/`) && /^[^/]*\.[^/]*$/.test(inner.slice(outer.length + 1));
    return this.candidates
      .filter(({ prefix }) => !this.candidates.some((other) => isGroupOf(prefix, other.prefix)))
      .sort((one, other) => other.count - one.count)
      .map(({ prefix }) => prefix);
  }

  /** Without making a text of each of a million keys that are none of Kubernetes. */
  private mayBeUsual(key: Uint8Array): boolean {
    return usualBytes.some((bytes) => isBelow(key, bytes));
  }
}

const usualBytes = usualPrefixes.map((prefix) => utf8Bytes.encode(prefix));

function isBelow(key: Uint8Array, prefix: Uint8Array): boolean {
  if (key[prefix.length] !== slash) return false;
  for (let at = prefix.length - 1; at >= 0; at -= 1) if (key[at] !== prefix[at]) return false;
  return true;
}
