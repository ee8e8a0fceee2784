import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { assertInvariant } from "../../model/recovery-error.ts";
import { unfinishedName } from "../../model/unfinished-name.ts";
import type { NewPlainTree, PlainFileFacts, PlainTreeWriter } from "../../ports/plain-tree.ts";
import { assertFreeTarget } from "./assert-free-target.ts";
import { syncDirectory, writeAll } from "./durable-file.ts";
import { toRecoveryError } from "./to-recovery-error.ts";

/** On this machine's disk: directories 0700. */
export class LocalPlainTreeWriter implements PlainTreeWriter {
  async begin(directory: string): Promise<NewPlainTree> {
    const target = resolve(directory);
    assertFreeTarget(target);
    const temporary = join(dirname(target), unfinishedName(basename(target), randomBytes(6).toString("hex")));
    await translating(target, "make the directory", async () => {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await mkdir(temporary, { mode: 0o700 });
    });
    return new LocalPlainTree(target, temporary);
  }
}

class LocalPlainTree implements NewPlainTree {
  readonly directory: string;
  readonly #temporary: string;
  #isCommitted = false;

  constructor(directory: string, temporary: string) {
    this.directory = directory;
    this.#temporary = temporary;
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
      await rename(this.#temporary, this.directory); // over nothing, or an empty directory: rename(2)
      this.#isCommitted = true;
      await syncDirectory(dirname(this.directory));
    });
  }

  async discard(): Promise<void> {
    if (this.#isCommitted) return;
    await translating(this.#temporary, "remove it", () => rm(this.#temporary, { recursive: true, force: true }));
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
