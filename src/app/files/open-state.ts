import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import { sliceSource, type ByteSource } from "../../formats/byte-source.ts";
import { openDataDir, type DataDir, type DataDirFiles } from "../../formats/etcd/data-dir/data-dir.ts";
import { looksLike } from "../../formats/etcd/looks-like.ts";
import { replayLog, type ReplayFacts } from "../../formats/etcd/replay/replay-log.ts";
import { replayableLog } from "../../formats/etcd/replay/replayable-log.ts";
import { openWal } from "../../formats/etcd/wal/open-wal.ts";
import { notRecognised } from "../../formats/format-error.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { OpenByteFile } from "../../ports/byte-files.ts";
import { showing, type FileContext } from "./file-context.ts";

/** Bytes of the sha256 that ends a snapshot stream. */
export const trailerBytes = 32;

export interface StateRequest {
  readonly path: string;
  /** Leave out what lies above the commit index that the log recorded: it may not have been acknowledged. Data dirs only. */
  readonly committedOnly?: boolean;
}

export interface OpenState {
  readonly form: "snapshot" | "database" | "data-dir";
  /** What was asked for. */
  readonly path: string;
  readonly fileSizeBytes: number;
  /** The file as a whole, with its trailer. */
  readonly file: ByteSource;
  /** The file without its trailer. */
  readonly database: ByteSource;
  /** The database alone, without what the log adds. */
  readonly stored: () => BoltReader;
  /** What a start would serve: a data dir's log is replayed over its database. */
  readonly state: () => { readonly bolt: BoltReader; readonly replay: ReplayFacts | undefined };
}

/**
 * Opens a snapshot, a database or a data dir, and closes it when `work` is
 * over. What `work` gives counts only when no file changed all the while.
 * Throws FILE_CHANGED, FILE_NOT_RECOGNISED, LOCAL_FILE_FAILED, and what `work` throws.
 */
export function withState<Result>(context: FileContext, request: StateRequest, work: (opened: OpenState) => Result): Result {
  const files = new OpenFiles(context);
  try {
    const isDirectory = context.files.kindOf(request.path) === "directory";
    const result = work(isDirectory ? openDirectory(context, files, request) : openFile(files, request));
    files.assertUnchanged();
    return result;
  } catch (error) {
    // A file that is being written looks damaged: the true cause is the one to name.
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") files.assertUnchanged();
    throw error;
  } finally {
    files.close();
  }
}

/** Every file that one piece of work has open. */
export class OpenFiles {
  private readonly context: FileContext;
  private readonly opened: OpenByteFile[] = [];

  constructor(context: FileContext) {
    this.context = context;
  }

  open(path: string): OpenByteFile {
    this.refuseRunning(path);
    const file = this.context.files.open(path);
    this.opened.push(file);
    return file;
  }

  assertUnchanged(): void {
    for (const file of this.opened) file.assertUnchanged();
  }

  close(): void {
    for (const file of this.opened) file.close();
  }

  /** The database of a living etcd changes under the reader, and a plain copy of it is not usable (failure catalogue M9). */
  private refuseRunning(path: string): void {
    const holder = this.context.files.lockHolder(path);
    if (holder === undefined) return;
    throw new RecoveryError("FILE_CHANGED", {
      subject: `file ${path}`,
      detail: `${holder.pid > 0 ? `process ${String(holder.pid)}` : "a process"} holds it open and locked: an etcd runs on it, or somebody writes it`,
      remedies: [{ why: "take a snapshot of the running member instead, or stop it first" }],
    });
  }
}

function openFile(files: OpenFiles, { path }: StateRequest): OpenState {
  const file = files.open(path);
  const look = looksLike(file);
  if (look.kind !== "etcd-backend") throw notRecognised(path, "an etcd snapshot or database", look.words);
  const hasTrailer = file.size % 512 === trailerBytes;
  const database = hasTrailer ? sliceSource(file, 0, file.size - trailerBytes) : file;
  const stored = (): BoltReader => openBolt(database);
  return {
    form: hasTrailer ? "snapshot" : "database",
    path,
    fileSizeBytes: file.size,
    file,
    database,
    stored,
    state: () => ({ bolt: stored(), replay: undefined }),
  };
}

function openDirectory(context: FileContext, files: OpenFiles, { path, committedOnly }: StateRequest): OpenState {
  const dir = openDataDir(dataDirFiles(context, files, path));
  const { database } = dir;
  if (database === undefined)
    throw notRecognised(path, "a data dir that can be read", "it has a log and no database: member/snap/db is missing");
  return {
    form: "data-dir",
    path,
    fileSizeBytes: database.size,
    file: database,
    database,
    stored: () => openBolt(database),
    state: () => replayed(context, dir, openBolt(database), committedOnly ?? false),
  };
}

function replayed(
  context: FileContext,
  dir: DataDir,
  base: BoltReader,
  committedOnly: boolean,
): { readonly bolt: BoltReader; readonly replay: ReplayFacts | undefined } {
  if (dir.segments.length === 0) return { bolt: base, replay: undefined };
  const wal = openWal(dir.segments, { onBytes: showing(context, "reading the log") });
  const { bolt, facts } = replayLog(base, replayableLog(wal, base, dir.name), {
    through: committedOnly ? "recorded-commit" : "last-entry",
    onBytes: showing(context, "replaying the log over the database"),
  });
  return { bolt, replay: facts };
}

/** A directory as the engine's layout reader wants it. */
export function dataDirFiles(context: FileContext, files: OpenFiles, path: string): DataDirFiles {
  const base = path.replace(/\/+$/, "");
  return {
    name: path,
    list: (folder) => {
      const at = folder === "" ? base : `${base}/${folder}`;
      try {
        return context.files.kindOf(at) === "directory" ? context.files.list(at) : undefined;
      } catch (error) {
        if (error instanceof RecoveryError && /ENOENT|ENOTDIR/.test(error.detail)) return undefined;
        throw error;
      }
    },
    open: (name) => files.open(`${base}/${name}`),
  };
}
