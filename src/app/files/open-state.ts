import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import { sliceSource, type ByteSource } from "../../formats/byte-source.ts";
import { openDataDir, type DataDir, type DataDirFiles } from "../../formats/etcd/data-dir/data-dir.ts";
import { neededReceivedDatabase } from "../../formats/etcd/data-dir/rank-member.ts";
import { looksLike, type FileLook } from "../../formats/etcd/looks-like.ts";
import { parseWalName } from "../../formats/etcd/wal/wal-segment.ts";
import { readMeta } from "../../formats/etcd/schema/read-meta.ts";
import { damaged, isWrongContent, notRecognised } from "../../formats/format-error.ts";
import { isUnfinishedName } from "../../model/unfinished-name.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { OpenByteFile, ChecksAsked, PendingChecks } from "../../ports/byte-files.ts";
import { showing, type FileContext } from "./file-context.ts";
import { lossBeside } from "./log-beside.ts";
import { logReader, type ReadLog } from "./log-reader.ts";
import { replayedState, type ReplayedState } from "./replayed-state.ts";
import { isAbsence, kindOfSource } from "./kind-of-source.ts";

/** Bytes of the sha256 that ends a snapshot stream. */
export const trailerBytes = 32;

export interface StateRequest {
  readonly path: string;
  /** Leave out what lies above the commit index that the log recorded: it may not have been acknowledged. Data dirs only. */
  readonly committedOnly?: boolean;
  /** Where the log of a data dir is, when the member ran with etcd's --wal-dir. */
  readonly walDir?: string | undefined;
  /** Also a snapshot whose content does not have the sha256 at its end. */
  readonly skipsHashCheck?: boolean;
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
  /** Begins to check `database` beside other work, as OpenByteFile says. */
  readonly startChecks: (asked: Omit<ChecksAsked, "sizeBytes">) => PendingChecks | undefined;
  /** Of a data dir, with its log. */
  readonly dir: { readonly layout: DataDir; readonly log: ReadLog } | undefined;
  /** For who acts on what was read before the work is over. Throws FILE_CHANGED. */
  readonly assertUnchanged: () => void;
  /** The database alone, without what the log adds. */
  readonly stored: () => BoltReader;
  /** What a start would serve: a data dir's log is replayed over its database, as far as it continues it. Read once. */
  readonly state: () => ReplayedState;
}

/**
 * Opens a snapshot, a database or a data dir, and closes it when `work` is
 * over. What `work` gives counts only when no file changed all the while.
 * Throws FILE_NOT_FOUND, FILE_CHANGED, FILE_NOT_RECOGNISED, LOCAL_FILE_FAILED, and what `work` throws.
 */
export function withState<Result>(context: FileContext, request: StateRequest, work: (opened: OpenState) => Result): Result {
  const files = new OpenFiles(context);
  try {
    const isDirectory = kindOfSource(context, request.path) === "directory";
    // etcdutl's restore has an option of this name for where to write the log: not to be passed over in silence.
    if (!isDirectory && request.walDir !== undefined)
      throw new RecoveryError("USAGE", {
        subject: "option --wal-dir",
        detail: `${request.path} is a file, and has no log; the option says where a data dir has its own (a restore always writes to member/wal below the new one)`,
      });
    const result = work(isDirectory ? openDirectory(context, files, request) : openFile(context, files, request));
    files.assertUnchanged();
    return result;
  } catch (error) {
    if (!isWrongContent(error)) throw error;
    // A file that is being written looks damaged: the true cause is the one to name.
    files.assertUnchanged();
    throw files.withAge(error);
  } finally {
    files.close();
  }
}

