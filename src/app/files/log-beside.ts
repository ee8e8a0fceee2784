import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import type { ByteSource } from "../../formats/byte-source.ts";
import type { DataDir } from "../../formats/etcd/data-dir/data-dir.ts";
import { loggedDatabase } from "../../formats/etcd/replay/logged-database.ts";
import { usableLog } from "../../formats/etcd/replay/usable-log.ts";
import { parseWalName } from "../../formats/etcd/wal/wal-segment.ts";
import { isWrongContent } from "../../formats/format-error.ts";
import type { FileLogLoss } from "../../model/file-inspection.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { showing, type FileContext } from "./file-context.ts";
import { isAbsence } from "./kind-of-source.ts";
import { logReader } from "./log-reader.ts";

/**
 * Whoever names the database inside a data dir gets that file, and not what
 * was acknowledged last: it stands in the log beside it alone. undefined: there
 * is no such log, it adds nothing, or it is of another cluster.
 */
export function lossBeside(
  context: FileContext,
  { path, database, open }: { readonly path: string; readonly database: ByteSource; readonly open: (directory: string) => DataDir },
): FileLogLoss | undefined {
  const memberFolder = memberFolderOf(path);
  if (memberFolder === undefined) return undefined;
  const dirPath = dataDirOf(path);
  try {
    if (!hasLog(context, `${memberFolder}/wal`)) return undefined;
    const bolt = openBolt(database);
    const dir = open(memberFolder);
    const logged = loggedDatabase(bolt, dir);
    const held = logged.consistentIndex ?? 0n;
    const usable = usableLog(logReader(dir, showing(context, "reading the log"))(), logged, dirPath);
    if (usable.stranger !== undefined || (usable.loss === undefined && usable.throughIndex === held)) return undefined;
    const added = usable.throughIndex - held;
    const what =
      added === 0n ? "" : `, with ${String(added)} ${added === 1n ? "entry" : "entries"} above the database's last, ${String(held)}`;
    return {
      kind: "beside",
      problems: [
        `this is the database of a data dir, and its log stands beside it${what}: give the data dir, ${dirPath}`,
        ...(usable.loss?.problems ?? []),
      ],
      throughIndex: held,
      missingThrough: usable.loss?.missingThrough ?? (added === 0n ? undefined : usable.throughIndex),
      unreadBytes: usable.loss?.unreadBytes ?? 0,
    };
  } catch (error) {
    // Its content, what is named like a part of it, or what the disk and its permissions allow.
    if (!isWrongContent(error) && !(error instanceof RecoveryError && error.code === "LOCAL_FILE_FAILED")) throw error;
    const words = `this is the database of a data dir, ${dirPath}, and its log, which stands beside it, cannot be read: ${error.subject}: ${error.detail}`;
    // Where it is the database that cannot be read, this says so again.
    const held = loggedDatabase(openBolt(database), { snapFiles: [] }).consistentIndex ?? 0n;
    return { kind: "beside", problems: [words], throughIndex: held, missingThrough: undefined, unreadBytes: 0 };
  }
}

/** The data dir that a database belongs to by its path, as a person would name it. */
export function dataDirOf(path: string): string {
  const folder = memberFolderOf(path) ?? path;
  const above = /^(.*?)\/?member$/s.exec(folder)?.[1];
  return above === undefined ? folder : above === "" ? (folder.startsWith("/") ? "/" : ".") : above;
}

/** `…/member` of `…/member/snap/db`; undefined for any other name. */
function memberFolderOf(path: string): string | undefined {
  const found = /^(?:(.*?)\/+)?(?:\.\/+)*snap\/+(?:\.\/+)*db$/s.exec(path);
  if (found !== null) return found[1] ?? (path.startsWith("/") ? "" : ".");
  return /^(?:\.\/+)*db$/.test(path) ? ".." : undefined;
}

function hasLog({ files }: FileContext, folder: string): boolean {
  try {
    return files.kindOf(folder) === "directory" && files.list(folder).some((name) => parseWalName(name) !== undefined);
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}
