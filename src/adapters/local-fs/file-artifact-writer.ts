import { open, readdir, rename, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ArtifactWriter } from "../../ports/run-store.ts";
import { removeIfThere, syncDirectory, temporaryName, writeAll } from "./durable-file.ts";
import { translating } from "./to-recovery-error.ts";

/** One file under way. Until `commit` it has another name; a failed write removes it. */
export class FileArtifactWriter implements ArtifactWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #isOpen = true;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** Also removes what a killed program left half written under this name. */
  static async open(path: string): Promise<FileArtifactWriter> {
    return translating(path, "start to write the file", async () => {
      const prefix = `.${basename(path)}.partial-`;
      const leftovers = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix));
      await Promise.all(leftovers.map((name) => removeIfThere(join(dirname(path), name))));
      const temporary = temporaryName(path);
      return new FileArtifactWriter(path, temporary, await open(temporary, "wx", 0o600));
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      await translating(this.#path, "write the file", () => writeAll(this.#handle, chunk));
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  async commit(): Promise<{ readonly path: string }> {
    try {
      await translating(this.#path, "finish the file", async () => {
        await this.#handle.sync();
        await this.#close();
        await rename(this.#temporary, this.#path);
        await syncDirectory(dirname(this.#path));
      });
    } catch (error) {
      await this.abort();
      throw error;
    }
    return { path: this.#path };
  }

  /** May be called after a failure, and twice. */
  async abort(): Promise<void> {
    await translating(this.#temporary, "remove the unfinished file", async () => {
      await this.#close();
      await removeIfThere(this.#temporary);
    });
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#handle.close();
  }
}