/** A copy that is still under way writes at least this often, also over a bad line. */
const freshSeconds = 30;

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

  /** A database that is not there to its end and was written to a moment ago is more likely a copy that has not ended. */
  withAge(error: RecoveryError): RecoveryError {
    // An archive is one also when it is whole.
    if (error.code === "FILE_NOT_RECOGNISED") return error;
    const fresh = this.opened.filter(({ secondsSinceWrite }) => secondsSinceWrite >= 0 && secondsSinceWrite < freshSeconds);
    const seconds = Math.min(...fresh.filter(endsTooEarly).map((file) => file.secondsSinceWrite));
    if (!Number.isFinite(seconds)) return error;
    const detail = `${error.detail}; it was written to ${String(Math.floor(seconds))} s ago: if a copy or download is still under way, wait for its end and try again`;
    return new RecoveryError(error.code, {
      subject: error.subject,
      detail,
      cause: error.cause,
      retry: error.retry,
      remedies: error.remedies,
    });
  }

  /** The database of a living etcd changes under the reader, and a plain copy of it is not usable (failure catalogue M9). */
  private refuseRunning(path: string): void {
    const holder = this.context.files.lockHolder(path);
    if (holder === undefined) return;
    throw fileInUse(`file ${path}`, holder.pid > 0 ? `process ${String(holder.pid)}` : "a process");
  }
}

/** A database says itself how long it is. Damage within it is none that time heals. */
function endsTooEarly(file: ByteSource): boolean {
  if (file.size === 0) return true;
  try {
    const { highWaterPage, pageSizeBytes } = openBolt(file).meta;
    return BigInt(file.size) < highWaterPage * BigInt(pageSizeBytes);
  } catch (error) {
    if (error instanceof RecoveryError) return false; // only a hint depends on it
    throw error;
  }
}

/** Also for a file on another machine. */
export function fileInUse(subject: string, holder: string): RecoveryError {
  return new RecoveryError("FILE_IN_USE", {
    subject,
    detail: `${holder} holds it open and locked: an etcd runs on it`,
    remedies: [
      { why: "take a snapshot of the running member instead", command: "etcdctl snapshot save backup.db" },
      { why: "or stop that member first: move its manifest out of /etc/kubernetes/manifests" },
    ],
  });
}

/**
 * What a full disk or a crash leaves is a backup that is damaged, whatever it
 * was; only what somebody else made on purpose is a file of another kind.
 */
export function noDatabase(path: string, wanted: string, look: FileLook): RecoveryError {
  const isLost = look.kind === "empty" || look.kind === "zeros";
  return isLost ? damaged(path, undefined, `this is not ${wanted} any more: ${look.words}`) : notRecognised(path, wanted, look.words);
}

function openFile(context: FileContext, files: OpenFiles, { path }: StateRequest): OpenState {
  const file = files.open(path);
  const look = looksLike(file);
  if (look.kind !== "etcd-backend") throw noDatabase(path, "an etcd snapshot or database", look);
  const hasTrailer = file.size % 512 === trailerBytes;
  const database = hasTrailer ? sliceSource(file, 0, file.size - trailerBytes) : file;
  const stored = (): BoltReader => openBolt(database);
  let beside: Pick<ReplayedState, "loss"> | undefined;
  return {
    form: hasTrailer ? "snapshot" : "database",
    path,
    fileSizeBytes: file.size,
    file,
    database,
    startChecks: (asked) => file.startChecks?.({ ...asked, sizeBytes: database.size }),
    dir: undefined,
    assertUnchanged: () => {
      files.assertUnchanged();
    },
    stored,
    state: () => {
      beside ??= {
        loss: lossBeside(context, { path, database, open: (folder) => openDataDirAt(context, files, folder) }),
      };
      return { bolt: stored(), replay: undefined, notApplied: undefined, loss: beside.loss };
    },
  };
}

function openDirectory(context: FileContext, files: OpenFiles, { path, committedOnly, walDir }: StateRequest): OpenState {
  const dir = openDataDirAt(context, files, path, walDir);
  const log = logReader(dir, showing(context, "reading the log"));
  const database = databaseThatCounts(dir, log);
  if (database === undefined)
    throw notRecognised(path, "a data dir that can be read", "it has a log and no database: member/snap/db is missing");
  let state: ReplayedState | undefined;
  const look = looksLike(database);
  if (look.kind !== "etcd-backend") throw noDatabase(database.name, "an etcd database", look);
  return {
    form: "data-dir",
    path,
    fileSizeBytes: database.size,
    file: database,
    database,
    startChecks: () => undefined,
    dir: { layout: dir, log },
    assertUnchanged: () => {
      files.assertUnchanged();
    },
    stored: () => openBolt(database),
    state: () => (state ??= replayedState(context, { dir, wal: log() }, openBolt(database), committedOnly ?? false)),
  };
}

