import type { RunId } from "../../model/ids.ts";
import type { JournalEvent, JournalLine } from "../../model/journal-event.ts";
import { redactDocument } from "../../model/redact.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RunStore } from "../../ports/run-store.ts";
import { foldJournal, foldLine, type RunState } from "./fold-journal.ts";
import type { JournalTools } from "./journal-tools.ts";
import { verifyJournal, type VerifiedJournal } from "./verify-journal.ts";

interface ReadJournal {
  readonly state: RunState | undefined;
  readonly journal: VerifiedJournal;
  /** What stands behind the last whole line. */
  readonly tornTail: string;
}

/** Reads, verifies and folds a run's journal without opening it for writing. JOURNAL_CORRUPT and JOURNAL_NEWER name run, file and line. */
export async function readRunState(runs: RunStore, run: RunId, tools: JournalTools): Promise<ReadJournal> {
  const { lines, tornTail } = await runs.readJournal(run);
  try {
    const journal = verifyJournal(lines, tools);
    return { state: foldJournal(journal.lines), journal, tornTail };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const { code, detail, subject } = error;
    const words = detail.startsWith("line ") ? detail : `${subject}: ${detail}`;
    throw new RecoveryError(code, { subject: `run ${run}`, detail: `${runs.pathOf(run)}/journal.jsonl: ${words}`, cause: error });
  }
}

/**
 * A journal open for appending. `append` resolves when the line is on the
 * disk and only then changes `state`: what is not written did not happen.
 * Appends are serialised; after a failed append every further one fails,
 * because the file may hold a torn line that only a new opening can judge.
 * Secrets are taken out of every event here, whoever made it: what machines
 * and programs said goes into the journal, and the journal is kept and sent.
 */
export class Journal {
  private readonly runs: RunStore;
  private readonly run: RunId;
  private readonly tools: JournalTools;
  private readonly clock: Clock;
  private folded: RunState | undefined;
  private sequence: number;
  private previous: string;
  private queue: Promise<void> = Promise.resolve();
  private failure: Error | undefined;

  private constructor(options: { runs: RunStore; run: RunId; tools: JournalTools; clock: Clock; read: ReadJournal }) {
    this.runs = options.runs;
    this.run = options.run;
    this.tools = options.tools;
    this.clock = options.clock;
    this.folded = options.read.state;
    this.sequence = options.read.journal.lineCount;
    this.previous = options.read.journal.lastHash;
  }

  /** Throws JOURNAL_CORRUPT, and JOURNAL_NEWER when a newer minor version wrote to it. */
  static async open(options: {
    readonly runs: RunStore;
    readonly run: RunId;
    readonly tools: JournalTools;
    readonly clock: Clock;
  }): Promise<Journal> {
    const read = await readRunState(options.runs, options.run, options.tools);
    if (read.journal.isNewer) {
      throw new RecoveryError("JOURNAL_NEWER", {
        subject: `run ${options.run}`,
        detail: "a newer minor version of the format is in it; continue this run with the version that wrote it",
      });
    }
    return new Journal({ ...options, read });
  }

  /** undefined until the run was opened. */
  get state(): RunState | undefined {
    return this.folded;
  }

  /** An append failed: nothing more can be journalled through this object. */
  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  append(event: JournalEvent): Promise<void> {
    const done = this.queue.then(() => this.appendNow(event));
    // The caller gets the rejection from `done`; the queue only orders.
    this.queue = done.catch(() => undefined);
    return done;
  }

  private async appendNow(event: JournalEvent): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const line: JournalLine = {
      version: "1.0",
      sequence: this.sequence + 1,
      at: this.clock.nowIso(),
      previous: this.previous,
      event: redactDocument(event),
    };
    const next = foldLine(this.folded, line);
    const text = JSON.stringify(line);
    try {
      await this.runs.appendJournal(this.run, text);
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error("the journal could not be written", { cause: error });
      throw error;
    }
    this.folded = next;
    this.sequence = line.sequence;
    this.previous = this.tools.sha256Hex(text);
  }
}
