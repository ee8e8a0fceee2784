import type { ProgressEvent, ReportProgress } from "../../model/progress-event.ts";
import { line } from "../../render/page.ts";
import { progressWords } from "../../render/progress-words.ts";
import { drawPage } from "./draw-page.ts";
import { LiveLine } from "./live-line.ts";
import type { Terminal } from "./terminal.ts";

/** Without a terminal a waiting line is repeated this often: a log must show that something still lives. */
const plainRepeatMs = 15_000;

/**
 * Progress of one call on standard error: a live line on a terminal, plain
 * lines (phases, and a sign of life now and then) elsewhere.
 */
export class ProgressDisplay {
  readonly #terminal: Terminal;
  readonly #live: LiveLine;
  readonly #isQuiet: boolean;
  #lastPhase = "";
  #lastPlainMs = 0;
  #said: ReadonlySet<string> = new Set();

  /** `isQuiet`: without a terminal nothing is written; for verbs that only look, whose progress is of no use in a log. */
  constructor(terminal: Terminal, options: { readonly isQuiet: boolean }) {
    this.#terminal = terminal;
    this.#live = new LiveLine(terminal);
    this.#isQuiet = options.isQuiet;
  }

  readonly report: ReportProgress = (event) => {
    if (this.#terminal.errObeys) this.#live.show(progressWords(event), { keepsClock: event.kind !== "phase" });
    else if (!this.#isQuiet) this.#plain(event);
  };

  /** Texts that somebody else prints, such as the steps of a run: without a terminal they are not repeated here. */
  leaveOut(texts: readonly string[]): void {
    this.#said = new Set(texts);
  }

  stop(): void {
    this.#live.stop();
  }

  #plain(event: ProgressEvent): void {
    const words = progressWords(event);
    const nowMs = performance.now();
    if (event.kind === "phase" && this.#said.has(event.text)) return;
    const isNew = event.kind === "phase" && words !== this.#lastPhase;
    if (!isNew && (event.kind === "phase" || nowMs - this.#lastPlainMs < plainRepeatMs)) return;
    if (event.kind === "phase") this.#lastPhase = words;
    this.#lastPlainMs = nowMs;
    this.#terminal.note(drawPage([line(words, 4)], { columns: this.#terminal.errColumns, hasColor: false }));
  }
}