/** Throws FILE_NOT_RECOGNISED, with what is there instead. */
export function openDataDirAt(context: FileContext, files: OpenFiles, path: string, walDir?: string): DataDir {
  if (walDir !== undefined) assertLogDirectory(context, walDir);
  try {
    return openDataDir(dataDirFiles(context, files, path), walDir === undefined ? {} : { walFiles: dataDirFiles(context, files, walDir) });
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== "FILE_NOT_RECOGNISED" || error.subject !== `file ${path}`) throw error;
    throw notRecognised(path, "a data directory of etcd", wordsOfDirectory(context, path));
  }
}

/** Who named it means a log that is there: without this a wrong one would be told as a log that is lost. */
function assertLogDirectory(context: FileContext, walDir: string): void {
  const wanted = "the directory of a log";
  if (kindOfSource(context, walDir) !== "directory") throw notRecognised(walDir, wanted, "it is a file");
  const base = walDir.replace(/\/+$/, "");
  const names = context.files.list(walDir);
  if (names.some(isSegment)) return;
  const inside = names
    .slice(0, 100)
    .map((name) => `${base}/${name}`)
    .find((path) => isDirectory(context, path) && context.files.list(path).some(isSegment));
  throw notRecognised(walDir, wanted, `it holds no segment of a log (*.wal)${inside === undefined ? "" : `; ${inside} does`}`);
}

function isSegment(name: string): boolean {
  return parseWalName(name) !== undefined;
}

/** Enough to know it again. */
const namesShown = 6;

function wordsOfDirectory(context: FileContext, path: string): string {
  const names = context.files.list(path);
  const base = path.replace(/\/+$/, "");
  const [part] = /(?:^|\/)member\/(?:snap|wal)$/.exec(base) ?? [];
  if (part !== undefined) {
    const whole = base.slice(0, base.length - part.length);
    return `it is a part of one; give the directory that "member" is in: ${whole === "" ? (part.startsWith("/") ? "/" : ".") : whole}`;
  }
  const inside = names
    .filter((name) => !isUnfinishedName(name))
    .slice(0, 100)
    .find((name) => isDirectory(context, `${base}/${name}/member`));
  return `${noDataDirWords(names)}${inside === undefined ? "" : `; ${base}/${inside} looks like one`}`;
}

/** What a directory is that holds only these. */
export function noDataDirWords(names: readonly string[]): string {
  if (names.length === 0) return "it is an empty directory";
  const shown = names.slice(0, namesShown).join(", ");
  const more = names.length > namesShown ? ` and ${String(names.length - namesShown)} more` : "";
  return `it has neither member/snap/db nor a log in member/wal, but ${shown}${more}`;
}

function isDirectory(context: FileContext, path: string): boolean {
  try {
    return context.files.kindOf(path) === "directory";
  } catch (error) {
    if (error instanceof RecoveryError) return false; // only a hint depends on it
    throw error;
  }
}

/**
 * The database that etcd would start with: its own, or the one that a leader
 * sent and that it has not taken over yet.
 */
export function databaseThatCounts(dir: DataDir, log: ReadLog): ByteSource | undefined {
  const wal = dir.receivedDatabases.length === 0 ? undefined : log();
  if (wal === undefined) return dir.database;
  const own = dir.database === undefined ? undefined : readMeta(openBolt(dir.database)).consistentIndex;
  const needed = neededReceivedDatabase(wal, own);
  return dir.receivedDatabases.find((one) => one.index === needed)?.source ?? dir.database;
}

/** A directory as the engine's layout reader wants it. */
function dataDirFiles(context: FileContext, files: OpenFiles, path: string): DataDirFiles {
  const base = path.replace(/\/+$/, "");
  return {
    name: path,
    list: (folder) => {
      const at = folder === "" ? base : `${base}/${folder}`;
      try {
        return context.files.kindOf(at) === "directory" ? context.files.list(at) : undefined;
      } catch (error) {
        if (isAbsence(error)) return undefined;
        throw error;
      }
    },
    open: (name) => files.open(`${base}/${name}`),
  };
}
