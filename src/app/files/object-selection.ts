import { builtInKubeTypes } from "../../formats/kubernetes/built-in-kube-types.ts";
import type { KubeObject } from "../../formats/kubernetes/kube-json.ts";
import { valueAt } from "../../formats/kubernetes/kube-json.ts";
import { findRegistryPrefix, RegistryKeys, resourceText, type RegistryKey } from "../../formats/kubernetes/registry-key.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

export interface ObjectSelection {
  /** `secrets`, `secret/app-login`, `deploy`, `widgets.lab.example/one`, a whole key that begins with a slash, or undefined for all. */
  readonly what: string | undefined;
  readonly namespace: string | undefined;
  /** `app=web,tier!=cache`. */
  readonly selector: string | undefined;
}

/** kubectl's short names of built-in resources. */
const shortNames: { readonly [short: string]: string } = {
  cj: "cronjobs",
  cm: "configmaps",
  crd: "customresourcedefinitions",
  deploy: "deployments",
  ds: "daemonsets",
  ep: "endpoints",
  ev: "events",
  hpa: "horizontalpodautoscalers",
  ing: "ingresses",
  netpol: "networkpolicies",
  no: "nodes",
  ns: "namespaces",
  pdb: "poddisruptionbudgets",
  po: "pods",
  pv: "persistentvolumes",
  pvc: "persistentvolumeclaims",
  rs: "replicasets",
  sa: "serviceaccounts",
  sc: "storageclasses",
  sts: "statefulsets",
  svc: "services",
};

export class ObjectSelector {
  private readonly selection: ObjectSelection;
  private readonly resource: string | undefined;
  private readonly name: string | undefined;
  private readonly labels: readonly { readonly key: string; readonly value: string; readonly isEqual: boolean }[];

  /** Throws USAGE. */
  constructor(selection: ObjectSelection) {
    this.selection = selection;
    const [resource, name, ...rest] = (selection.what?.startsWith("/") === true ? undefined : selection.what)?.split("/") ?? [];
    if (rest.length > 0)
      throw new RecoveryError("USAGE", {
        subject: "argument what",
        detail: `${selection.what ?? ""} is not RESOURCE, RESOURCE/NAME or a key`,
      });
    this.resource = resource === undefined ? undefined : pluralOf(resource.toLowerCase());
    this.name = name;
    this.labels = labelsOf(selection.selector);
  }

  matchesKey(key: string, parsed: RegistryKey | undefined): boolean {
    const { what, namespace } = this.selection;
    if (what?.startsWith("/") === true) return key === what;
    if (parsed === undefined) return false;
    if (this.resource !== undefined && this.resource !== parsed.resource && this.resource !== resourceText(parsed)) return false;
    if (this.name !== undefined && this.name !== parsed.name) return false;
    // A namespace holds itself: who asks for all of it wants the Namespace object, too.
    const isItself = parsed.resource === "namespaces" && parsed.name === namespace && this.resource === undefined;
    return namespace === undefined || namespace === parsed.namespace || isItself;
  }

  matchesLabels(object: KubeObject): boolean {
    return this.labels.every(({ key, value, isEqual }) => (valueAt(object, "metadata", "labels", key) === value) === isEqual);
  }
}

function pluralOf(word: string): string {
  const [first = "", ...group] = word.split(".");
  const kind = builtInKubeTypes().kinds.find((one) => one.kind.toLowerCase() === first);
  return [shortNames[first] ?? kind?.plural ?? first, ...group].join(".");
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

/** Reads keys of one source; the prefix is found from its own keys. */
export class KeyReader {
  private readonly keys = new RegistryKeys(builtInKubeTypes());
  readonly prefix: string | undefined;

  constructor(keys: Iterable<string>) {
    this.prefix = findRegistryPrefix(keys)?.best;
  }

  parse(key: string): RegistryKey | undefined {
    return this.prefix === undefined ? undefined : this.keys.parse(key, this.prefix);
  }
}
