import { secretDataSha256 } from "../../catalogue/verify/secret-data-sha256.ts";
import { isOwnRecord } from "../../formats/kubernetes/registry-key.ts";
import { readSeal, type SealKey } from "../../formats/kubernetes/sealed-value.ts";
import { valueAt } from "../../formats/kubernetes/kube-json.ts";
import type { SealedFacts } from "../../model/sealed-facts.ts";
import type { FileContext } from "./file-context.ts";
import { withState } from "./open-state.ts";
import { liveObjects, readObject, type LiveObjects, type FoundRecord } from "./read-objects.ts";

export interface SealedFactsRequest {
  readonly path: string;
  readonly keys: readonly SealKey[];
}

/** A key that was lost in a rotation shows in some values of a resource only: many of each are tried. */
const triedOfEachMax = 200;
const reasonsMax = 5;
const samplesMax = 3;

/** What is sealed, whether the keys open it, and a few secrets to be compared with what an API server gives. Throws as `withState`. */
export function readSealedFacts(context: FileContext, { path, keys }: SealedFactsRequest): SealedFacts {
  return withState(context, { path }, (opened) => {
    const { bolt } = opened.state();
    const live = liveObjects(context, bolt, 0n, "opening what is encrypted");
    const counts = { sealed: 0, tried: 0, opened: 0, kms: 0 };
    const triedOf = new Map<string, number>();
    const reasons = new Map<string, string>();
    const samples: SealedFacts["secrets"][number][] = [];
    for (const found of live.records({ reusesMemory: true })) {
      const seal = readSeal(found.record.value);
      if (seal === undefined) {
        if (samples.length < samplesMax) samples.push(...secretOf(context, live, found, keys, false));
        continue;
      }
      counts.sealed += 1;
      if (seal.provider === "kms") {
        counts.kms += 1;
        continue;
      }
      const kind = `${found.key.slice(0, found.key.lastIndexOf("/"))} ${seal.provider} ${seal.keyName}`;
      const tried = triedOf.get(kind) ?? 0;
      if (tried >= triedOfEachMax) continue;
      triedOf.set(kind, tried + 1);
      counts.tried += 1;
      const object = readObject(context, found, { sealKeys: keys, types: live.types });
      if (object.kind === "object") {
        counts.opened += 1;
        // What was sealed says more than what was not.
        const plain = samples.findIndex((sample) => !sample.isSealed);
        const [secret] = samples.length < samplesMax || plain >= 0 ? secretOf(context, live, found, keys, true) : [];
        if (secret !== undefined)
          samples.splice(samples.length < samplesMax ? samples.length : plain, samples.length < samplesMax ? 0 : 1, secret);
      } else if (reasons.size < reasonsMax && !reasons.has(object.why)) reasons.set(object.why, `${found.key}: ${object.why}`);
    }
    return {
      sealedCount: counts.sealed,
      triedCount: counts.tried,
      openedCount: counts.opened,
      kmsCount: counts.kms,
      reasons: [...reasons.values()],
      secrets: samples,
      resources: customResources(live),
    };
  });
}

function secretOf(
  context: FileContext,
  live: LiveObjects,
  found: FoundRecord,
  keys: readonly SealKey[],
  isSealed: boolean,
): readonly SealedFacts["secrets"][number][] {
  if (!found.key.includes("/secrets/")) return []; // asking for the parsed key costs a pass over the file
  const key = live.keys.parse(found.key);
  if (key?.resource !== "secrets" || key.group !== "" || key.namespace === undefined || isOwnRecord(key)) return [];
  const object = readObject(context, found, { sealKeys: keys, types: live.types });
  if (object.kind !== "object") return [];
  return [
    { namespace: key.namespace, name: key.name, isSealed, dataSha256: secretDataSha256(context.hashing, valueAt(object.object, "data")) },
  ];
}

/** "example.com/widgets": what the CustomResourceDefinitions of the file define. */
function customResources(live: LiveObjects): readonly string[] {
  const names: string[] = [];
  for (const { key } of live.records({ reusesMemory: true })) {
    const name = /\/apiextensions\.k8s\.io\/customresourcedefinitions\/([^/]+)$/.exec(key)?.[1];
    const dot = name?.indexOf(".") ?? -1;
    if (name !== undefined && dot > 0) names.push(`${name.slice(dot + 1)}/${name.slice(0, dot)}`);
  }
  return names;
}
