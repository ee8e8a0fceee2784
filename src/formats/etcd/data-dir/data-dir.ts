/**
 * The layout of a member's data directory, by names; no file is read here.
 * Source: etcd server/storage/datadir/datadir.go, server/etcdserver/api/snap/{snapshotter,db}.go,
 * server/storage/wal/util.go. The same from 3.4 to 3.7.
 */
import type { ByteSource } from "../../byte-source.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { notRecognised } from "../../format-error.ts";
import { parseWalName, walSegmentsOf, type WalSegment } from "../wal/wal-segment.ts";

/** A directory as the engine needs it; paths are relative to it, with `/`. */
export interface DataDirFiles {
  /** For messages: its path. */
  readonly name: string;
  /** The names in a folder, `""` for the directory itself; undefined when there is no such folder. */
  list(folder: string): readonly string[] | undefined;
  /** Throws LOCAL_FILE_FAILED, FILE_NOT_RECOGNISED for what is no file. */
  open(path: string): ByteSource;
}

/** Of whatever place in the log: its content says, and not its name. */
export interface SnapFileEntry {
  readonly name: string;
  readonly source: ByteSource;
}

/** A database that a leader sent; etcd takes it over as `db` at its next start when it has not done so yet. */
export interface ReceivedDatabase {
  readonly name: string;
  readonly index: bigint;
  readonly source: ByteSource;
}

export interface DataDir {
  readonly name: string;
  /** `member/snap/db`; undefined when it is missing. */
  readonly database: ByteSource | undefined;
  /** In order; empty when there is no log. */
  readonly segments: readonly WalSegment[];
  /** Newest first, as etcd looks for one to start from. */
  readonly snapFiles: readonly SnapFileEntry[];
  /** Newest first. */
  readonly receivedDatabases: readonly ReceivedDatabase[];
  /** What etcd set aside or left behind, and what is not etcd's, by path: a start passes over it, or clears it away. */
  readonly leftovers: readonly string[];
}

/** Names kept for `leftovers`. */
const maxLeftovers = 1000;

/**
 * `walFiles` when the member runs with `--wal-dir`. The directory may also be
 * the `member` folder itself. Throws FILE_NOT_RECOGNISED for a directory
 * without a database and without a log.
 */
export function openDataDir(files: DataDirFiles, options: { readonly walFiles?: DataDirFiles } = {}): DataDir {
  const base = files.list("member") === undefined ? "" : "member/";
  const leftovers: string[] = [];
  const leave = (path: string): void => {
    if (leftovers.length < maxLeftovers) leftovers.push(path);
  };
  const wal = options.walFiles ?? files;
  const walFolder = options.walFiles === undefined ? `${base}wal` : "";
  const segments: { name: string; source: ByteSource }[] = [];
  for (const name of wal.list(walFolder) ?? []) {
    // A segment that etcd has made ready, and leaves when it is killed, is as usual as one in use.
    if (parseWalName(name) === undefined) {
      if (!name.endsWith(".tmp")) leave(walFolder === "" ? name : `${walFolder}/${name}`);
    } else segments.push({ name, source: wal.open(walFolder === "" ? name : `${walFolder}/${name}`) });
  }
  const snap = snapFolderOf(files, `${base}snap`, leave);
  if (segments.length === 0 && snap.database === undefined)
    throw notRecognised(files.name, "a data directory of etcd", `it has neither ${base}snap/db nor a segment in ${base}wal`);
  return { name: files.name, segments: walSegmentsOf(segments), ...snap, leftovers };
}

function snapFolderOf(
  files: DataDirFiles,
  folder: string,
  leave: (path: string) => void,
): Pick<DataDir, "database" | "snapFiles" | "receivedDatabases"> {
  let database: ByteSource | undefined;
  const snapFiles: SnapFileEntry[] = [];
  const receivedDatabases: ReceivedDatabase[] = [];
  for (const name of files.list(folder) ?? []) {
    const path = `${folder}/${name}`;
    const received = /^([0-9a-f]{16})\.snap\.db$/.exec(name)?.[1];
    if (name === "db") database = files.open(path);
    else {
      const isWanted = name.endsWith(".snap") || received !== undefined;
      const source = isWanted ? openIfFile(files, path) : undefined;
      if (source === undefined) leave(path);
      else if (received === undefined) snapFiles.push({ name, source });
      else receivedDatabases.push({ name, index: BigInt(`0x${received}`), source });
    }
  }
  // By name, as etcd sorts them, which takes all that end so: of its own names the term comes first.
  snapFiles.sort((a, b) => (a.name < b.name ? 1 : -1));
  receivedDatabases.sort((a, b) => (a.index < b.index ? 1 : -1));
  return { database, snapFiles, receivedDatabases };
}

/** etcd takes the next one for a directory or a link to nowhere of this name. What may not be read is another matter: it may count. */
function openIfFile(files: DataDirFiles, path: string): ByteSource | undefined {
  try {
    return files.open(path);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const isNoFile = error.code === "FILE_NOT_RECOGNISED" || (error.code === "LOCAL_FILE_FAILED" && error.detail.includes("ENOENT"));
    if (!isNoFile) throw error;
    return undefined;
  }
}
