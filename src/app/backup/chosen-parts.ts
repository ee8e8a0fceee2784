import type { OpenSet } from "../../catalogue/set-reader.ts";
import type { BackupPart } from "../../model/backup-set.ts";
import type { HostName } from "../../model/ids.ts";
import { behindLinks, folderOf, namesThroughLinks, type LinkTargets } from "../../model/behind-links.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { kubeadmManifestsDir, restorableKinds, type RestorableKind } from "../../model/restored-file.ts";

export interface PartSelection {
  readonly kinds: readonly RestorableKind[];
  /** Absolute and clean; a directory means all that the set has below it. */
  readonly paths: readonly string[];
}

export type RestorablePart = BackupPart & { readonly kind: RestorableKind; readonly host: HostName };

/**
 * The files of one machine that are meant, in order of their paths, under any
 * name that the set's links give them: a path that is a link, or that leads
 * through one, means what lies behind it, and the links on the way there, too.
 * USAGE when a wish meets nothing, or only what this verb does not put back.
 */
export function chosenParts(
  set: OpenSet,
  { host, manifestsDir }: { readonly host: HostName; readonly manifestsDir: string },
  selection: PartSelection,
): readonly RestorablePart[] {
  const own = partsOfHost(set, host);
  const namesOf = namesThroughLinks(linksOf(set, host));
  const isAt = ({ path }: BackupPart, wish: string): boolean => namesOf(path).some((name) => isAtOrBelow(name, wish));
  const isWanted = (part: BackupPart): boolean =>
    selection.kinds.some((wish) => wish === part.kind) || selection.paths.some((wish) => isAt(part, wish));
  const isStarted = startedOf(set, host, manifestsDir);
  const started = set.parts.find((part) => part.host === host && isWanted(part) && isStarted(part));
  if (started !== undefined) throw notPutBack(set, started);
  for (const path of selection.paths) if (!own.some((part) => isAt(part, path))) throw notThere(set, host, path);
  for (const kind of selection.kinds)
    if (!own.some((part) => part.kind === kind))
      throw usage(`--kind ${kind}`, `set ${set.manifest.id} has nothing of that kind of ${host}`, filesOf(set, host));
  const onTheWay = new Set(waysOf(set, host, selection.paths).map(({ link }) => link));
  const chosen = own.filter((part) => isWanted(part) || (onTheWay.has(part.path) && !isStarted(part)));
  const byPath = new Map(chosen.map((part) => [part.path, part]));
  return chosen
    .filter((part) => !isSameFile(part, byPath.get(`/usr${part.path}`)))
    .sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
}

/**
 * What the kubelet or systemd starts, by its kind, and by its place under any
 * of its names: a directory of static pods may lie behind links, or its files
 * may be named by the configuration of a balancer. A link on the way to that
 * directory is one, too.
 */
function startedOf(set: OpenSet, host: HostName, manifestsDir: string): (part: BackupPart) => boolean {
  const namesOf = namesThroughLinks(linksOf(set, host));
  const isAtManifests = (name: string, isLink: boolean): boolean =>
    [manifestsDir, kubeadmManifestsDir].some((dir) => isAtOrBelow(name, dir) || (isLink && isAtOrBelow(dir, name)));
  return ({ kind, path, type }) =>
    !isOfRequorum(path) && (kind === "static-pod" || namesOf(path).some((name) => isAtManifests(name, type === "symlink")));
}

/** All links that the set has of a machine, of whatever kind. */
export function linksOf(set: OpenSet, host: HostName): LinkTargets {
  return new Map(set.parts.flatMap((part) => (part.host === host && part.target !== undefined ? [[part.path, part.target] as const] : [])));
}

/** A link of the set that a wish leads through. */
export interface Way {
  readonly wish: string;
  readonly link: string;
  /** Where the link leads, and where the wish does, by all links of the set. */
  readonly leadsTo: string;
  readonly real: string;
}

/** Without what a wish names itself, a link at its end; what a file's link leads to is judged as its companion. */
export function waysOf(set: OpenSet, host: HostName, wishes: readonly string[]): readonly Way[] {
  const links = linksOf(set, host);
  const namesOf = namesThroughLinks(links);
  return wishes.flatMap((wish) => {
    const real = behindLinks(wish, links);
    const isFile = set.parts.some((part) => part.host === host && part.path === real);
    const passed: string[] = [];
    behindLinks(isFile ? folderOf(wish) : wish, links, (link) => passed.push(link));
    return passed.flatMap((link) => {
      const leadsTo = behindLinks(link, links);
      return real === undefined || leadsTo === undefined || namesOf(link).includes(wish) ? [] : [{ wish, link, leadsTo, real }];
    });
  });
}

/** The paths, and where the set's links lead from them. */
export function withRealPaths(paths: readonly string[], links: LinkTargets): readonly string[] {
  return [...new Set(paths.flatMap((path) => [path, behindLinks(path, links) ?? path]))];
}

