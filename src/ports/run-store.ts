import type { RunId } from "../model/ids.ts";

/**
 * Files of runs on the operator's machine. Text in, text out: what it means
 * is the business of execute (journal) and schemas. Errors: LOCAL_DISK_FULL,
 * LOCAL_FILE_FAILED, RUN_NOT_FOUND.
 */
export interface RunStore {
  create(run: RunId, planText: string): Promise<void>;
  list(): Promise<readonly RunId[]>;
  readPlan(run: RunId): Promise<string>;
  /** Complete lines only; a torn last line (no newline) is returned separately. */
  readJournal(run: RunId): Promise<{ readonly lines: readonly string[]; readonly tornTail: string }>;
  /** Appends one line and syncs it to the disk before it resolves. Cuts off a torn tail first. */
  appendJournal(run: RunId, line: string): Promise<void>;
  /** Streams to a temporary name; `commit` syncs and renames, `abort` removes. Names are plain file names. */
  writeArtifact(run: RunId, name: string): Promise<ArtifactWriter>;
  readArtifact(run: RunId, name: string): Promise<Uint8Array>;
  /** undefined: there is none of that name. */
  statArtifact(run: RunId, name: string): Promise<{ readonly sizeBytes: bigint; readonly path: string } | undefined>;
  openArtifact(run: RunId, name: string): AsyncIterable<Uint8Array>;
  /** Where a person finds the run: a directory with plan.json, journal.jsonl and artifacts/; with a name, that artifact. */
  pathOf(run: RunId, name?: string): string;
}

export interface ArtifactWriter {
  write(chunk: Uint8Array): Promise<void>;
  commit(): Promise<{ readonly path: string }>;
  abort(): Promise<void>;
}
