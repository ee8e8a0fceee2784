import assert from "node:assert/strict";
import test from "node:test";
import { LiveLine } from "./live-line.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { ScreenRedraw } from "./screen-redraw.ts";
import { Terminal } from "./terminal.ts";

function terminal(options: { readonly isTty: boolean; readonly rows?: number; readonly isDumb?: boolean }): {
  readonly it: Terminal;
  readonly out: string[];
  readonly err: string[];
} {
  const out: string[] = [];
  const err: string[] = [];
  const sink = (texts: string[]) => ({
    isTty: options.isTty,
    columns: 30,
    rows: options.rows ?? 10,
    write: (text: string) => {
      texts.push(text);
    },
  });
  return {
    it: new Terminal({
      out: sink(out),
      err: sink(err),
      canAsk: false,
      noColor: options.isDumb !== true,
      isDumb: options.isDumb === true,
      readAnswer: () => Promise.resolve(""),
    }),
    out,
    err,
  };
}

test("LiveLine: without a terminal nothing is written", () => {
  const { it, err } = terminal({ isTty: false });
  const live = new LiveLine(it);
  live.show("working");
  live.stop();
  assert.deepEqual(err, []);
});

test("a dumb terminal is sent no control sequence: progress in plain lines, no colours, no screen that is drawn again", () => {
  const { it, out, err } = terminal({ isTty: true, isDumb: true });
  const live = new LiveLine(it);
  live.show("working");
  live.stop();
  const progress = new ProgressDisplay(it, { isQuiet: false });
  progress.report({ kind: "phase", text: "reading" });
  progress.stop();
  assert.equal(new ScreenRedraw(it).isLive, false);
  assert.deepEqual([it.outHasColor, it.errHasColor], [false, false]);
  assert.deepEqual([out.join(""), err.join("").trim()], ["", "reading"]);
});

test("LiveLine: a problem that is printed meanwhile takes the line away first, and the end leaves nothing behind", () => {
  const { it, err } = terminal({ isTty: true });
  const live = new LiveLine(it);
  live.show("working");
  it.problem("trouble\n");
  live.stop();
  const text = err.join("");
  assert.ok(text.includes("\r\u001b[2Ktrouble\n"), JSON.stringify(text));
  assert.ok(!text.slice(text.indexOf("trouble")).includes("working"));
});

test("LiveLine: a text that is longer than the screen is cut, so that it stays one line", () => {
  const { it, err } = terminal({ isTty: true });
  const live = new LiveLine(it);
  live.show("x".repeat(200));
  live.stop();
  assert.ok((err[0] ?? "").length < 45, err[0]);
});

test("ScreenRedraw: each page is one write that clears nothing before it draws, is cut at the screen, and stays after the end", () => {
  const { it, out } = terminal({ isTty: true, rows: 6 });
  const screen = new ScreenRedraw(it);
  screen.draw("1\n2\n3\n");
  screen.draw(`${Array.from({ length: 20 }, (_, index) => `line ${String(index)}`).join("\n")}\n`);
  screen.end();
  assert.equal(out.length, 3);
  assert.ok(!out.some((text) => text.includes("\u001b[2J")));
  assert.match(out[1] ?? "", /15 more lines: the screen is too small/);
  assert.match(out[2] ?? "", /line 19/);
});
