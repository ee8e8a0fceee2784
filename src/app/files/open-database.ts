import { sliceSource, type ByteSource } from "../../formats/byte-source.ts";
import { notRecognised } from "../../formats/format-error.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { OpenByteFile } from "../../ports/byte-files.ts";
import type { FileContext } from "./file-context.ts";

/** Bytes of the sha256 that ends a snapshot stream. */
export const trailerBytes = 32;

export interface OpenDatabase {
  readonly form: "snapshot" | "database" | "data-dir";
  /** What was asked for. */
  readonly path: string;
  readonly file: OpenByteFile;
  /** The file without its trailer. */
  readonly database: ByteSource;
}

/** Where etcd keeps its database below the data dir; member/ and member/snap/ themselves are taken, too. */
const databaseBelow = ["member/snap/db", "snap/db", "db"];

/**
 * Opens a snapshot, a database or a data dir's database, and closes it when
 * `work` is over. What `work` gives counts only when the file was the same all
 * the while. Throws FILE_CHANGED, FILE_NOT_RECOGNISED, LOCAL_FILE_FAILED.
 */
export function withDatabase<Result>(context: FileContext, path: string, work: (opened: OpenDatabase) => Result): Result {
  const { files } = context;
  const isDirectory = files.kindOf(path) === "directory";
  const databasePath = isDirectory ? databaseOf(context, path) : path;
  refuseRunning(context, databasePath);
  const file = files.open(databasePath);
  try {
    const hasTrailer = file.size % 512 === trailerBytes;
    const result = work({
      form: isDirectory ? "data-dir" : hasTrailer ? "snapshot" : "database",
      path,
      file,
      database: hasTrailer ? sliceSource(file, 0, file.size - trailerBytes) : file,
    });
    file.assertUnchanged();
    return result;
  } catch (error) {
    // A file that is being written looks damaged: the true cause is the one to name.
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") file.assertUnchanged();
    throw error;
  } finally {
    file.close();
  }
}

function databaseOf(context: FileContext, directory: string): string {
  const base = directory.replace(/\/+$/, "");
  const names = new Set(context.files.list(directory));
  for (const below of databaseBelow) {
    const [first = ""] = below.split("/");
    if (!names.has(first)) continue;
    const candidate = `${base}/${below}`;
    try {
      if (context.files.kindOf(candidate) === "file") return candidate;
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error; // the next place may have it
    }
  }
  throw notRecognised(directory, "a data dir of etcd", `a directory without member/snap/db (it holds ${listed([...names])})`);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${String(names.length - 5)} more` : names.join(", ");
}

/** The database of a living etcd changes under the reader, and a plain copy of it is not usable (failure catalogue M9). */
function refuseRunning(context: FileContext, path: string): void {
  const holder = context.files.lockHolder(path);
  if (holder === undefined) return;
  throw new RecoveryError("FILE_CHANGED", {
    subject: `file ${path}`,
    detail: `process ${String(holder.pid)} holds it open and locked: an etcd runs on it, or somebody writes it`,
    remedies: [{ why: "take a snapshot of the running member instead, or stop it first" }],
  });
}
