import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { DataDirWriter, NewDataDir } from "../../ports/data-dir-writer.ts";
import { errnoOf, toRecoveryError } from "./to-recovery-error.ts";

/** Told the name under which a data dir is being written, and undefined when nothing is there any more. */
export type OnTemporary = (path: string | undefined) => void;

/** Data dirs on this machine. */
export class LocalDataDirWriter implements DataDirWriter {
  private readonly onTemporary: OnTemporary;

  constructor(onTemporary: OnTemporary = () => undefined) {
    this.onTemporary = onTemporary;
  }

  begin(directory: string): NewDataDir {
    const target = resolve(directory);
    refuseFull(target);
    refuseMountPoint(target);
    // Random: what a killed program left must not stand in the way of the next one, which may have its process id in a container.
    const temporary = join(dirname(target), `.${basename(target)}.requorum-${randomBytes(6).toString("hex")}`);
    this.onTemporary(temporary);
    attempt(temporary, "make the directory", () => {
      mkdirSync(dirname(target), { recursive: true });
      mkdirSync(temporary, { mode: 0o700 });
    });
    return new LocalNewDataDir(target, temporary, this.onTemporary);
  }
}

class LocalNewDataDir implements NewDataDir {
  private readonly target: string;
  private readonly temporary: string;
  private readonly onTemporary: OnTemporary;
  private readonly folders = new Set<string>();

  constructor(target: string, temporary: string, onTemporary: OnTemporary) {
    this.target = target;
    this.temporary = temporary;
    this.onTemporary = onTemporary;
  }

  create(path: string): ReturnType<NewDataDir["create"]> {
    const full = join(this.temporary, path);
    const file = attempt(full, "create it", () => {
      for (let folder = dirname(full); folder.startsWith(this.temporary); folder = dirname(folder)) this.folders.add(folder);
      mkdirSync(dirname(full), { recursive: true, mode: 0o700 });
      return openSync(full, "wx", 0o600);
    });
    let size = 0;
    const put = (bytes: Uint8Array, at: number): void => {
      let done = 0;
      while (done < bytes.length) done += attempt(full, "write it", () => writeSync(file, bytes, done, bytes.length - done, at + done));
    };
    return {
      write: (bytes) => {
        put(bytes, size);
        size += bytes.length;
      },
      patch: (offset, bytes) => {
        put(bytes, offset);
      },
      close: () => {
        attempt(full, "sync it", () => {
          fsyncSync(file);
        });
        closeSync(file);
      },
    };
  }

  commit(): void {
    for (const folder of [...this.folders].sort((a, b) => b.length - a.length)) syncDirectory(folder);
    refuseFull(this.target);
    attempt(this.target, "give it its name", () => {
      // An empty directory in the way is what the caller made for us.
      if (existsSync(this.target)) rmdirSync(this.target);
      renameSync(this.temporary, this.target);
    });
    this.onTemporary(undefined);
    syncDirectory(dirname(this.target));
  }

  discard(): void {
    attempt(this.temporary, "remove what was written", () => {
      rmSync(this.temporary, { recursive: true, force: true });
    });
    this.onTemporary(undefined);
  }
}

/** Nothing, or an empty directory. */
function refuseFull(target: string): void {
  const names = attempt(target, "look at it", () => {
    try {
      return lstatSync(target).isDirectory() ? readdirSync(target) : ["(it is no directory)"];
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    }
  });
  if (names.length === 0) return;
  throw new RecoveryError("TARGET_NOT_EMPTY", {
    subject: `directory ${target}`,
    detail: `it holds ${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${String(names.length - 5)} more` : ""}; nothing was written`,
    remedies: [{ why: "move it aside, do not delete it: it may be the newest data there is", command: `mv ${target} ${target}.aside` }],
  });
}

/** A disk of its own for etcd is usual. Its root cannot be renamed over, which would be found out only after the last byte. */
function refuseMountPoint(target: string): void {
  const isMountPoint = attempt(target, "look at it", () => existsSync(target) && statSync(target).dev !== statSync(dirname(target)).dev);
  if (!isMountPoint) return;
  throw new RecoveryError("LOCAL_FILE_FAILED", {
    subject: `directory ${target}`,
    detail: `a disk is mounted there, and a finished directory cannot take the place of a mount point; nothing was written. Restore to ${join(target, "new")}, and then move its folder "member" up into ${target}`,
  });
}

function syncDirectory(path: string): void {
  attempt(path, "sync the directory", () => {
    const directory = openSync(path, "r");
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  });
}

function attempt<T>(path: string, what: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw toRecoveryError(error, path, what, []);
  }
}
