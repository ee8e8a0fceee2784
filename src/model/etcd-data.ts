import type { DataDirFacts } from "./inventory.ts";

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

export function judgeEtcdData(dir: JudgedFacts | undefined): EtcdDataJudgement {
  if (dir === undefined) return { hasAny: undefined, isStartable: undefined, doubt: "it was not looked at" };
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
    doubt:
      doubt ??
      (hasFiles && !dir.hasWal && !dir.hasBackend
        ? `${dir.path} holds ${dir.mayBeData ?? "files"}, but neither WAL nor backend of a member`
        : undefined),
  };
}

function hiddenBecause(dir: JudgedFacts): string | undefined {
  if (dir.readError !== undefined) return `${dir.path} could not be read: ${dir.readError}`;
  if (dir.unmountedAt !== undefined) return `${dir.unmountedAt} belongs mounted there and is not`;
  if (dir.mountsGap !== undefined) return `what belongs mounted there is not known: ${dir.mountsGap}`;
  return undefined;
}

/** A filesystem with errors may show an empty dir where data is (N03, N04). A full one shows what it has. */
function diskDoubt(dir: JudgedFacts): string | undefined {
  if (dir.isReadOnlyMount === true) return `${dir.path} is on a read-only mount`;
  if (dir.fsyncError !== undefined && !/ENOSPC|no space left/i.test(dir.fsyncError)) return `a write beside it failed: ${dir.fsyncError}`;
  const error = dir.kernelErrors?.at(-1);
  return error === undefined ? undefined : `the kernel reports errors of its disk: ${error}`;
}
