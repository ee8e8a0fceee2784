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

/**
 * Resources as kubectl names them: `cm`, `ConfigMap`, `deployments.apps`,
 * `deploy.v1.apps`, `cm,secrets`, `cm/settings,deploy/web`, `all`, or a
 * resource and names apart.
 */
export class ResourceWords {
  private readonly wanted: readonly WantedResource[];
  private readonly types: KubeTypes;
  /** Resources that the source was seen to have. */
  private readonly seen = new Map<string, { readonly group: string | undefined; readonly resource: string }>();

  /** Throws USAGE for what has not the form. */
  constructor(what: string, names: readonly string[]) {
    this.types = builtInKubeTypes();
    const parts = what.split(",");
    // As kubectl: either every word has its slash, or none has.
    if (names.length > 0 && names.concat(parts).some((word) => word.includes("/"))) {
      const suggestion = [what, ...names].join(",");
      throw usage(`${what} ${names.join(" ")} mixes RESOURCE NAME with RESOURCE/NAME; for several objects write ${suggestion}`);
    }
    this.wanted = parts.flatMap((part) => this.wantedBy(part, what, names));
  }

  /** The category `all`, which is no choice of single objects. */
  get isCategory(): boolean {
    return this.wanted.every(({ word, name }) => word === "all" && name === undefined);
  }

  matches(parsed: RegistryKey): boolean {
    this.seen.set(resourceText(parsed), parsed);
    return this.wanted.some((one) => this.isOf(one, parsed) && (one.name === undefined || one.name === parsed.name));
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

  private isBuiltIn(resource: string, group: string | undefined): boolean {
    return this.types.kinds.some((kind) => {
      const slash = kind.apiVersion.indexOf("/");
      return kind.plural === resource && (group === undefined || group === (slash === -1 ? "" : kind.apiVersion.slice(0, slash)));
    });
  }
}

function usage(detail: string): RecoveryError {
  return new RecoveryError("USAGE", { subject: "argument what", detail });
}
