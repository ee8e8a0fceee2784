import { builtInKubeTypes } from "../../formats/kubernetes/built-in-kube-types.ts";
import type { KubeTypes } from "../../formats/kubernetes/kube-types.ts";
import { resourceText, type RegistryKey } from "../../formats/kubernetes/registry-key.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { closestFirst } from "../../schemas/closest-word.ts";

/** kubectl's short names of built-in resources. */
const shortNames: { readonly [short: string]: string } = {
  cj: "cronjobs",
  cm: "configmaps",
  crd: "customresourcedefinitions",
  crds: "customresourcedefinitions",
  csr: "certificatesigningrequests",
  deploy: "deployments",
  ds: "daemonsets",
  ep: "endpoints",
  ev: "events",
  hpa: "horizontalpodautoscalers",
  ing: "ingresses",
  limits: "limitranges",
  netpol: "networkpolicies",
  no: "nodes",
  ns: "namespaces",
  pc: "priorityclasses",
  pdb: "poddisruptionbudgets",
  po: "pods",
  pv: "persistentvolumes",
  pvc: "persistentvolumeclaims",
  quota: "resourcequotas",
  rc: "replicationcontrollers",
  rs: "replicasets",
  sa: "serviceaccounts",
  sc: "storageclasses",
  sts: "statefulsets",
  svc: "services",
};

/** What `kubectl get all` gets. Source: the category "all" of kubernetes pkg/registry. */
const categoryAll = [
  "pods",
  "replicationcontrollers",
  "services",
  "daemonsets",
  "deployments",
  "replicasets",
  "statefulsets",
  "horizontalpodautoscalers",
  "cronjobs",
  "jobs",
];

/** Enough to find the right one among; a cluster with many operators has hundreds. */
const namesShown = 12;

interface WantedResource {
  /** As it was typed. */
  readonly word: string;
  readonly resource: string;
  /** undefined: of any group. */
  readonly group: string | undefined;
  /** undefined: every object of it. */
  readonly name: string | undefined;
}

/** The names of a custom resource, as its definition gives them. */
export interface CustomResourceNames {
  readonly group: string;
  readonly plural: string;
  /** Kind, singular and short names, in lower case. */
  readonly others: readonly string[];
}

/**
 * Resources as kubectl names them: `cm`, `ConfigMap`, `deployments.apps`,
 * `deploy.v1.apps`, `cm,secrets`, `cm/settings,deploy/web`, `all`, a resource
 * and names apart, or several of RESOURCE/NAME apart.
 */
export class ResourceWords {
  private wanted: readonly WantedResource[];
  private readonly types: KubeTypes;
  /** Resources that the source was seen to have. */
  private readonly seen = new Map<string, { readonly group: string | undefined; readonly resource: string }>();

  /** Throws USAGE for what has not the form. */
  constructor(what: string, names: readonly string[]) {
    this.types = builtInKubeTypes();
    const words = [what, ...names];
    const withSlash = words.filter((word) => word.includes("/")).length;
    if (names.length > 0 && withSlash > 0 && withSlash < words.length) throw mixed(what, names, (word) => this.isBuiltInWord(word));
    this.wanted =
      names.length > 0 && withSlash > 0
        ? words.flatMap((word) => word.split(",").flatMap((part) => this.wantedBy(part, word, [])))
        : what.split(",").flatMap((part) => this.wantedBy(part, what, names));
  }

  /** The category `all`, which is no choice of single objects. */
  get isCategory(): boolean {
    return this.wanted.every(({ word, name }) => word === "all" && name === undefined);
  }

  /** Was every object asked for by its name? */
  get isOneByOne(): boolean {
    return this.wanted.every(({ name }) => name !== undefined);
  }

  /** What was asked for by name. */
  get named(): readonly string[] {
    return [...new Set(this.wanted.flatMap((one) => (one.name === undefined ? [] : [namedText(one)])))];
  }

  /** Is a word none of Kubernetes' own? Then the source's definitions of custom resources may know it. */
  get hasForeignWord(): boolean {
    return this.wanted.some((one) => !this.isBuiltIn(one.resource, one.group));
  }

  /** Takes a kind, a singular or a short name of a custom resource for its plural. Kubernetes' own names come first, as with kubectl. */
  learn(custom: readonly CustomResourceNames[]): void {
    this.wanted = this.wanted.map((one) => {
      if (this.isBuiltIn(one.resource, one.group)) return one;
      const found = custom.find(
        ({ group, plural, others }) =>
          (one.group === undefined || one.group === group) && one.resource !== plural && others.includes(one.resource),
      );
      return found === undefined ? one : { ...one, resource: found.plural, group: found.group };
    });
  }

