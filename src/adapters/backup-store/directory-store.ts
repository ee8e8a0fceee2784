import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, stat, unlink, utimes, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asidePrefix, promisedSha256 } from "../../formats/backup-set/set-names.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupStore, StoreCallOptions, StoredObject } from "../../ports/backup-store.ts";
import { isMissing, isTaken, lacksLinks, toRecoveryError } from "./directory-failure.ts";
import { assertObjectName, isObjectName } from "./object-name.ts";

/** Written here first; the name begins with a dot, so that it is no object's. */
const unfinishedDirectory = ".unfinished";
/** Between two pieces of a write the signal is looked at. */
const pieceBytes = 4 * 1024 * 1024;
const reservationMsMax = 60_000;
/** A store has three levels; what lies deeper is not ours. */
const depthMax = 8;

/**
 * A directory of this machine, or one that is mounted here. Objects are files
 * of their names, 0600, in directories of 0700. An object is written under
 * another name, synced, linked to its name and the directory synced: after a
 * kill or a power cut it is there whole or not at all. A directory that does
 * not exist is an empty store if its parent does; anything else that cannot
 * be reached is an error, never an empty store.
 */
export class DirectoryStore implements BackupStore {
  readonly place: string;
  readonly #root: string;
  readonly #link: (from: string, to: string) => Promise<void>;

  /** An absolute path. Nothing is made or looked at before the first call. `linkFile`: for tests of disks without links. */
  constructor(root: string, options: { readonly linkFile?: (from: string, to: string) => Promise<void> } = {}) {
    this.place = root;
    this.#root = root;
    this.#link = options.linkFile ?? link;
  }

  async put(name: string, content: Uint8Array, options: StoreCallOptions = {}): Promise<void> {
    assertObjectName(name);
    await this.#calling("put", name, options.signal, async () => {
      if (await this.#isThere(name, content.length)) return;
      const temporary = join(this.#root, unfinishedDirectory, randomBytes(9).toString("hex"));
      await this.#makeDirectory(dirname(temporary));
      await this.#makeDirectory(dirname(this.#path(name)));
      try {
        await writeSynced(temporary, content, options.signal);
        await this.#giveName(temporary, name, content.length);
      } finally {
        await unlink(temporary).catch(unlessMissing);
      }
    });
  }

