import Table from "cli-table3";
import { lineBreak, plainText, spansOf, type Block, type Column, type Inline, type Page, type Span, type Tone } from "../../render/page.ts";
import { wrapSpans } from "./wrap-spans.ts";

export interface DrawOptions {
  readonly columns: number;
  readonly hasColor: boolean;
  /** For what goes to a file or another program: a word in a table, as a key, stays whole however long it is, to be searched for and copied. */
  readonly keepsWords?: boolean;
}

/** SGR codes: bold, green, yellow, red, faint. The eight old colours, so that the terminal's own theme decides how they look. */
const codes: { readonly [tone in Tone]: readonly [string, string] } = {
  plain: ["", ""],
  strong: ["\u001b[1m", "\u001b[22m"],
  good: ["\u001b[32m", "\u001b[39m"],
  warn: ["\u001b[33m", "\u001b[39m"],
  bad: ["\u001b[31m", "\u001b[39m"],
  dim: ["\u001b[2m", "\u001b[22m"],
};

/** A page as text for one stream, ending in a newline. */
export function drawPage(page: Page, options: DrawOptions): string {
  return page.map((block) => `${drawBlock(block, options)}\n`).join("");
}

/** One coloured piece of text, without layout. */
export function paint(text: Inline, hasColor: boolean): string {
  if (!hasColor) return safe(plainText(text));
  return spansOf(text)
    .map((span) => `${codes[span.tone][0]}${safe(span.text)}${codes[span.tone][1]}`)
    .join("");
}

/**
 * Text from machines must not move the cursor, begin a line that looks like
 * one of ours, change colours or turn the reading direction: such characters
 * are shown, not obeyed.
 */
function safe(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (char) => {
    if (char === "\r") return "";
    if (char === "\t") return " ";
    return char === "\n" ? "\\n" : shown(char.charCodeAt(0).toString(16));
  });
}

/** Made safe before it is laid out: what is shown is what is measured. */
function safeSpans(text: Inline): readonly Span[] {
  return spansOf(text).map((span) => (span === lineBreak ? span : { ...span, text: safe(span.text) }));
}

