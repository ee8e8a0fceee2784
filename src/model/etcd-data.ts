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

/** mount: a disk is to be mounted, or given up. disk: it is to be repaired, or given up. ask: the machine is to be made to answer. tidy: what lies there is to be looked at. elsewhere: etcd keeps its data where nobody looked. */
export type DataRemedy = "mount" | "disk" | "ask" | "tidy" | "elsewhere";

interface Doubt {
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

/** The data of one machine, where its etcd's manifest says that they are where they were looked for, or says nothing. */
export function etcdDataOn(facts: HostFacts | undefined): EtcdDataJudgement {
  const dir = facts === undefined ? undefined : valueOf(facts.etcdDataDir);
  const judged = judgeEtcdData(dir);
  const place = facts === undefined || dir === undefined ? undefined : keptElsewhere(facts, dir.path);
  return place === undefined
    ? judged
    : { hasAny: judged.hasAny, isStartable: undefined, doubt: `${place}, which is not looked at`, remedy: "elsewhere" };
}

/** Where etcd keeps data besides, or instead of, the data dir that is looked at; undefined: nowhere, as far as its manifest is known. */
export function keptElsewhere(facts: HostFacts, path: string): string | undefined {
  for (const { etcdFlags } of valueOf(facts.manifests) ?? []) {
    const { dataDir = "", walDir = "" } = etcdFlags ?? {};
    if (dataDir !== "" && withoutSlash(dataDir) !== withoutSlash(path)) return `etcd there keeps its data in ${dataDir} (--data-dir)`;
    if (walDir !== "" && withoutSlash(walDir) !== `${withoutSlash(path)}/member/wal`)
      return `etcd there keeps its log in ${walDir} (--wal-dir)`;
  }
  return undefined;
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
