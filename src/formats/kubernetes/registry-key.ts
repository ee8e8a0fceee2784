/**
 * What a key of Kubernetes in etcd says about its object. Built-in resources
 * lie at PREFIX/RESOURCE[/NAMESPACE]/NAME, those of API extensions (custom
 * resources, CRDs, APIServices) at PREFIX/GROUP/RESOURCE[/NAMESPACE]/NAME; a
 * group of the second form always has a dot, a built-in resource never.
 * Sources: kubernetes pkg/kubeapiserver/default_storage_factory_builder.go
 * (the odd names), apiextensions-apiserver pkg/apiserver (crdRESTOptionsGetter),
 * pkg/registry/core/rest (ranges), pkg/controlplane/reconcilers (leases).
 */
import type { KubeTypes } from "./kube-types.ts";

export interface RegistryKey {
  /** Without a slash at its end: "/registry", "/kubernetes.io". */
  readonly prefix: string;
  /** API group; empty for the core group. undefined: the resource is not a built-in one that is known. */
  readonly group: string | undefined;
  /** Plural, as in URLs: "pods". */
  readonly resource: string;
  /** undefined: cluster-wide. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** The API server's `--etcd-prefix` when none is given. */
export const defaultRegistryPrefix = "/registry";

/** Resources that lie under another name, and what is kept beside the API's resources. */
const oddPlaces: readonly { readonly place: string; readonly group: string; readonly resource: string }[] = [
  { place: "services/specs", group: "", resource: "services" },
  { place: "services/endpoints", group: "", resource: "endpoints" },
  { place: "minions", group: "", resource: "nodes" },
  { place: "controllers", group: "", resource: "replicationcontrollers" },
  { place: "ingress", group: "networking.k8s.io", resource: "ingresses" },
  { place: "podsecuritypolicy", group: "policy", resource: "podsecuritypolicies" },
  { place: "masterleases", group: "", resource: "masterleases" },
  { place: "peerserverleases", group: "", resource: "peerserverleases" },
  { place: "ranges", group: "", resource: "ranges" },
];

/** What API servers keep for themselves: no resource of the API, so that nobody can list or apply it. */
const ownRecords: readonly string[] = ["masterleases", "peerserverleases", "ranges"];

export function isOwnRecord(key: RegistryKey): boolean {
  return key.group === "" && ownRecords.includes(key.resource);
}

/** Objects of one resource that several groups serve lie under one key; these groups own it. */
const ownerGroups: { readonly [resource: string]: string } = {
  events: "",
  deployments: "apps",
  daemonsets: "apps",
  replicasets: "apps",
  networkpolicies: "networking.k8s.io",
  ingresses: "networking.k8s.io",
};

export class RegistryKeys {
  private readonly groupOf = new Map<string, string>();

  constructor(types: KubeTypes) {
    for (const kind of types.kinds) {
      const slash = kind.apiVersion.indexOf("/");
      const group = slash === -1 ? "" : kind.apiVersion.slice(0, slash);
      if (!this.groupOf.has(kind.plural)) this.groupOf.set(kind.plural, group);
    }
    for (const [resource, group] of Object.entries(ownerGroups)) this.groupOf.set(resource, group);
  }

  /** undefined: the key is not below the prefix, or has not the form of an object's key. */
  parse(key: string, prefix = defaultRegistryPrefix): RegistryKey | undefined {
    if (!key.startsWith(`${prefix}/`)) return undefined;
    const parts = key.slice(prefix.length + 1).split("/");
    if (parts.some((part) => part === "")) return undefined;
    const odd = oddPlaces.find((entry) => parts.join("/").startsWith(`${entry.place}/`));
    if (odd !== undefined) return place({ prefix, group: odd.group, resource: odd.resource }, parts.slice(odd.place.split("/").length));
    const [first = "", second = ""] = parts;
    if (first.includes(".")) return place({ prefix, group: first, resource: second }, parts.slice(2));
    return place({ prefix, group: this.groupOf.get(first), resource: first }, parts.slice(1));
  }
}

function place(
  owner: { readonly prefix: string; readonly group: string | undefined; readonly resource: string },
  rest: readonly string[],
): RegistryKey | undefined {
  const [first, second] = rest;
  if (first === undefined || rest.length > 2) return undefined;
  return second === undefined ? { ...owner, namespace: undefined, name: first } : { ...owner, namespace: first, name: second };
}

/** Keys that every Kubernetes has, without their prefix. */
const landmarks = ["/namespaces/default", "/namespaces/kube-system", "/ranges/serviceips", "/services/specs/default/kubernetes"];

export function isLandmark(key: string, prefix: string): boolean {
  return key.startsWith(prefix) && landmarks.includes(key.slice(prefix.length));
}

/** "pods", "deployments.apps": as kubectl names a resource. */
export function resourceText(key: { readonly group: string | undefined; readonly resource: string }): string {
  return key.group === undefined || key.group === "" ? key.resource : `${key.resource}.${key.group}`;
}
