import type { DataDirFacts, HostFacts } from "./inventory.ts";
import { valueOf } from "./observation.ts";

/**
 * What the facts about a data dir allow to say. The one place that says it:
 * planning, the fingerprint, the look summary and the diagnosis all ask here.
 */
export interface EtcdDataJudgement {
  /** Anything in it: who joins this machine must find it empty. undefined: not known. */
  readonly hasAny: boolean | undefined;
  /**
   * true: WAL and backend are there, and what belongs mounted is mounted.
   * false: it is certain that no data is there, whatever else lies there (a
   * newborn log counts as none: etcd began it when the data was gone). undefined: neither, so etcd is
   * not started there and the member is not called lost.
   */
  readonly isStartable: boolean | undefined;
  /** Why what is seen may not be what there is; undefined: nothing speaks against it. */
  readonly doubt: string | undefined;
  /** What somebody has to see to so that it can be judged. */
  readonly remedy?: DataRemedy;
}

/** mount: a disk is to be mounted, or given up. disk: it is to be repaired, or given up. ask: the machine is to be made to answer. tidy: what lies there is to be looked at. manifest: a file among the manifests is to be repaired. elsewhere: etcd keeps its data where nobody looked. */
export type DataRemedy = "mount" | "disk" | "ask" | "tidy" | "manifest" | "elsewhere";

export interface Doubt {
  readonly words: string;
  readonly remedy: DataRemedy;
}

/** The facts that are needed; a short look before a step asks less about the disk. */
type JudgedFacts = Pick<
  DataDirFacts,
  | "path"
  | "exists"
  | "isEmpty"
  | "hasFiles"
  | "mayBeData"
  | "readError"
  | "hasWal"
  | "hasBackend"
  | "isNewborn"
  | "unmountedAt"
  | "mountsGap"
> &
  Partial<Pick<DataDirFacts, "isReadOnlyMount" | "fsyncError" | "kernelErrors">>;

/** The data of one machine among all that were looked at, where it is certain that etcd keeps them where they were looked for. */
export function etcdDataOn(facts: HostFacts | undefined, hosts: readonly HostFacts[]): EtcdDataJudgement {
  const judged = judgeEtcdData(facts === undefined ? undefined : valueOf(facts.etcdDataDir));
  const place = facts === undefined ? undefined : placeDoubt(facts, hosts);
  if (place === undefined) return judged;
  // What is wrong with the disk explains a manifest that was not read.
  const isFirst = place.remedy === "elsewhere" || judged.doubt === undefined;
  return { ...judged, hasAny: judged.hasAny === true ? true : undefined, isStartable: undefined, ...(isFirst ? told(place) : {}) };
}

/**
 * Why etcd may keep its data besides, or instead of, the data dir that was looked at; undefined: nothing speaks for it.
 * A machine whose manifest is gone says nothing of the place; then the other machines of the cluster do.
 */
export function placeDoubt(facts: HostFacts, hosts: readonly HostFacts[]): Doubt | undefined {
  const path = valueOf(facts.etcdDataDir)?.path;
  if (path === undefined) return undefined;
  const manifests = valueOf(facts.manifests);
  const isSaid = manifests?.some(({ etcdFlags }) => etcdFlags !== undefined) === true;
  const others = hosts.filter((host) => host.name !== facts.name);
  const elsewhere = [
    ...[facts, ...(isSaid ? [] : others)].flatMap((host) => keptElsewhere(host, path) ?? []),
    ...others.filter((host) => isServingWithoutData(host, path)).map(({ name }) => `etcd on ${name} serves without data in ${path}`),
  ][0];
  if (elsewhere !== undefined) return { words: `${elsewhere}, which is not looked at`, remedy: "elsewhere" };
  if (isSaid) return undefined;
  if (manifests === undefined) return { words: "where etcd keeps its data is not known, its manifests were not read", remedy: "ask" };
  // A file that was not understood may be etcd's manifest.
  const odd = manifests.find(({ problem }) => problem !== undefined);
  if (odd === undefined) return undefined;
  return { words: `where etcd keeps its data is not known, ${odd.fileName} was not understood (${odd.problem ?? ""})`, remedy: "manifest" };
}

