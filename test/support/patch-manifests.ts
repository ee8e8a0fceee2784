import type { ManifestFacts } from "../../src/model/inventory.ts";
import type { InventoryBuilder } from "./inventory-builder.ts";

type Change = (manifests: readonly ManifestFacts[]) => readonly ManifestFacts[] | undefined;

/** The known manifests of one machine, or without a name of each, as `change` makes them; undefined: they could not be read. */
export function patchManifests(builder: InventoryBuilder, change: Change, name?: string): InventoryBuilder {
  return builder.patchEachHost((host) => {
    if (host.manifests.kind === "unknown" || (name !== undefined && host.name !== name)) return host;
    const { value, observedAt, source } = host.manifests;
    const changed = change(value);
    if (changed !== undefined) return { ...host, manifests: { ...host.manifests, value: changed } };
    return { ...host, manifests: { kind: "unknown", reason: "malformed", detail: "too large", observedAt, source } };
  });
}

/** As when the section of the answer was too large. */
export const unread: Change = () => undefined;

/** As when somebody left a file there that is no YAML. */
export const withOddFile: Change = (manifests) => [
  ...manifests,
  { fileName: "etcd.yaml", sha256: "a".repeat(64), podName: "", problem: "line 3" },
];

/** etcd's command line says this too. */
export function flagged(flags: Partial<NonNullable<ManifestFacts["etcdFlags"]>>): Change {
  return (manifests) =>
    manifests.map((manifest) =>
      manifest.etcdFlags === undefined ? manifest : { ...manifest, etcdFlags: { ...manifest.etcdFlags, ...flags } },
    );
}
