import { hostMountsOf, pathOnMachine, podSpec } from "../../formats/machine/host-mounts.ts";
import type { BackupPart } from "../../model/backup-set.ts";
import type { TextPart } from "./set-content.ts";

/** Where kubeadm and kubespray keep what a control plane starts from; without their manifests this is all that is known. */
const usualFolders: readonly string[] = [
  "/etc/kubernetes/pki",
  "/etc/kubernetes/pki/etcd",
  "/etc/kubernetes/ssl",
  "/etc/kubernetes/ssl/etcd",
  "/etc/ssl/etcd/ssl",
  "/etc/etcd",
  "/etc/etcd/pki",
  "/etc/etcd/ssl",
];
const usualKubeconfigs: readonly string[] = ["admin", "super-admin", "controller-manager", "scheduler", "kubelet"];
/** "--client-ca-file=/etc/kubernetes/pki/ca.crt", in whatever form a manifest has it, a value of its own line among them. */
const pathFlag = /(?<![a-z0-9-])--([a-z0-9-]+)(?:=|["']?(?:\s*,)?\s+(?:-\s+)?)["']?(\/[^\s"',;|&)\]}]+)/g;
/** Beside these lie the others of the cluster: its authorities, and what they issued. */
const folderFlag =
  /^(?:client-ca-file|tls-cert-file|etcd-cafile|root-ca-file|cluster-signing-cert-file|requestheader-client-ca-file|service-account-signing-key-file|trusted-ca-file|peer-trusted-ca-file|cert-file|peer-cert-file)$/;
/** etcd as a service: its unit, or the file of its environment. */
const etcdService = /\/etcd(?:\.env|\.service|\.conf)?$|\/etcd\.service\.d\//;
const etcdVariable = /\bETCD_(?:PEER_)?(?:TRUSTED_CA|CERT|KEY)_FILE=["']?(\/[^\s"']+)/g;
const kubeconfigFlag = /^(?:kubeconfig|authentication-kubeconfig|authorization-kubeconfig)$/;
/** What somebody else issued, and the API server only reads: of an identity provider, an auditor, a registry. */
const foreignFlag = /^(?:oidc|authentication-token-webhook|authorization-webhook|audit|admission|egress|tls-sni)/;

type Place = Pick<BackupPart, "host" | "path">;

/**
 * Which files of a set its cluster starts from. Machines keep others beside
 * them: of other clusters, of registries, of before a renewal; what is wrong
 * with those is nobody's fault here, and is told.
 */
export interface ClusterPlaces {
  /** In a folder of the cluster's own PKI, not below it, or named by a flag of one of its static pods. */
  isPki(place: Place): boolean;
  /** One that a program of the control plane, its kubelet, or its administrator uses. */
  isKubeconfig(place: Place): boolean;
}

export function clusterPlaces(texts: readonly TextPart[], parts: readonly BackupPart[]): ClusterPlaces {
  const links = new Map(
    parts.flatMap(({ type, host, path, target }) => (type === "symlink" && target !== undefined ? [[keyOf({ host, path }), target]] : [])),
  );
  const hosts = [...new Set(parts.map(({ host }) => host))];
  const named = new Set<string>();
  const kubeconfigs = new Set<string>();
  const folders = new Set<string>();
  // A file is in the set under its real path, and is named by whatever leads to it.
  const add = (to: Set<string>, place: Place): void => {
    to.add(keyOf(place));
    to.add(keyOf({ host: place.host, path: realPath(place, links) }));
  };
  for (const host of hosts) for (const path of usualFolders) add(folders, { host, path });
  for (const { part, text } of texts)
    for (const { flag, path } of namedIn(part, text)) {
      const { host } = part;
      add(kubeconfigFlag.test(flag) ? kubeconfigs : named, { host, path });
      if (!folderFlag.test(flag)) continue;
      const folder = folderOf(path);
      add(folders, { host, path: folder });
      // kubeadm's place for etcd's own, below that of the cluster.
      if (!folder.endsWith("/etcd")) add(folders, { host, path: `${folder}/etcd` });
    }
  const isInFolder = ({ host, path }: Place): boolean => folders.has(keyOf({ host, path: folderOf(path) }));
  for (const part of parts) if (part.type === "symlink" && isInFolder(part)) add(named, part);
  for (const host of hosts) for (const name of usualKubeconfigs) add(kubeconfigs, { host, path: `/etc/kubernetes/${name}.conf` });
  return {
    isPki: (place) => named.has(keyOf(place)) || isInFolder(place),
    isKubeconfig: (place) => kubeconfigs.has(keyOf(place)),
  };
}

interface Named {
  readonly flag: string;
  readonly path: string;
}

/** On the machine: what a pod is told is where its containers see it. */
function namedIn({ kind, path }: BackupPart, text: string): readonly Named[] {
  const isService = etcdService.test(path);
  if (kind !== "static-pod" && !isService) return [];
  const named = [
    ...[...text.matchAll(pathFlag)].flatMap(([, flag = "", at = ""]) => (foreignFlag.test(flag) ? [] : [{ flag, path: at }])),
    ...(isService ? [...text.matchAll(etcdVariable)].map(([, at = ""]) => ({ flag: "trusted-ca-file", path: at })) : []),
  ];
  const spec = isService || named.length === 0 ? undefined : podSpec(text);
  if (spec === undefined) return named;
  const containers = hostMountsOf(spec);
  return named.flatMap((one): readonly Named[] => {
    const places = containers.flatMap(({ mounts }) => pathOnMachine(one.path, mounts) ?? []);
    return places.length === 0 ? [one] : places.map((place) => ({ ...one, path: place }));
  });
}

/** Through the links that are in the set. As many as Linux itself follows. */
function realPath({ host, path }: Place, links: ReadonlyMap<string, string>): string {
  let current = path;
  for (let followed = 0; followed < 40; followed += 1) {
    const words = current.split("/");
    const at = words.findIndex((_, index) => index > 0 && links.has(keyOf({ host, path: words.slice(0, index + 1).join("/") })));
    if (at < 0) return current;
    const link = words.slice(0, at + 1).join("/");
    const target = links.get(keyOf({ host, path: link })) ?? "";
    const rest = words.slice(at + 1).join("/");
    // What stands before the first link is real, so that ".." of its target is what it says.
    current = withoutDots(`${target.startsWith("/") ? target : `${folderOf(link)}/${target}`}/${rest}`);
  }
  return current;
}

function withoutDots(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

function keyOf({ host, path }: Place): string {
  return `${host ?? ""}:${path}`;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
