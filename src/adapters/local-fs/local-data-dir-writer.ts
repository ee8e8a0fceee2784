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
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { DataDirWriter, NewDataDir } from "../../ports/data-dir-writer.ts";
import { errnoOf, toRecoveryError } from "./to-recovery-error.ts";

/** Data dirs on this machine. */
export class LocalDataDirWriter implements DataDirWriter {
  begin(directory: string): NewDataDir {
    const target = resolve(directory);
    refuseFull(target);
    const temporary = join(dirname(target), `.${basename(target)}.requorum-${String(process.pid)}`);
    attempt(temporary, "make the directory", () => {
      mkdirSync(dirname(target), { recursive: true });
      mkdirSync(temporary, { mode: 0o700 });
    });
    return new LocalNewDataDir(target, temporary);
  }
}

class LocalNewDataDir implements NewDataDir {
  private readonly target: string;
  private readonly temporary: string;
  private readonly folders = new Set<string>();

  constructor(target: string, temporary: string) {
    this.target = target;
    this.temporary = temporary;
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
    syncDirectory(dirname(this.target));
  }

  discard(): void {
    attempt(this.temporary, "remove what was written", () => {
      rmSync(this.temporary, { recursive: true, force: true });
    });
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
    throw toRecoveryError(error, path, what);
  }
}
