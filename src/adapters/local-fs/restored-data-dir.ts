import {
  closeSync,
  copyFileSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { OnBytes } from "../../formats/byte-source.ts";
import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import type { BoltSink } from "../../formats/bbolt/bolt-sink.ts";
import type { RestoredMember, RestorePlan } from "../../formats/etcd/restore/restore-plan.ts";
import { writeRestoredDatabase } from "../../formats/etcd/restore/write-restored-database.ts";
import { databasePath, restoredLogFiles } from "../../formats/etcd/restore/write-restored-log.ts";
import { temporaryName } from "./durable-file.ts";
import { toRecoveryError } from "./to-recovery-error.ts";

export interface RestoreTarget {
  readonly member: RestoredMember;
  /** The data dir to be made: nothing may be there, or an empty directory. */
  readonly path: string;
}

/**
 * Writes the data dirs of a restored cluster's members: each beside its place
 * under another name, synced, then renamed to it, so that a data dir that is
 * there is whole. The database is the same for all members and made once.
 * Directories are 0700, files 0600, as etcd makes them. Throws TARGET_NOT_EMPTY
 * before anything is written, LOCAL_DISK_FULL, LOCAL_FILE_FAILED, and what
 * reading the source throws; what was begun is removed then. With several
 * targets, those that were finished before an error stay.
 */
export function writeRestoredDataDirs(
  source: BoltReader,
  plan: RestorePlan,
  targets: readonly RestoreTarget[],
  options: { readonly onBytes?: OnBytes | undefined } = {},
): void {
  const resolved = targets.map(({ member, path }) => ({ member, path: resolve(path) }));
  for (const { path } of resolved) assertFree(path);
  let database: string | undefined;
  for (const { member, path } of resolved) {
    const made = temporaryName(path);
    try {
      makeDataDir(made, plan, member, (file) => {
        if (database === undefined) writeDatabase(source, plan, file, options);
        else copyDatabase(database, file);
      });
      attempt(path, "put the data directory in its place", () => {
        assertFree(path);
        if (existsSync(path)) rmdirSync(path);
        renameSync(made, path);
        syncDirectory(dirname(path));
      });
    } catch (error) {
      rmSync(made, { recursive: true, force: true });
      throw error;
    }
    database ??= join(path, databasePath);
  }
}

function assertFree(path: string): void {
  const names = attempt(path, "look at it", () => (existsSync(path) ? readdirSync(path) : []));
  if (names.length > 0)
    throw new RecoveryError("TARGET_NOT_EMPTY", {
      subject: `directory ${path}`,
      detail: `${path} holds ${String(names.length)} entries, ${names[0] ?? ""} among them`,
    });
}

function makeDataDir(directory: string, plan: RestorePlan, member: RestoredMember, writeDb: (file: string) => void): void {
  const directories = ["", "member", "member/snap", "member/wal"].map((name) => join(directory, name));
  attempt(directory, "make the directories", () => {
    mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
    for (const path of directories) mkdirSync(path, { mode: 0o700 });
  });
  writeDb(join(directory, databasePath));
  for (const { path, bytes } of restoredLogFiles(plan, member))
    writeFile(join(directory, path), (file) => {
      writeWhole(file, bytes);
    });
  attempt(directory, "sync the directories", () => {
    for (const path of directories.toReversed()) syncDirectory(path);
  });
}

function writeDatabase(source: BoltReader, plan: RestorePlan, path: string, options: { readonly onBytes?: OnBytes | undefined }): void {
  writeFile(path, (file) => {
    const sink: BoltSink = {
      write: (bytes) => {
        attempt(path, "write it", () => {
          writeWhole(file, bytes);
        });
      },
      patch: (offset, bytes) => {
        attempt(path, "write it", () => {
          writeWhole(file, bytes, offset);
        });
      },
    };
    writeRestoredDatabase(source, plan, sink, options);
  });
}

function copyDatabase(from: string, to: string): void {
  attempt(to, "copy the database", () => {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const file = openSync(to, "r+");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
}

function writeFile(path: string, write: (file: number) => void): void {
  const file = attempt(path, "make it", () => openSync(path, "wx", 0o600));
  try {
    write(file);
    attempt(path, "sync it", () => {
      fsyncSync(file);
    });
  } finally {
    closeSync(file);
  }
}

/** The system may take less than it was given. */
function writeWhole(file: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(file, bytes, done, bytes.length - done, position === undefined ? null : position + done);
}

function syncDirectory(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function attempt<T>(path: string, what: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toRecoveryError(error, path, what);
  }
}
