import type { Terminal } from "./terminal.ts";

/** Cursor shown, the ordinary screen again. */
const giveBack = "\u001b[?25h\u001b[?1049l";

/**
 * Redraws a page in place without flicker: the cursor goes home, every line
 * is overwritten and its rest erased, what is left below is erased last. The
 * alternate screen keeps the shell's history as it was; what was shown last
 * stays visible after the end.
 */
export class ScreenRedraw {
  readonly #terminal: Terminal;
  #isOpen = false;
  #last = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get isLive(): boolean {
    return this.#terminal.outObeys;
  }

  /** Lines beyond the screen are cut, with a word that says so. */
  draw(text: string): void {
    const lines = text.replace(/\n$/, "").split("\n");
    const room = Math.max(5, this.#terminal.outRows);
    const shown =
      lines.length <= room
        ? lines
        : [...lines.slice(0, room - 1), `… ${String(lines.length - room + 1)} more lines: the screen is too small`];
    const start = this.#isOpen ? "" : "\u001b[?1049h\u001b[?25l";
    this.#isOpen = true;
    this.#terminal.restoreText = giveBack;
    this.#last = text;
    // One write: a terminal shows it as one change. 2026 is the synchronized-update mode; terminals without it ignore it.
    this.#terminal.result(`${start}\u001b[?2026h\u001b[H${shown.map((words) => `${words}\u001b[K`).join("\n")}\u001b[J\u001b[?2026l`);
  }

  /** Gives the screen back and leaves the last page on it. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.restoreText = "";
    this.#terminal.result(`${giveBack}${this.#last}`);
  }
}
