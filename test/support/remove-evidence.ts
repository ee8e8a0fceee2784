import { known, notKnown, type Observation } from "../../src/model/observation.ts";
import type { HostFacts, Inventory } from "../../src/model/inventory.ts";

/**
 * Every place of an inventory where an observation can become a gap:
 * "cp2 etcdDataDir", "cp2 etcd status", "kubernetes", "endpoint",
 * "reach cp1 cp2" (all ports), "lastSeen", "earlierLook".
 */
export function evidencePlaces(inventory: Inventory): readonly (readonly string[])[] {
  return [
    ...inventory.hosts.flatMap((host) => [
      ...hostFields.map((field) => [host.name, field]),
      ...Object.keys(host.etcd).map((field) => [host.name, "etcd", field]),
      ...Object.keys(host.apiServer).map((field) => [host.name, "apiServer", field]),
    ]),
    ["kubernetes"],
    ["endpoint"],
    ["lastSeen"],
    ["earlierLook"],
    ...[...new Set(inventory.reach.map((reach) => `${reach.from} ${reach.to}`))].map((pair) => ["reach", ...pair.split(" ")]),
  ];
}

const hostFields = [
  "ssh",
  "machine",
  "services",
  "processes",
  "etcdDataDir",
  "manifests",
  "kubernetesFiles",
  "certificates",
  "loadBalancer",
] as const satisfies readonly (keyof HostFacts)[];

/** The same inventory with one observation replaced by a gap. Throws when there is no such place. */
export function removeEvidence(inventory: Inventory, place: readonly string[]): Inventory {
  const [first, second, third] = place;
  const at = inventory.takenAt;
  switch (first) {
    case "kubernetes":
      return { ...inventory, kubernetes: gapOf(inventory.kubernetes) };
    case "endpoint":
      return { ...inventory, endpoint: gapOf(inventory.endpoint) };
    case "lastSeen":
    case "earlierLook":
      return without(inventory, first);
    case "reach":
      return {
        ...inventory,
        reach: inventory.reach.map((reach) =>
          reach.from === second && reach.to === third ? { ...reach, outcome: "unknown", observedAt: at } : reach,
        ),
      };
    case undefined:
      throw new Error("no place given");
    default:
      return {
        ...inventory,
        hosts: inventory.hosts.map((host) =>
          host.name === first ? changedHost(host, { field: second ?? "", inner: third, change: gapOf }) : host,
        ),
      };
  }
}

function without(inventory: Inventory, field: "lastSeen" | "earlierLook"): Inventory {
  return Object.fromEntries(Object.entries(inventory).filter(([name]) => name !== field)) as unknown as Inventory;
}

/** The same inventory with one observation known and of this value; objects are merged into the old value. */
export function setEvidence(inventory: Inventory, place: readonly string[], value: unknown): Inventory {
  const change: Change = (observation) =>
    known(merged(observation, value), { observedAt: observation.observedAt, source: observation.source });
  const [first, second, third] = place;
  if (first === "kubernetes") return { ...inventory, kubernetes: change(inventory.kubernetes) as Inventory["kubernetes"] };
  if (first === "endpoint") return { ...inventory, endpoint: change(inventory.endpoint) as Inventory["endpoint"] };
  return {
    ...inventory,
    hosts: inventory.hosts.map((host) => (host.name === first ? changedHost(host, { field: second ?? "", inner: third, change }) : host)),
  };
}

type Change = (observation: Observation<unknown>) => Observation<unknown>;

function merged(observation: Observation<unknown>, value: unknown): unknown {
  const isObject = (candidate: unknown): candidate is object =>
    typeof candidate === "object" && candidate !== null && !Array.isArray(candidate);
  return observation.kind === "known" && isObject(observation.value) && isObject(value) ? { ...observation.value, ...value } : value;
}

function changedHost(
  host: HostFacts,
  { field, inner, change }: { readonly field: string; readonly inner: string | undefined; readonly change: Change },
): HostFacts {
  if ((field === "etcd" || field === "apiServer") && inner !== undefined) {
    const group = host[field] as unknown as Readonly<Record<string, Observation<unknown>>>;
    const observation = group[inner];
    if (observation === undefined) throw new Error(`no observation ${field} ${inner}`);
    return { ...host, [field]: { ...group, [inner]: change(observation) } };
  }
  const name = hostFields.find((candidate) => candidate === field);
  if (name === undefined) throw new Error(`no observation ${field}`);
  return { ...host, [name]: change(host[name]) };
}

function gapOf<T>(observation: Observation<T>): Observation<T> {
  return notKnown<T>("failed", "evidence removed", { observedAt: observation.observedAt, source: observation.source });
}
