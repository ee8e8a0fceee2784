import { isKubeList, textAt, valueAt } from "../../formats/kubernetes/kube-json.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { readStoredValue } from "../../formats/kubernetes/stored-value.ts";
import type { LiveObjects } from "./read-objects.ts";
import type { CustomResourceNames } from "./resource-words.ts";

/** Where every API server keeps the definitions of custom resources, behind its prefix. */
const place = "/apiextensions.k8s.io/customresourcedefinitions/";

/** The names that definitions give to custom resources. A pass over what is live. */
export function customResourceNames(live: LiveObjects): readonly CustomResourceNames[] {
  const all: CustomResourceNames[] = [];
  for (const { key, record } of live.records({ reusesMemory: true })) {
    if (!key.includes(place)) continue;
    try {
      const stored = readStoredValue(record.value, { types: live.types, name: key });
      if (stored.kind !== "object") continue;
      const { object } = stored;
      const plural = textAt(object, "spec", "names", "plural");
      const group = textAt(object, "spec", "group");
      if (plural === undefined || group === undefined) continue;
      const shortNames = valueAt(object, "spec", "names", "shortNames");
      const others = [textAt(object, "spec", "names", "kind"), textAt(object, "spec", "names", "singular")].concat(
        isKubeList(shortNames) ? shortNames.map((name) => (typeof name === "string" ? name : undefined)) : [],
      );
      all.push({ group, plural, others: others.flatMap((name) => (name === undefined ? [] : [name.toLowerCase()])) });
    } catch (error) {
      // It gives names only: who asks for the definition itself gets the error.
      if (!(error instanceof RecoveryError)) throw error;
    }
  }
  return all;
}
