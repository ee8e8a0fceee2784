/**
 * What a screen shows, before anybody decides on widths and colours: a list
 * of blocks. `render` makes pages from documents; `cli/terminal/draw-page.ts`
 * lays them out with a library for tables; the report makes its own HTML and
 * Markdown. See docs/decisions/0004-pages-as-values.md.
 */
export type Tone = "plain" | "strong" | "good" | "warn" | "bad" | "dim";

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}
/** The only thing that begins a new line within a text. A newline inside any other text came from outside and is shown as `\n`. */
export const lineBreak: Span = { text: "\n", tone: "plain" };
/** A text without tone is plain. */
export type Inline = string | Span | readonly (string | Span)[];

export type Block =
  | { readonly kind: "heading"; readonly text: Inline }
  /** Wrapped at the width; `indent` counts columns, `hang` those of the lines after the first. */
  | { readonly kind: "line"; readonly text: Inline; readonly indent: number; readonly hang?: number }
  | { readonly kind: "item"; readonly text: Inline; readonly indent: number }
  | { readonly kind: "table"; readonly indent: number; readonly columns: readonly Column[]; readonly rows: readonly (readonly Inline[])[] }
  /** Something to type: never wrapped, so that it can be copied. */
  | { readonly kind: "command"; readonly command: string; readonly why: string; readonly indent: number }
  | { readonly kind: "gap" };

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** May be narrowed and wrapped when the screen is too small; the widest of these gives way first. */
  readonly isFlexible?: boolean;
  /** Left out on screens with fewer columns. */
  readonly hideBelow?: number;
}

export type Page = readonly Block[];

export const gap: Block = { kind: "gap" };
export const heading = (text: Inline): Block => ({ kind: "heading", text });
export const line = (text: Inline, indent = 0): Block => ({ kind: "line", text, indent });
export const hanging = (text: Inline, hang: number): Block => ({ kind: "line", text, indent: 0, hang });
export const item = (text: Inline, indent = 2): Block => ({ kind: "item", text, indent });
export const command = (words: string, why: string, indent = 2): Block => ({ kind: "command", command: words, why, indent });
export const table = (columns: readonly Column[], rows: readonly (readonly Inline[])[], indent = 2): Block => ({
  kind: "table",
  columns,
  rows,
  indent,
});

export const strong = (text: string): Span => ({ text, tone: "strong" });
export const good = (text: string): Span => ({ text, tone: "good" });
export const warn = (text: string): Span => ({ text, tone: "warn" });
export const bad = (text: string): Span => ({ text, tone: "bad" });
export const dim = (text: string): Span => ({ text, tone: "dim" });

export function spansOf(text: Inline): readonly Span[] {
  const parts = typeof text === "string" || "tone" in text ? [text] : text;
  return parts.map((part) => (typeof part === "string" ? { text: part, tone: "plain" as const } : part));
}

export function plainText(text: Inline): string {
  return spansOf(text)
    .map((span) => span.text)
    .join("");
}
