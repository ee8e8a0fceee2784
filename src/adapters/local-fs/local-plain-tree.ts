import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { assertInvariant } from "../../model/recovery-error.ts";
import { isUnfinishedName, unfinishedName } from "../../model/unfinished-name.ts";
import type { NewPlainTree, PlainFileFacts, PlainTreeWriter } from "../../ports/plain-tree.ts";
import type { IsRunning, ProcessOwner } from "../../ports/process-owner.ts";
import { assertFreeTarget } from "./assert-free-target.ts";
import { syncDirectory, writeAll } from "./durable-file.ts";
import { removeWhenKilled } from "./remove-when-killed.ts";
import { errnoOf, toRecoveryError } from "./to-recovery-error.ts";

/** In the directory while it has not got its name: who writes it, as `ProcessOwner`. No part's name has no "/". */
const ownerFile = ".requorum-unsealing.json";
const ownerBytesMax = 4096;

/** On this machine's disk: directories 0700. What a killed run left goes with it, or by the next one in the same place. */
export class LocalPlainTreeWriter implements PlainTreeWriter {
  readonly #owner: ProcessOwner;
  readonly #isRunning: IsRunning;

  constructor(options: { readonly owner: ProcessOwner; readonly isRunning: IsRunning }) {
    this.#owner = options.owner;
    this.#isRunning = options.isRunning;
  }

  async begin(directory: string): Promise<NewPlainTree> {
    const target = resolve(directory);
    assertFreeTarget(target, "unsealed-set");
    const beside = await clearBeside(target, this.#isRunning);
    const temporary = join(dirname(target), unfinishedName(basename(target), randomBytes(6).toString("hex")));
    await translating(target, "make the directory", async () => {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await mkdir(temporary, { mode: 0o700 });
      await writeFile(join(temporary, ownerFile), JSON.stringify(this.#owner), { flag: "wx", mode: 0o600 });
    });
    return new LocalPlainTree({ ...beside, directory: target, temporary, endGuard: removeWhenKilled(temporary) });
  }
}

/** Of any target in the same directory: each says who writes it. What says nothing may be a data dir, and is only told when it has this target's name. */
async function clearBeside(target: string, isRunning: IsRunning): Promise<Pick<NewPlainTree, "cleared" | "leftovers">> {
  const parent = dirname(target);
  const found = await translating(parent, "list the directory", () => readdir(parent).catch(noneIfMissing));
  const cleared: string[] = [];
  const leftovers: string[] = [];
  for (const name of found.filter((one) => isUnfinishedName(one))) {
    const path = join(parent, name);
    const owner = await ownerOf(path);
    if (owner !== undefined && (await isRunning(owner)) === false) {
      await translating(path, "remove what a killed run left", () => rm(path, { recursive: true, force: true }));
      cleared.push(path);
    } else if (owner !== undefined || isUnfinishedName(name, basename(target))) leftovers.push(path);
  }
  return { cleared, leftovers };
}

/** undefined: it says nothing that can be read. */
async function ownerOf(path: string): Promise<ProcessOwner | undefined> {
  try {
    const text = await readOwnerFile(path);
    if (text === undefined) return undefined;
    const { host, pid, bootId, machine, processStart } = JSON.parse(text) as { readonly [key: string]: unknown };
    if (typeof host !== "string" || typeof pid !== "number" || typeof bootId !== "string") return undefined;
    return {
      ...{ host, pid, bootId },
      ...(typeof machine === "string" ? { machine } : {}),
      ...(typeof processStart === "string" ? { processStart } : {}),
    };
  } catch {
    return undefined; // not there, not ours to read, or cut off: nothing is removed on it
  }
}

/** In a directory like /tmp anybody can make one of such a name, with a pipe in it that never ends, or a link: only what this user made counts. */
async function readOwnerFile(directory: string): Promise<string | undefined> {
  const uid = process.getuid?.();
  const isOwn = (found: Stats): boolean => uid === undefined || found.uid === uid;
  const place = await lstat(directory);
  if (!place.isDirectory() || !isOwn(place)) return undefined;
  const handle = await open(join(directory, ownerFile), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile() || !isOwn(found) || found.size > ownerBytesMax) return undefined;
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

function noneIfMissing(error: unknown): [] {
  if (errnoOf(error) === "ENOENT") return [];
  throw error;
}

class LocalPlainTree implements NewPlainTree {
  readonly directory: string;
  readonly cleared: readonly string[];
  readonly leftovers: readonly string[];
  readonly #temporary: string;
  readonly #endGuard: () => Promise<void>;
  #isCommitted = false;

  constructor(
    made: Pick<NewPlainTree, "directory" | "cleared" | "leftovers"> & {
      readonly temporary: string;
      readonly endGuard: () => Promise<void>;
    },
  ) {
    this.directory = made.directory;
    this.cleared = made.cleared;
    this.leftovers = made.leftovers;
    this.#temporary = made.temporary;
    this.#endGuard = made.endGuard;
  }

  async addFile(path: string, { mode, modifiedAt }: PlainFileFacts, content: AsyncIterable<Uint8Array>): Promise<void> {
    const full = await this.#placeFor(path);
    const handle = await translating(full, "write it", () => open(full, "wx", 0o600));
    try {
      // What comes may fail by itself; only writing is the disk's failure.
      for await (const piece of content) await translating(full, "write it", () => writeAll(handle, piece));
      await translating(full, "write it", async () => {
        await handle.utimes(modifiedAt, modifiedAt);
        await handle.chmod(mode & 0o777);
        await handle.sync();
      });
    } finally {
      await handle.close();
    }
  }

  async addSymlink(path: string, target: string): Promise<void> {
    const full = await this.#placeFor(path);
    await translating(full, "make the link", () => symlink(target, full));
  }

  async commit(): Promise<void> {
    await translating(this.directory, "give the directory its name", async () => {
      await rm(join(this.#temporary, ownerFile));
      await rename(this.#temporary, this.directory); // over nothing, or an empty directory: rename(2)
      this.#isCommitted = true;
      await syncDirectory(dirname(this.directory));
    });
    await this.#endGuard();
  }

  async discard(): Promise<void> {
    if (this.#isCommitted) return;
    await translating(this.#temporary, "remove it", () => rm(this.#temporary, { recursive: true, force: true }));
    await this.#endGuard();
  }

  async #placeFor(path: string): Promise<string> {
    const isInside = path.split("/").every((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\0"));
    assertInvariant(isInside, "a path of a plain tree is relative and stays inside");
    const full = join(this.#temporary, path);
    await translating(full, "make its directory", () => mkdir(dirname(full), { recursive: true, mode: 0o700 }));
    return full;
  }
}

async function translating<T>(path: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toRecoveryError(error, path, what, []);
  }
}