  async get(
    name: string,
    range?: { readonly offset: number; readonly length: number },
    options: StoreCallOptions = {},
  ): Promise<Uint8Array> {
    assertObjectName(name);
    return this.#calling("get", name, options.signal, async () => {
      const handle = await this.#openObject(name);
      try {
        const found = await handle.stat();
        const { offset, length } = range ?? { offset: 0, length: found.size };
        const content = new Uint8Array(length);
        if (offset + length > found.size || (await readFully(handle, content, offset, options.signal)) < length)
          throw this.#failed(name, `it has ${found.size} bytes, and bytes ${offset} to ${offset + length} were asked for`);
        return content;
      } finally {
        await handle.close();
      }
    });
  }

  async stat(name: string, options: StoreCallOptions = {}): Promise<StoredObject | undefined> {
    assertObjectName(name);
    return this.#calling("look at", name, options.signal, () => this.#stat(name));
  }

  async list(prefix: string, options: StoreCallOptions = {}): Promise<readonly StoredObject[]> {
    return this.#calling("list", prefix, options.signal, async () => {
      const folder = prefix.includes("/") ? prefix.slice(0, prefix.lastIndexOf("/")) : "";
      const found: StoredObject[] = [];
      await this.#walk(folder, prefix, found, options.signal);
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  async remove(name: string, options: StoreCallOptions & { readonly forGood?: boolean } = {}): Promise<void> {
    assertObjectName(name);
    await this.#calling("remove", name, options.signal, async () => {
      const path = this.#path(name);
      try {
        if (options.forGood === true || name.startsWith(asidePrefix)) await unlink(path);
        else await this.#putAside(name);
      } catch (error) {
        if (!isMissing(error)) throw error;
        return;
      }
      await syncDirectory(dirname(path));
    });
  }

  async clearUnfinished(options: StoreCallOptions & { readonly begunBefore: string }): Promise<number> {
    return this.#calling("clear unfinished writes of", "", options.signal, async () => {
      const directory = join(this.#root, unfinishedDirectory);
      const beforeMs = Date.parse(options.begunBefore);
      let cleared = 0;
      for (const name of await readdir(directory).catch(noneIfMissing)) {
        const found = await lstat(join(directory, name)).catch(undefinedIfMissing);
        if (found === undefined || found.mtimeMs >= beforeMs) continue;
        await unlink(join(directory, name)).catch(unlessMissing);
        cleared += 1;
      }
      return cleared;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Is the name taken by what is to be written? BACKUP_OBJECT_EXISTS when it is by something else. */
  async #isThere(name: string, sizeBytes: number): Promise<boolean> {
    const there = await this.#stat(name);
    if (there === undefined) return false;
    if (promisedSha256(name) === undefined || there.sizeBytes !== sizeBytes)
      throw new RecoveryError("BACKUP_OBJECT_EXISTS", {
        subject: `store ${this.place}`,
        detail: `${name} is there already, with ${there.sizeBytes} bytes`,
      });
    // Who wrote it may have been killed before its name was surely on the disk.
    await syncDirectory(dirname(this.#path(name)));
    return true;
  }

  async #giveName(temporary: string, name: string, sizeBytes: number): Promise<void> {
    const path = this.#path(name);
    try {
      await this.#link(temporary, path);
    } catch (error) {
      if (isTaken(error) && !(await isSameFile(temporary, path))) {
        await this.#isThere(name, sizeBytes);
        return;
      }
      if (!isTaken(error) && !lacksLinks(error)) throw error;
      if (!isTaken(error)) await this.#renameIfFree(temporary, name, sizeBytes);
    }
    await syncDirectory(dirname(path));
  }

  /** On a disk without links, where a rename would replace: the name is reserved by a file that only one can make. */
  async #renameIfFree(temporary: string, name: string, sizeBytes: number): Promise<void> {
    const reservation = join(this.#root, unfinishedDirectory, `name-${Buffer.from(name).toString("hex").slice(-200)}`);
    const there = await lstat(reservation).catch(undefinedIfMissing);
    // Of a killed writer: the renaming takes no time. Both times are by the disk's clock.
    if (there !== undefined && (await lstat(temporary)).mtimeMs - there.mtimeMs > reservationMsMax)
      await unlink(reservation).catch(unlessMissing);
    try {
      await (await open(reservation, "wx", 0o600)).close();
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", {
        subject: `store ${this.place}`,
        detail: `could not store ${name}: somebody else is writing it, or was killed at that less than a minute ago`,
      });
    }
    try {
      if (!(await this.#isThere(name, sizeBytes))) await rename(temporary, this.#path(name));
    } finally {
      await unlink(reservation).catch(unlessMissing);
    }
  }

  async #putAside(name: string): Promise<void> {
    const path = this.#path(name);
    const aside = this.#path(`${asidePrefix}${name}`);
    const now = new Date();
    await utimes(path, now, now); // an object that is aside tells since when
    await this.#makeDirectory(dirname(aside));
    await rename(path, aside);
    await syncDirectory(dirname(aside));
  }

  async #openObject(name: string): Promise<FileHandle> {
    try {
      // Whoever may write there may put a pipe, which would hang, or a link to another file, in an object's place.
      const handle = await open(this.#path(name), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      if ((await handle.stat()).isFile()) return handle;
      await handle.close();
      throw this.#failed(name, "something else than a file has its name");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ELOOP")
        throw this.#failed(name, "something else than a file has its name");
      if (!isMissing(error)) throw error;
      await this.#assertReachable();
      throw new RecoveryError("BACKUP_OBJECT_MISSING", { subject: `store ${this.place}`, detail: `${name} is not there` });
    }
  }

  async #stat(name: string): Promise<StoredObject | undefined> {
    const found = await lstat(this.#path(name)).catch(undefinedIfMissing);
    if (found?.isFile() === true) return storedObject(name, found);
    if (found === undefined) await this.#assertReachable();
    else throw this.#failed(name, "something else than a file has its name");
    return undefined;
  }

  async #walk(folder: string, prefix: string, found: StoredObject[], signal: AbortSignal | undefined): Promise<void> {
    if (folder.split("/").length > depthMax) return;
    const directory = folder === "" ? this.#root : join(this.#root, folder);
    const entries = await readdir(directory, { withFileTypes: true }).catch(noneIfMissing);
    if (entries.length === 0) await this.#assertReachable();
    for (const entry of entries) {
      signal?.throwIfAborted();
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (!isObjectName(name) || (folder === "" && `${entry.name}/` === asidePrefix)) continue;
      if (entry.isDirectory()) {
        if (`${name}/`.startsWith(prefix) || prefix.startsWith(`${name}/`)) await this.#walk(name, prefix, found, signal);
      } else if (entry.isFile() && name.startsWith(prefix)) {
        const seen = await lstat(join(this.#root, name)).catch(undefinedIfMissing); // gone since
        if (seen !== undefined) found.push(storedObject(name, seen));
      }
    }
  }

  /** Nothing is there: because the store is empty, or because its disk is? */
  async #assertReachable(): Promise<void> {
    const root = await stat(this.#root).catch(undefinedIfMissing);
    if (root?.isDirectory() === true) return;
    if (root !== undefined) throw this.#failed("it", "it is no directory");
    const parent = await stat(dirname(this.#root)).catch(undefinedIfMissing);
    if (parent?.isDirectory() === true) return;
    throw new RecoveryError("BACKUP_STORE_UNREACHABLE", {
      subject: `store ${this.place}`,
      detail: `neither ${this.#root} nor ${dirname(this.#root)} is there; is the disk mounted?`,
    });
  }

  /** Those below the root; the root itself only if its parent is there. A new name is durable when its parent is synced. */
  async #makeDirectory(path: string): Promise<void> {
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      if (isTaken(error)) return;
      if (!isMissing(error) || path === this.#root) throw error;
      await this.#makeDirectory(dirname(path));
      await mkdir(path, { mode: 0o700 }).catch((again: unknown) => {
        if (!isTaken(again)) throw again;
      });
    }
    await syncDirectory(dirname(path));
  }

  #path(name: string): string {
    return join(this.#root, name);
  }

  #failed(name: string, why: string): RecoveryError {
    return new RecoveryError("BACKUP_STORE_FAILED", { subject: `store ${this.place}`, detail: `${name} cannot be used: ${why}` });
  }

  async #calling<T>(verb: string, name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      throw toRecoveryError(error, { place: this.place, verb, name, signal });
    }
  }
}

function storedObject(name: string, { size, mtimeMs, ctimeMs }: Stats): StoredObject {
  // Putting it aside sets the time by this machine's clock; the change time is by the clock of the disk's own machine.
  const modifiedMs = name.startsWith(asidePrefix) ? Math.max(mtimeMs, ctimeMs) : mtimeMs;
  return { name, sizeBytes: size, modifiedAt: new Date(modifiedMs).toISOString() };
}

/** NFS asks again when an answer was lost, and then says that the name is taken: by one's own link. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => lstat(path, { bigint: true }).catch(undefinedIfMissing)));
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}

async function writeSynced(path: string, content: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    for (let done = 0; done < content.length;) {
      signal?.throwIfAborted();
      const { bytesWritten } = await handle.write(content, done, Math.min(pieceBytes, content.length - done));
      done += bytesWritten;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** How much was there. */
async function readFully(handle: FileHandle, into: Uint8Array, offset: number, signal: AbortSignal | undefined): Promise<number> {
  let done = 0;
  while (done < into.length) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(into, done, Math.min(pieceBytes, into.length - done), offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function noneIfMissing(error: unknown): [] {
  if (!isMissing(error)) throw error;
  return [];
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