  matches(parsed: RegistryKey): boolean {
    this.seen.set(resourceText(parsed), parsed);
    return this.wanted.some((one) => this.isOf(one, parsed) && (one.name === undefined || one.name === parsed.name));
  }

  /** Which of `named` this is. */
  namedBy(parsed: RegistryKey): readonly string[] {
    return this.wanted.flatMap((one) => (one.name === parsed.name && this.isOf(one, parsed) ? [namedText(one)] : []));
  }

  /** When the whole source was seen: a word that names no resource of it, nor of any Kubernetes, is a wrong word and not a missing object. Throws USAGE. */
  assertKnown(where: string): void {
    for (const one of this.wanted) {
      if (this.isBuiltIn(one.resource, one.group) || [...this.seen.values()].some((parsed) => this.isOf(one, parsed))) continue;
      const near = closestFirst(one.word, [...this.seen.keys()]);
      const more = near.length > namesShown ? ` and ${String(near.length - namesShown)} more` : "";
      const has = near.length === 0 ? "no objects of Kubernetes at all" : `${near.slice(0, namesShown).join(", ")}${more}`;
      throw usage(`${JSON.stringify(one.word)} is no resource of Kubernetes that is known here, and none of ${where}, which has ${has}`);
    }
  }

  private wantedBy(part: string, what: string, names: readonly string[]): readonly WantedResource[] {
    const [word = "", name, ...rest] = part.trim().split("/");
    if (rest.length > 0 || word === "" || name === "")
      throw usage(`${JSON.stringify(what)} is not RESOURCE, RESOURCE/NAME, a list of these with commas, or a key that begins with a slash`);
    const wantedNames: readonly (string | undefined)[] = name !== undefined ? [name] : names.length > 0 ? names : [undefined];
    const resources = word === "all" ? categoryAll.map((resource) => ({ resource, group: undefined })) : [this.resourceOf(word)];
    return resources.flatMap((found) => wantedNames.map((one) => ({ word, ...found, name: one })));
  }

  private resourceOf(word: string): { readonly resource: string; readonly group: string | undefined } {
    const [first = "", ...rest] = word.toLowerCase().split(".");
    // The stored object has one version, and is served in all: kubectl's deployments.v1.apps is deployments.apps here.
    const group = /^v\d+(?:(?:alpha|beta)\d+)?$/.test(rest[0] ?? "") ? rest.slice(1) : rest;
    const kind = this.types.kinds.find((one) => one.kind.toLowerCase() === first);
    return { resource: shortNames[first] ?? kind?.plural ?? first, group: rest.length === 0 ? undefined : group.join(".") };
  }

  private isOf(one: WantedResource, parsed: { readonly group: string | undefined; readonly resource: string }): boolean {
    if (one.resource !== parsed.resource) return false;
    if (one.group === undefined || one.group === (parsed.group ?? "")) return true;
    // Served by several groups (events, ingresses) and stored once.
    return this.isBuiltIn(one.resource, one.group) && this.isBuiltIn(one.resource, parsed.group ?? "");
  }

  private isBuiltInWord(word: string): boolean {
    const { resource, group } = this.resourceOf(word);
    return this.isBuiltIn(resource, group);
  }

  private isBuiltIn(resource: string, group: string | undefined): boolean {
    return this.types.kinds.some((kind) => {
      const slash = kind.apiVersion.indexOf("/");
      return kind.plural === resource && (group === undefined || group === (slash === -1 ? "" : kind.apiVersion.slice(0, slash)));
    });
  }
}

function namedText({ word, name }: WantedResource): string {
  return `${word}/${name ?? ""}`;
}

/** As kubectl: either every word has its slash, or none has. */
function mixed(what: string, names: readonly string[], isResource: (word: string) => boolean): RecoveryError {
  const [namespace = "", inside] = names[0]?.split("/") ?? [];
  if (!what.includes("/") && inside !== undefined && !isResource(namespace)) {
    const others = names.filter((name) => name.startsWith(`${namespace}/`)).map((name) => name.slice(namespace.length + 1));
    return usage(
      `${what} ${names.join(" ")} mixes RESOURCE NAME with RESOURCE/NAME; of namespace ${namespace} write ${what} ${others.join(" ")} --namespace ${namespace}`,
    );
  }
  const [resource = ""] = what.split("/");
  const suggestion = [what, ...names.map((name) => (name.includes("/") || !what.includes("/") ? name : `${resource}/${name}`))].join(",");
  return usage(`${what} ${names.join(" ")} mixes RESOURCE NAME with RESOURCE/NAME; for several objects write ${suggestion}`);
}

function usage(detail: string): RecoveryError {
  return new RecoveryError("USAGE", { subject: "argument what", detail });
}
