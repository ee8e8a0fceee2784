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

type EtcdFlags = NonNullable<ManifestFacts["etcdFlags"]>;

/** etcd's command line says this too; its dirs are mounted at the same paths, as kubeadm mounts them. */
export function flagged({ dataDir, walDir, ...flags }: Partial<EtcdFlags>): Change {
  const wal = walDir ?? (dataDir === undefined ? undefined : `${dataDir}/member/wal`);
  return withFlags({
    ...(dataDir === undefined ? {} : { dataDir, dataPlace: { kind: "path", path: dataDir } }),
    ...(walDir === undefined ? {} : { walDir }),
    ...(wal === undefined ? {} : { walPlace: { kind: "path", path: wal } }),
    ...flags,
  });
}

/** The hostPath of etcd's volume is this one; --data-dir and mountPath are what they were. */
export function movedTo(path: string): Change {
  return withFlags({ dataPlace: { kind: "path", path }, walPlace: { kind: "path", path: `${path}/member/wal` } });
}

function withFlags(flags: Partial<EtcdFlags>): Change {
  return (manifests) =>
    manifests.map((manifest) =>
      manifest.etcdFlags === undefined ? manifest : { ...manifest, etcdFlags: { ...manifest.etcdFlags, ...flags } },
    );
}

/** Another etcd beside the cluster's, as for events: its own ports and its own data. */
export const withSecondEtcd: Change = (manifests) => [
  ...manifests,
  {
    fileName: "etcd-events.yaml",
    sha256: "b".repeat(64),
    podName: "etcd-events",
    etcdFlags: {
      name: "events",
      dataDir: "/var/lib/etcd-events",
      dataPlace: { kind: "path", path: "/var/lib/etcd-events" },
      walPlace: { kind: "path", path: "/var/lib/etcd-events/member/wal" },
      ports: [2382, 2383],
      initialCluster: "",
      initialClusterState: "existing",
      forceNewCluster: false,
    },
  },
];
