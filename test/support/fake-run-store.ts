import type { RunId } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { ArtifactWriter, RunStore } from "../../src/ports/run-store.ts";

interface FakeRun {
  readonly plan: string;
  journal: string;
  readonly artifacts: Map<string, Uint8Array>;
}

/** Runs in memory. `isFull` makes every write LOCAL_DISK_FULL; `tear` leaves a torn journal line as a killed program does. */
export class FakeRunStore implements RunStore {
  isFull = false;
  /** Called before each append; throwing here stands for a crash before the line is on the disk. */
  beforeAppend: ((run: RunId, line: string) => void) | undefined;
  readonly #runs = new Map<RunId, FakeRun>();

  create(run: RunId, planText: string): Promise<void> {
    return Promise.resolve().then(() => {
      this.#demandSpace(`plan of run ${run}`);
      if (this.#runs.has(run))
        throw new RecoveryError("LOCAL_FILE_FAILED", { subject: `run ${run}`, detail: "a run of this name exists already" });
      this.#runs.set(run, { plan: planText, journal: "", artifacts: new Map() });
    });
  }

  list(): Promise<readonly RunId[]> {
    return Promise.resolve([...this.#runs.keys()].sort());
  }

  readPlan(run: RunId): Promise<string> {
    return Promise.resolve().then(() => this.#run(run).plan);
  }

  readJournal(run: RunId): Promise<{ readonly lines: readonly string[]; readonly tornTail: string }> {
    return Promise.resolve().then(() => {
      const pieces = this.#run(run).journal.split("\n");
      const tornTail = pieces.pop() ?? "";
      return { lines: pieces, tornTail };
    });
  }

  appendJournal(run: RunId, line: string): Promise<void> {
    return Promise.resolve().then(() => {
      if (line.includes("\n")) throw new TypeError("a journal line cannot hold a newline");
      const found = this.#run(run);
      this.#demandSpace(`journal of run ${run}`);
      this.beforeAppend?.(run, line);
      found.journal = `${found.journal.slice(0, found.journal.lastIndexOf("\n") + 1)}${line}\n`;
    });
  }

  tear(run: RunId, text: string): void {
    this.#run(run).journal += text;
  }

  writeArtifact(run: RunId, name: string): Promise<ArtifactWriter> {
    return Promise.resolve().then(() => {
      const found = this.#run(run);
      const path = this.pathOf(run, name);
      const chunks: Uint8Array[] = [];
      let isAborted = false;
      return {
        write: (chunk) =>
          Promise.resolve().then(() => {
            this.#demandSpace(path);
            chunks.push(chunk.slice());
          }),
        commit: () =>
          Promise.resolve().then(() => {
            if (isAborted)
              throw new RecoveryError("LOCAL_FILE_FAILED", { subject: `file ${path}`, detail: "the file was given up before" });
            this.#demandSpace(path);
            found.artifacts.set(name, Buffer.concat(chunks));
            return { path };
          }),
        abort: () => {
          isAborted = true;
          return Promise.resolve();
        },
      };
    });
  }

  readArtifact(run: RunId, name: string): Promise<Uint8Array> {
    return Promise.resolve().then(() => this.#artifact(run, name));
  }

  statArtifact(run: RunId, name: string): Promise<{ readonly sizeBytes: bigint; readonly path: string } | undefined> {
    const content = this.#runs.get(run)?.artifacts.get(plainName(name));
    return Promise.resolve(content === undefined ? undefined : { sizeBytes: BigInt(content.length), path: this.pathOf(run, name) });
  }

  async *openArtifact(run: RunId, name: string): AsyncIterable<Uint8Array> {
    await Promise.resolve();
    yield this.#artifact(run, name);
  }

  pathOf(run: RunId, name?: string): string {
    return name === undefined ? `/fake/runs/${run}` : `/fake/runs/${run}/artifacts/${plainName(name)}`;
  }

  #artifact(run: RunId, name: string): Uint8Array {
    const content = this.#run(run).artifacts.get(plainName(name));
    if (content === undefined)
      throw new RecoveryError("LOCAL_FILE_FAILED", {
        subject: `file ${this.pathOf(run, name)}`,
        detail: `could not read the artifact ${name}: ENOENT`,
      });
    return content;
  }

  #run(run: RunId): FakeRun {
    const found = this.#runs.get(run);
    if (found === undefined) throw new RecoveryError("RUN_NOT_FOUND", { subject: `run ${run}`, detail: `there is no ${this.pathOf(run)}` });
    return found;
  }

  #demandSpace(what: string): void {
    if (this.isFull) throw new RecoveryError("LOCAL_DISK_FULL", { subject: `file ${what}`, detail: `no space left for ${what}` });
  }
}

function plainName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a plain file name`);
  return name;
}
