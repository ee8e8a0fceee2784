import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readdir, rm, statfs, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileSpool, SpoolDirectory, SpoolFile } from "../../ports/file-spool.ts";
import { makeDirectories, writeAll } from "./durable-file.ts";
import { errnoOf, toRecoveryError, translating } from "./to-recovery-error.ts";

/**
 * Directories named after the process that works in them. A copy holds all
 * secrets of a cluster: directories are 0700, files 0600, and what a process
 * that is gone left is removed by the next one.
 */
export class LocalFileSpool implements FileSpool {
  private readonly directory: string;

  constructor(options: { readonly cacheDirectory: string }) {
    this.directory = join(options.cacheDirectory, "spool");
  }

  async open(): Promise<SpoolDirectory> {
    const path = join(this.directory, `${String(process.pid)}-${randomBytes(6).toString("hex")}`);
    await translating(this.directory, "make the directory", async () => {
      await makeDirectories(this.directory, 0o700);
      await chmod(this.directory, 0o700);
      for (const name of await readdir(this.directory)) {
        const pid = /^(\d+)-[0-9a-f]{12}$/.exec(name)?.[1];
        if (pid !== undefined && !isAlive(Number(pid))) await rm(join(this.directory, name), { recursive: true, force: true });
      }
      await mkdir(path, { mode: 0o700 });
    });
    return new LocalSpoolDirectory(path);
  }
}

class LocalSpoolDirectory implements SpoolDirectory {
  readonly path: string;
  private readonly handles = new Set<FileHandle>();

  constructor(path: string) {
    this.path = path;
  }

  async freeBytes(): Promise<bigint> {
    const { bavail, bsize } = await translating(this.path, "ask for its free space", () => statfs(this.path, { bigint: true }));
    return bavail * bsize;
  }

  async create(path: string): Promise<SpoolFile> {
    const full = join(this.path, path);
    if (!full.startsWith(`${this.path}/`)) throw new Error(`${path} is not below the spool`);
    const handle = await translating(full, "create it", async () => {
      await makeDirectories(dirname(full), 0o700);
      return open(full, "wx", 0o600);
    });
    this.handles.add(handle);
    return {
      append: (bytes) => append(handle, full, bytes),
      close: async (modifiedAtSeconds) => {
        await translating(full, "finish it", () => handle.utimes(modifiedAtSeconds, modifiedAtSeconds));
        this.handles.delete(handle);
        await translating(full, "close it", () => handle.close());
      },
      discard: async () => {
        this.handles.delete(handle);
        // Both: a file that is only removed keeps its room while it is open.
        await translating(full, "remove it", () => Promise.all([handle.close(), rm(full, { force: true })]));
      },
    };
  }

  async remove(): Promise<void> {
    await translating(this.path, "remove it", async () => {
      await rm(this.path, { recursive: true, force: true });
      await Promise.all([...this.handles].map((handle) => handle.close()));
      this.handles.clear();
    });
  }
}

async function append(handle: FileHandle, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeAll(handle, bytes);
  } catch (cause) {
    throw toRecoveryError(cause, path, "write it", roomElsewhere);
  }
}

/** Nothing is to be resumed here. */
const roomElsewhere = [{ why: "free space there, or let XDG_CACHE_HOME name a directory on a larger disk" }];

/** Of this machine and this user, or another's: EPERM says that it is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}