/** On a merged /usr, /lib is a link to /usr/lib, /bin one to /usr/bin: the same file was collected under both names. */
function isSameFile({ path, type, sha256, target, mode, uid, gid }: BackupPart, other: BackupPart | undefined): boolean {
  return (
    /^\/(?:s?bin|lib(?:32|64)?)\//.test(path) &&
    other !== undefined &&
    [other.type, other.sha256, other.target, other.mode, other.uid, other.gid].join() === [type, sha256, target, mode, uid, gid].join()
  );
}

/** Everything of that machine that can be put back. What requorum itself kept aside there, at the top of another filesystem, is no file of the machine. */
export function partsOfHost(set: OpenSet, host: HostName): readonly RestorablePart[] {
  const namesOf = namesThroughLinks(linksOf(set, host));
  return set.parts
    .filter(
      (part): part is RestorablePart =>
        part.host === host && !isOfRequorum(part.path) && restorableKinds.some((kind) => kind === part.kind),
    )
    .map((part) => (isOfPki(part, namesOf(part.path)) ? { ...part, kind: "pki" } : part));
}

/** What a balancer or runtime reads in the cluster's PKI is of the PKI: sets of earlier versions call it theirs. */
function isOfPki({ kind }: RestorablePart, names: readonly string[]): boolean {
  const dirs = ["/etc/kubernetes/pki", "/etc/kubernetes/ssl", "/etc/ssl/etcd", "/var/lib/kubelet/pki"];
  const isOthers = kind === "load-balancer" || kind === "container-runtime" || kind === "kubelet";
  return isOthers && names.some((name) => dirs.some((dir) => name !== dir && isAtOrBelow(name, dir)));
}

function isOfRequorum(path: string): boolean {
  return path.includes("/.requorum-");
}

/** Certificates of CAs, of whatever kind, by the names that kubeadm, kubespray and etcd's own tools give them, or that the set's links do. */
export function authorityParts(set: OpenSet, host: HostName): readonly RestorablePart[] {
  const namesOf = namesThroughLinks(linksOf(set, host));
  return partsOfHost(set, host).filter(({ type, path }) => type === "file" && namesOf(path).some(isAuthorityName));
}

export function isAuthorityName(path: string): boolean {
  return /\/(?:[a-z-]*-)?ca\.(?:crt|pem)$/.test(path);
}

/** Where the programs of a control plane have their CAs: kubeadm's, kubespray's, and those of etcd as a service. */
const pkiDirs = [
  "/etc/kubernetes/pki",
  "/etc/kubernetes/pki/etcd",
  "/etc/kubernetes/ssl",
  "/etc/kubernetes/ssl/etcd",
  "/etc/ssl/etcd",
  "/etc/ssl/etcd/ssl",
  "/etc/etcd",
  "/etc/etcd/pki",
  "/etc/etcd/ssl",
];

/** Whether CAs lie in the directory of that path by its program's own wish, so that other machines have them there, too. */
export function isAuthorityPlace(path: string, { pkiDir }: ClusterConfig["paths"]): boolean {
  return [pkiDir, `${pkiDir}/etcd`, ...pkiDirs].includes(path.slice(0, path.lastIndexOf("/")));
}

/** Whether etcd may start is a question of member list, data and quorum; put back, a file would bring a member to life that was removed. */
function notPutBack(set: OpenSet, { path }: BackupPart): RecoveryError {
  return new RecoveryError("NOT_BUILT_YET", {
    subject: `backup restore of ${path}`,
    detail:
      "static pods, and the units and settings of etcd as a service, are not put back by this version: it could bring a member to life that was removed. Name other files by --kind or by narrower paths",
    remedies: [
      {
        why: "have them as plain files, to look at and to put back by hand",
        command: `requorum backup unseal ${set.manifest.id} --to ./set`,
      },
    ],
  });
}

function notThere(set: OpenSet, host: HostName, path: string): RecoveryError {
  const isData = set.parts.some(
    (part) => part.kind === "snapshot" && (part.path === path || part.host === undefined) && isAtOrBelow(part.path, path),
  );
  if (isData || /\/member(?:\/|$)|\/var\/lib\/etcd/.test(path))
    return new RecoveryError("USAGE", {
      subject: "option --path",
      detail: `${path}: etcd's data is not put back as a file, the cluster would come apart`,
      remedies: [{ why: "make a new data dir of a set's snapshot", command: "requorum snapshot restore --help" }],
    });
  return usage("--path", `set ${set.manifest.id} has no ${path} of ${host}`, filesOf(set, host));
}

function filesOf({ manifest }: OpenSet, host: HostName): Remedy {
  return { why: `see which files of ${host} it has`, command: `requorum backup show ${manifest.id} --host ${host}` };
}

function usage(subject: string, detail: string, remedy: Remedy): RecoveryError {
  return new RecoveryError("USAGE", { subject: `option ${subject}`, detail, remedies: [remedy] });
}
