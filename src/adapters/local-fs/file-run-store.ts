import { createReadStream } from "node:fs";
import { open, readdir, readFile, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { asRunId, type RunId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ArtifactWriter, RunStore } from "../../ports/run-store.ts";
import { FileArtifactWriter } from "./file-artifact-writer.ts";
import { makePrivateDirectory, replaceFile, syncDirectory, writeAll } from "./durable-file.ts";
import { errnoOf, toRecoveryError, translating } from "./to-recovery-error.ts";

/** A journal line is a few kilobytes; a torn tail is at most one line. Read from the end in steps of this. */
const tailStepBytes = 64 * 1024;
/** One read and one write of an artifact: large enough that the disk, not the calls, sets the pace. */
const streamChunkBytes = 1024 * 1024;

/**
 * Runs of one cluster as files:
 * STATE/CLUSTER/runs/RUN/{plan.json,journal.jsonl,artifacts/NAME}, directories
 * 0700, files 0600, each write synced before it counts.
 */
export class FileRunStore implements RunStore {
  readonly #runs: string;

  /** `stateDirectory` is $XDG_STATE_HOME/requorum. */
  constructor(options: { readonly stateDirectory: string; readonly cluster: string }) {
    this.#runs = join(options.stateDirectory, options.cluster, "runs");
  }

  async create(run: RunId, planText: string): Promise<void> {
    const path = join(this.#directory(run), "plan.json");
    await translating(path, "store the plan", async () => {
      const isThere = await stat(path).then(
        () => true,
        () => false,
      );
      if (isThere)
        throw new RecoveryError("LOCAL_FILE_FAILED", {
          subject: `run ${run}`,
          detail: `a run of this name exists already in ${this.#directory(run)}`,
        });
      await makePrivateDirectory(join(this.#directory(run), "artifacts"));
      await replaceFile(path, Buffer.from(planText));
      await syncDirectory(this.#runs);
    });
  }

  async list(): Promise<readonly RunId[]> {
    const names = await readdir(this.#runs).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return [];
      throw toRecoveryError(error, this.#runs, "list the runs");
    });
    const runs: RunId[] = [];
    for (const name of names.filter((candidate) => /^[0-9]{8}-[0-9]{6}-[0-9a-z]{4}$/.test(candidate)).sort()) {
      // A run without a plan was cut off while it was made; nothing of it was ever carried out.
      if (
        await stat(join(this.#runs, name, "plan.json")).then(
          () => true,
          () => false,
        )
      )
        runs.push(asRunId(name));
    }
    return runs;
  }

  readPlan(run: RunId): Promise<string> {
    return this.#ofRun(run, "plan.json", "read the plan", (path) => readFile(path, "utf8"));
  }

  async readJournal(run: RunId): Promise<{ readonly lines: readonly string[]; readonly tornTail: string }> {
    await this.#demand(run);
    const path = join(this.#directory(run), "journal.jsonl");
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return "";
      throw toRecoveryError(error, path, "read the journal");
    });
    const pieces = text.split("\n");
    const tornTail = pieces.pop() ?? "";
    return { lines: pieces, tornTail };
  }

  async appendJournal(run: RunId, line: string): Promise<void> {
    if (line.includes("\n")) throw new TypeError("a journal line cannot hold a newline");
    await this.#demand(run);
    const path = join(this.#directory(run), "journal.jsonl");
    await translating(path, "append to the journal", async () => {
      const { handle, isNew } = await openForAppending(path);
      try {
        const end = await endOfLastLine(handle);
        try {
          await writeAll(handle, Buffer.from(`${line}\n`), end);
          await handle.sync();
        } catch (error) {
          await handle.truncate(end); // what was half written is not a line
          throw error;
        }
      } finally {
        await handle.close();
      }
      if (isNew) await syncDirectory(this.#directory(run));
    });
  }

  async writeArtifact(run: RunId, name: string): Promise<ArtifactWriter> {
    await this.#demand(run);
    return FileArtifactWriter.open(this.#artifact(run, name));
  }

  readArtifact(run: RunId, name: string): Promise<Uint8Array> {
    return this.#ofRun(run, join("artifacts", plainName(name)), `read the artifact ${name}`, (path) => readFile(path));
  }

  async statArtifact(run: RunId, name: string): Promise<{ readonly sizeBytes: bigint; readonly path: string } | undefined> {
    const path = this.#artifact(run, name);
    try {
      return { sizeBytes: (await stat(path, { bigint: true })).size, path };
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw toRecoveryError(error, path, `look at the artifact ${name}`);
    }
  }

  async *openArtifact(run: RunId, name: string): AsyncIterable<Uint8Array> {
    const path = this.#artifact(run, name);
    await this.#demand(run);
    try {
      yield* createReadStream(path, { highWaterMark: streamChunkBytes }) as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw toRecoveryError(error, path, `read the artifact ${name}`);
    }
  }

  pathOf(run: RunId, name?: string): string {
    return name === undefined ? this.#directory(run) : this.#artifact(run, name);
  }

  #directory(run: RunId): string {
    return join(this.#runs, run);
  }

  #artifact(run: RunId, name: string): string {
    return join(this.#directory(run), "artifacts", plainName(name));
  }

  async #demand(run: RunId): Promise<void> {
    const path = join(this.#directory(run), "plan.json");
    await stat(path).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT")
        throw new RecoveryError("RUN_NOT_FOUND", { subject: `run ${run}`, detail: `there is no ${path}`, cause: error });
      throw toRecoveryError(error, path, "look for the run");
    });
  }

  async #ofRun<T>(run: RunId, name: string, what: string, read: (path: string) => Promise<T>): Promise<T> {
    await this.#demand(run);
    const path = join(this.#directory(run), name);
    return translating(path, what, () => read(path));
  }
}

function plainName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a plain file name`);
  return name;
}

async function openForAppending(path: string): Promise<{ readonly handle: FileHandle; readonly isNew: boolean }> {
  try {
    return { handle: await open(path, "r+"), isNew: false };
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return { handle: await open(path, "wx+", 0o600), isNew: true };
  }
}

/** Cuts off a torn tail and answers where the next line starts. */
async function endOfLastLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  let end = size;
  while (end > 0) {
    const length = Math.min(tailStepBytes, end);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, end - length);
    const newline = buffer.lastIndexOf(0x0a);
    if (newline >= 0) {
      end = end - length + newline + 1;
      break;
    }
    end -= length;
  }
  if (end < size) await handle.truncate(end);
  return end;
}
