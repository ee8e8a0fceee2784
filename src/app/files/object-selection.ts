import type { KubeObject } from "../../formats/kubernetes/kube-json.ts";
import { valueAt } from "../../formats/kubernetes/kube-json.ts";
import type { RegistryKey } from "../../formats/kubernetes/registry-key.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { ResourceWords } from "./resource-words.ts";

export interface ObjectSelection {
  /** As kubectl names resources (resource-words.ts), a whole key that begins with a slash, or undefined for all. */
  readonly what: string | undefined;
  /** Of the resources in `what`, where that has no names itself: `configmap settings other`. */
  readonly names?: readonly string[];
  readonly namespace: string | undefined;
  /** `app=web,tier!=cache`. */
  readonly selector: string | undefined;
}

export class ObjectSelector {
  private readonly selection: ObjectSelection;
  /** undefined: everything, or one whole key. */
  private readonly words: ResourceWords | undefined;
  private readonly labels: readonly { readonly key: string; readonly value: string; readonly isEqual: boolean }[];

  /** Throws USAGE. */
  constructor(selection: ObjectSelection) {
    this.selection = selection;
    const { what, names = [] } = selection;
    if (what?.startsWith("/") === true && names.length > 0)
      throw new RecoveryError("USAGE", {
        subject: "argument what",
        detail: `${what} is a whole key: ${names.join(" ")} has no place behind it`,
      });
    this.words = what === undefined || what.startsWith("/") ? undefined : new ResourceWords(what, names);
    this.labels = labelsOf(selection.selector);
  }

  /** A namespace, a selector, a category or nothing: no resource was named. */
  get isWhole(): boolean {
    return this.selection.what === undefined || this.words?.isCategory === true;
  }

  matchesKey(key: string, parsed: RegistryKey | undefined): boolean {
    const { what, namespace } = this.selection;
    if (what?.startsWith("/") === true) return key === what;
    if (parsed === undefined) return false;
    if (this.words !== undefined) {
      if (!this.words.matches(parsed)) return false;
      // As kubectl: a node lies in no namespace, whichever is named.
      return namespace === undefined || parsed.namespace === undefined || namespace === parsed.namespace;
    }
    // A namespace holds itself: who asks for all of it wants the Namespace object, too.
    const isItself = parsed.resource === "namespaces" && parsed.name === namespace;
    return namespace === undefined || namespace === parsed.namespace || isItself;
  }

  /** Once every key was seen; `where` they were: "this file at revision 7". Throws USAGE for a word that names no resource. */
  assertWordsKnown(where: string): void {
    this.words?.assertKnown(where);
  }

  matchesLabels(object: KubeObject): boolean {
    return this.labels.every(({ key, value, isEqual }) => (valueAt(object, "metadata", "labels", key) === value) === isEqual);
  }
}

function labelsOf(selector: string | undefined): readonly { readonly key: string; readonly value: string; readonly isEqual: boolean }[] {
  if (selector === undefined) return [];
  return selector.split(",").map((part) => {
    const found = /^\s*([^=!\s]+)\s*(!=|==?)\s*([^=!\s]*)\s*$/.exec(part);
    if (found === null)
      throw new RecoveryError("USAGE", {
        subject: "option --selector",
        detail: `${JSON.stringify(part)} is not LABEL=VALUE or LABEL!=VALUE`,
      });
    const [, key = "", sign = "", value = ""] = found;
    return { key, value, isEqual: sign !== "!=" };
  });
}