function shown(hex: string): string {
  return hex.length <= 2 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex}`;
}

function drawBlock(block: Block, options: DrawOptions): string {
  switch (block.kind) {
    case "gap":
      return "";
    case "heading":
      return paint(
        spansOf(block.text).map((span) => (span.tone === "plain" ? { ...span, tone: "strong" as const } : span)),
        options.hasColor,
      );
    case "line":
      return wrap(block.text, block.indent, block.hang ?? block.indent, options);
    case "item":
      return wrap([`${" ".repeat(block.indent)}- `, ...spansOf(block.text)], 0, block.indent + 2, options);
    case "command":
      return [
        wrap({ text: `${block.why}:`, tone: "dim" }, block.indent, block.indent, options),
        `${" ".repeat(block.indent + 4)}${paint({ text: block.command, tone: "strong" }, options.hasColor)}`,
      ].join("\n");
    case "table":
      return drawTable(block, options);
    default:
      return block satisfies never;
  }
}

/** Columns between two cells. */
const air = 2;

function drawTable(whole: TableBlock, options: DrawOptions): string {
  const isShown = shownColumns(whole, options);
  const block = {
    ...whole,
    columns: whole.columns.filter((_, index) => isShown[index]),
    rows: whole.rows.map((row) => row.filter((_, index) => isShown[index])),
  };
  const { keepsWords = false } = options;
  const widths = columnWidths(block.columns, block.rows, { available: options.columns - block.indent, keepsWords });
  const none = {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "",
  };
  const drawn = new Table({
    chars: none,
    style: { head: [], border: [], "padding-left": 0, "padding-right": air },
    colWidths: [...widths],
    colAligns: block.columns.map((column) => column.align ?? "left"),
  });
  if (block.columns.some((column) => column.title !== ""))
    drawn.push(block.columns.map((column) => paint({ text: column.title.toUpperCase(), tone: "dim" }, options.hasColor)));
  // Cells are wrapped here and not by the library, which cuts words in the middle or drops their ends.
  for (const row of block.rows)
    drawn.push(
      row.map((cell, index) =>
        wrapSpans(safeSpans(cell), { width: Math.max(1, (widths[index] ?? 3) - air), keepsWords })
          .map((words) => paint(words, options.hasColor))
          .join("\n"),
      ),
    );
  const margin = " ".repeat(block.indent);
  const hidden = whole.columns.filter((_, index) => !(isShown[index] ?? true));
  const wanted = Math.max(whole.indent + narrowest(whole, options), ...hidden.map((column) => column.hideBelow ?? 0));
  return [
    ...drawn
      .toString()
      .split("\n")
      .map((text) => `${margin}${text}`.trimEnd()),
    ...(hidden.length === 0 ? [] : [`${margin}${paint({ text: hiddenWords(hidden, wanted), tone: "dim" }, options.hasColor)}`]),
  ].join("\n");
}

type TableBlock = Extract<Block, { kind: "table" }>;

/** Left out are those that are not worth the screen, and then, where rows would still be wider than it, the ones that need the most of it. */
function shownColumns(whole: TableBlock, options: DrawOptions): readonly boolean[] {
  const isShown = whole.columns.map((column) => (column.hideBelow ?? 0) <= options.columns);
  while (options.keepsWords !== true && whole.indent + narrowest(whole, options, isShown) > options.columns) {
    const [next] = [...whole.columns.entries()]
      .filter(([index, column]) => isShown[index] === true && column.hideBelow !== undefined)
      .sort(([, one], [, other]) => (other.hideBelow ?? 0) - (one.hideBelow ?? 0));
    if (next === undefined) break;
    isShown[next[0]] = false;
  }
  return isShown;
}

/** Columns of the screen that the longest row needs at least. */
function narrowest(
  whole: TableBlock,
  { keepsWords = false }: DrawOptions,
  isShown: readonly boolean[] = whole.columns.map(() => true),
): number {
  const columns = whole.columns.filter((_, index) => isShown[index]);
  const rows = whole.rows.map((row) => row.filter((_, index) => isShown[index]));
  return columnWidths(columns, rows, { available: 0, keepsWords }).reduce((total, width) => total + width, -air);
}

/** What a screen is too small for is named: nobody misses what he does not know of. */
function hiddenWords(hidden: readonly Column[], wanted: number): string {
  return `with ${String(wanted)} columns also: ${hidden.map((column) => column.title).join(", ")}`;
}

/** Natural widths with two columns of air; where the screen is too small, the widest flexible column gives way first, never below twelve, and never below a word that is to stay whole. */
function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly Inline[])[],
  { available, keepsWords }: { readonly available: number; readonly keepsWords: boolean },
): readonly number[] {
  const flexibleMin = columns.map((_, index) => Math.max(12, ...(keepsWords ? rows.map((row) => longestWord(row[index] ?? "")) : [])));
  const widths = columns.map(
    (column, index) => Math.max(column.title.length, ...rows.map((row) => safe(plainText(row[index] ?? "")).length), 1) + air,
  );
  const sum = (): number => widths.reduce((total, width) => total + width, 0);
  while (sum() > available) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      if (
        column.isFlexible === true &&
        (widths[index] ?? 0) > (flexibleMin[index] ?? 0) + air &&
        (widest < 0 || (widths[index] ?? 0) > (widths[widest] ?? 0))
      )
        widest = index;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function longestWord(text: Inline): number {
  return Math.max(
    ...safe(plainText(text))
      .split(/\s+/)
      .map((word) => word.length),
  );
}

/** A word longer than the line stays whole, so that paths and commands can be copied. */
function wrap(text: Inline, firstIndent: number, nextIndent: number, options: DrawOptions): string {
  // Below thirty columns nothing is readable any more; then the terminal may break lines itself.
  const limit = Math.max(30, options.columns);
  const lines = wrapSpans(safeSpans(text), { width: limit - nextIndent, firstWidth: limit - firstIndent, keepsWords: true });
  return lines
    .map((words, index) => `${" ".repeat(index === 0 ? firstIndent : nextIndent)}${paint(words, options.hasColor)}`.trimEnd())
    .join("\n");
}
