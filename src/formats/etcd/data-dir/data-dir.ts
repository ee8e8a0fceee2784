/**
 * The layout of a member's data directory, by names; no file is read here.
 * Source: etcd server/storage/datadir/datadir.go, server/etcdserver/api/snap/{snapshotter,db}.go,
 * server/storage/wal/util.go. The same from 3.4 to 3.7.
 */
import type { ByteSource } from "../../byte-source.ts";
import { notRecognised } from "../../format-error.ts";
import { parseSnapName } from "../snap/snap-file.ts";
import { parseWalName, walSegmentsOf, type WalSegment } from "../wal/wal-segment.ts";

/** A directory as the engine needs it; paths are relative to it, with `/`. */
export interface DataDirFiles {
  /** For messages: its path. */
  readonly name: string;
  /** The names in a folder, `""` for the directory itself; undefined when there is no such folder. */
  list(folder: string): readonly string[] | undefined;
  /** Throws LOCAL_FILE_FAILED. */
  open(path: string): ByteSource;
}

export interface SnapFileEntry {
  readonly name: string;
  readonly term: bigint;
  readonly index: bigint;
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
  /** What etcd set aside or left behind, and files that are not etcd's, by path. */
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
    if (parseWalName(name) === undefined) leave(walFolder === "" ? name : `${walFolder}/${name}`);
    else segments.push({ name, source: wal.open(walFolder === "" ? name : `${walFolder}/${name}`) });
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
    const parsed = parseSnapName(name);
    const received = /^([0-9a-f]{16})\.snap\.db$/.exec(name)?.[1];
    if (name === "db") database = files.open(path);
    else if (parsed !== undefined) snapFiles.push({ name, ...parsed, source: files.open(path) });
    else if (received !== undefined) receivedDatabases.push({ name, index: BigInt(`0x${received}`), source: files.open(path) });
    else leave(path);
  }
  // By name, as etcd sorts them: the term comes first.
  snapFiles.sort((a, b) => (a.name < b.name ? 1 : -1));
  receivedDatabases.sort((a, b) => (a.index < b.index ? 1 : -1));
  return { database, snapFiles, receivedDatabases };
}
