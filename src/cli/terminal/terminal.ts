import type { RecoveryError } from "../../model/recovery-error.ts";
import { redactText } from "../../model/redact.ts";

/** Where text goes. Node's streams fit; tests collect. */
export interface TextSink {
  write(text: string): void;
  readonly isTty: boolean;
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  /** Aborted when nobody reads any more (EPIPE): what is written from then on is dropped. Absent: that cannot happen. */
  readonly gone?: AbortSignal;
  /** Resolves when all that was written has left the process, with what kept it from doing so. Absent: nothing can. */
  readonly settled?: () => Promise<RecoveryError | undefined>;
}

export interface TerminalOptions {
  readonly out: TextSink;
  readonly err: TextSink;
  /** A person can be asked: standard input and standard error are a terminal. */
  readonly canAsk: boolean;
  readonly readAnswer: (question: string, signal: AbortSignal) => Promise<string>;
  /** --no-color or NO_COLOR. */
  readonly noColor: boolean;
  /** TERM=dumb: a terminal that shows control sequences instead of obeying them. A person reads there all the same. */
  readonly isDumb?: boolean;
}

/** Width for text that goes to a file or pipe: tables are not cut there. */
const pipeColumns = 160;
/** What a terminal is taken for that does not know its size: a serial console and `script` report 0 by 0. */
const unknownSize = { columns: 80, rows: 24 };

/**
 * The three streams. Results go to `out`, progress and problems to `err`.
 * Every character passes `redactText` here: the one place where secrets are
 * taken out of what a person or a log sees.
 */
export class Terminal {
  readonly #options: TerminalOptions;
  /** Set by the live display while lines must be erased before something else is written. */
  #beforeProblem: (() => void) | undefined;

  /**
   * Set with -o json and yaml: a program reads standard error then, and finds
   * one Error document there or nothing. Words for a person are left out,
   * except on a terminal, where there is one to read them and to be asked.
   */
  isForProgram = false;

  /** What must be written to standard output when the program ends abruptly, so that the shell gets its screen back. */
  restoreText = "";

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  get canAsk(): boolean {
    return this.#options.canAsk;
  }
  get outIsTty(): boolean {
    return this.#options.out.isTty;
  }
  get errIsTty(): boolean {
    return this.#options.err.isTty;
  }
  /** Can lines be redrawn in place? */
  get outObeys(): boolean {
    return this.outIsTty && this.#options.isDumb !== true;
  }
  get errObeys(): boolean {
    return this.errIsTty && this.#options.isDumb !== true;
  }
  /** Aborted when the reader of standard output has gone. A run goes on; what only shows, such as a watch, has no reason to. */
  get outGone(): AbortSignal | undefined {
    return this.#options.out.gone;
  }
  /** Why the result did not reach standard output; undefined when it did, or when its reader has gone. */
  async outFailure(): Promise<RecoveryError | undefined> {
    return await this.#options.out.settled?.();
  }
  get outHasColor(): boolean {
    return this.outObeys && !this.#options.noColor;
  }
  get errHasColor(): boolean {
    return this.errObeys && !this.#options.noColor;
  }
  get outColumns(): number {
    return this.outIsTty ? sizeOr(this.#options.out.columns, unknownSize.columns) : pipeColumns;
  }
  get outRows(): number {
    return sizeOr(this.#options.out.rows, unknownSize.rows);
  }
  get errColumns(): number {
    return this.errIsTty ? sizeOr(this.#options.err.columns, unknownSize.columns) : pipeColumns;
  }

  result(text: string): void {
    this.#options.out.write(redactText(text));
  }

  /** The one way around the redaction: objects that were asked for by name, secrets included (`snapshot get`). */
  objects(text: string): void {
    this.#options.out.write(text);
  }

  /** The error that ends the call, in the form that was asked for. At most one. */
  problem(text: string): void {
    this.#beforeProblem?.();
    this.#options.err.write(redactText(text));
  }

  /** Progress and remarks for a person. */
  note(text: string): void {
    if (!this.isForProgram || this.errIsTty) this.problem(text);
  }

  /** For the live display only: writes without erasing itself first. */
  liveProblem(text: string): void {
    this.#options.err.write(redactText(text));
  }

  whileLive(erase: (() => void) | undefined): void {
    this.#beforeProblem = erase;
  }

  /** Rejects with the signal's reason when interrupted. Only call it when `canAsk`. */
  ask(question: string, signal: AbortSignal): Promise<string> {
    return this.#options.readAnswer(redactText(question), signal);
  }
}

function sizeOr(reported: number | undefined, otherwise: number): number {
  return reported === undefined || reported < 1 ? otherwise : reported;
}
