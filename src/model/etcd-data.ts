import { placeDoubt, type DataRemedy, type Doubt } from "./etcd-place.ts";
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
  /** As in `Doubt`. */
  readonly place?: Doubt["place"];
  readonly unlike?: Doubt["unlike"];
  readonly units?: Doubt["units"];
  readonly on?: Doubt["on"];
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
  | "mountPoint"
  | "mountPointBefore"
  | "mountsGap"
> &
  Partial<Pick<DataDirFacts, "isReadOnlyMount" | "fsyncError" | "kernelErrors">>;

/** The data of one machine among all that were looked at, where it is certain that etcd keeps them where they were looked for. */
export function etcdDataOn(facts: HostFacts | undefined, hosts: readonly HostFacts[]): EtcdDataJudgement {
  const judged = judgeEtcdData(facts === undefined ? undefined : valueOf(facts.etcdDataDir));
  return withPlaceDoubt(judged, facts === undefined ? undefined : placeDoubt(facts, hosts));
}

/** What is seen there is there, but it may not be etcd's; and what is not there may be elsewhere. */
export function withPlaceDoubt(judged: EtcdDataJudgement, place: Doubt | undefined): EtcdDataJudgement {
  if (place === undefined) return judged;
  // What is wrong with the disk explains a manifest that was not read, and data that is not seen under a running etcd.
  const isFirst = place.remedy === "elsewhere" || place.remedy === "configure" || judged.doubt === undefined;
  return { ...judged, hasAny: judged.hasAny === true ? true : undefined, isStartable: undefined, ...(isFirst ? told(place) : {}) };
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

function told(doubt: Doubt | undefined): Omit<EtcdDataJudgement, "hasAny" | "isStartable"> {
  if (doubt === undefined) return { doubt: undefined };
  const { words, ...rest } = doubt;
  return { doubt: words, ...rest };
}

function strayDoubt(dir: JudgedFacts, hasFiles: boolean): Doubt | undefined {
  if (!hasFiles || dir.hasWal || dir.hasBackend) return undefined;
  return { words: `${dir.path} holds ${dir.mayBeData ?? "files"}, but neither WAL nor backend of a member`, remedy: "tidy" };
}

function hiddenBecause(dir: JudgedFacts): Doubt | undefined {
  if (dir.readError !== undefined) return { words: `${dir.path} could not be read: ${dir.readError}`, remedy: "disk" };
  if (dir.unmountedAt !== undefined) return { words: `${dir.unmountedAt} belongs mounted there and is not`, remedy: "mount" };
  if (dir.mountPointBefore !== undefined) {
    const now = dir.mountPoint === undefined ? "a filesystem that is not known" : `the filesystem mounted at ${dir.mountPoint}`;
    const words = `${dir.path} is on ${now}, and was on the one at ${dir.mountPointBefore} at the last good look`;
    return { words, remedy: "filesystem", place: dir.mountPointBefore };
  }
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