function keptElsewhere({ name, manifests }: HostFacts, path: string): string | undefined {
  for (const { etcdFlags } of valueOf(manifests) ?? []) {
    if (etcdFlags === undefined) continue;
    const { dataDir, walDir = "" } = etcdFlags;
    if (withoutSlash(dataDir) !== withoutSlash(path))
      return `etcd on ${name} keeps its data in ${dataDir === "" ? "a place that no flag names" : dataDir} (--data-dir)`;
    if (walDir !== "" && withoutSlash(walDir) !== `${withoutSlash(path)}/member/wal`)
      return `etcd on ${name} keeps its log in ${walDir} (--wal-dir)`;
  }
  return undefined;
}

/** Where another machine's etcd serves and nothing is at this path there, the path is wrong. */
function isServingWithoutData({ etcd, etcdDataDir }: HostFacts, path: string): boolean {
  const dir = valueOf(etcdDataDir);
  const isServing = etcd.linearizableReadMs.kind === "known" || etcd.status.kind === "known";
  return isServing && dir?.path === path && dir.readError === undefined && !dir.hasWal && !dir.hasBackend;
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}

export function judgeEtcdData(dir: JudgedFacts | undefined): EtcdDataJudgement {
  if (dir === undefined) return { hasAny: undefined, isStartable: undefined, doubt: "it was not looked at", remedy: "ask" };
  const hidden = hiddenBecause(dir);
  const doubt = hidden ?? diskDoubt(dir);
  const isSomething = dir.exists && !dir.isEmpty;
  // Files of somebody else: a snapshot that was saved there, a core dump.
  const hasFiles = isSomething && dir.hasFiles !== false && (dir.mayBeData !== "" || dir.hasWal || dir.hasBackend);
  const isNewborn = dir.isNewborn === true;
  const isWhole = dir.exists && dir.hasWal && dir.hasBackend && !isNewborn;
  return {
    hasAny:
      isSomething && dir.readError === undefined && dir.unmountedAt === undefined ? true : doubt === undefined ? isSomething : undefined,
    isStartable: isWhole && hidden === undefined ? true : (!hasFiles || isNewborn) && doubt === undefined ? false : undefined,
    ...told(doubt ?? strayDoubt(dir, hasFiles)),
  };
}

function told(doubt: Doubt | undefined): Pick<EtcdDataJudgement, "doubt" | "remedy"> {
  return doubt === undefined ? { doubt: undefined } : { doubt: doubt.words, remedy: doubt.remedy };
}

function strayDoubt(dir: JudgedFacts, hasFiles: boolean): Doubt | undefined {
  if (!hasFiles || dir.hasWal || dir.hasBackend) return undefined;
  return { words: `${dir.path} holds ${dir.mayBeData ?? "files"}, but neither WAL nor backend of a member`, remedy: "tidy" };
}

function hiddenBecause(dir: JudgedFacts): Doubt | undefined {
  if (dir.readError !== undefined) return { words: `${dir.path} could not be read: ${dir.readError}`, remedy: "disk" };
  if (dir.unmountedAt !== undefined) return { words: `${dir.unmountedAt} belongs mounted there and is not`, remedy: "mount" };
  if (dir.mountsGap !== undefined) return { words: `what belongs mounted there is not known: ${dir.mountsGap}`, remedy: "ask" };
  return undefined;
}

/** A filesystem with errors may show an empty dir where data is (N03, N04). A full one shows what it has. */
function diskDoubt(dir: JudgedFacts): Doubt | undefined {
  if (dir.isReadOnlyMount === true) return { words: `${dir.path} is on a read-only mount`, remedy: "disk" };
  if (dir.fsyncError !== undefined && !/ENOSPC|no space left/i.test(dir.fsyncError))
    return { words: `a write beside it failed: ${dir.fsyncError}`, remedy: "disk" };
  const error = dir.kernelErrors?.at(-1);
  return error === undefined ? undefined : { words: `the kernel reports errors of its disk: ${error}`, remedy: "disk" };
}
