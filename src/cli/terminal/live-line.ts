import type { Inline } from "../../render/page.ts";
import { paint } from "./draw-page.ts";
import type { Terminal } from "./terminal.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/** Fast enough to look alive, slow enough to cost nothing over a bad SSH session. */
const frameMs = 120;

/**
 * One line at the bottom of standard error that says what is going on and for
 * how long. Only on a terminal; elsewhere nothing is written. Anything else
 * that goes to standard error takes the line away first.
 */
export class LiveLine {
  readonly #terminal: Terminal;
  #text: Inline = "";
  #sinceMs = 0;
  #frame = 0;
  #isDrawn = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows this from now on; the clock starts again unless told otherwise. */
  show(text: Inline, options: { readonly keepsClock?: boolean } = {}): void {
    if (!this.#terminal.errObeys) return;
    this.#text = text;
    if (options.keepsClock !== true || this.#sinceMs === 0) this.#sinceMs = performance.now();
    if (this.#timer === undefined) {
      this.#terminal.whileLive(() => {
        this.#erase();
      });
      this.#timer = setInterval(() => {
        this.#frame += 1;
        this.#draw();
      }, frameMs);
      this.#timer.unref();
    }
    this.#draw();
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
    this.#terminal.whileLive(undefined);
    this.#sinceMs = 0;
  }

  #draw(): void {
    const seconds = Math.floor((performance.now() - this.#sinceMs) / 1000);
    const elapsed = seconds < 1 ? "" : `  ${String(seconds)} s`;
    const room = Math.max(10, this.#terminal.errColumns - elapsed.length - 4);
    const words = clip(this.#text, room);
    this.#terminal.liveProblem(
      `\r\u001b[2K${frames[this.#frame % frames.length] ?? ""} ${paint(words, this.#terminal.errHasColor)}${elapsed}`,
    );
    this.#isDrawn = true;
  }

  #erase(): void {
    if (this.#isDrawn) this.#terminal.liveProblem("\r\u001b[2K");
    this.#isDrawn = false;
  }
}

function clip(text: Inline, room: number): Inline {
  const words =
    typeof text === "string"
      ? text
      : "tone" in text
        ? text.text
        : text.map((part) => (typeof part === "string" ? part : part.text)).join("");
  return words.length <= room ? text : `${words.slice(0, room - 1)}…`;
}
