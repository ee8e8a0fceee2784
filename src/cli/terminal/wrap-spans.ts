import { lineBreak, spansOf, type Inline, type Span } from "../../render/page.ts";

/**
 * Breaks text at spaces into lines of at most `width` columns; `firstWidth`
 * for the first. A word that is longer than a line is kept whole when
 * `keepsWords` (paths and commands stay copyable) and broken otherwise.
 * `lineBreak` breaks too. Always at least one line.
 */
export function wrapSpans(
  text: Inline,
  options: { readonly width: number; readonly firstWidth?: number; readonly keepsWords: boolean },
): readonly (readonly Span[])[] {
  const lines: Span[][] = [[]];
  let column = 0;
  const room = (): number => (lines.length === 1 ? (options.firstWidth ?? options.width) : options.width);
  const newLine = (): void => {
    lines.push([]);
    column = 0;
  };
  const put = (piece: string, tone: Span["tone"]): void => {
    const current = lines.at(-1) ?? [];
    const last = current.at(-1);
    if (last?.tone === tone) current[current.length - 1] = { text: last.text + piece, tone };
    else current.push({ text: piece, tone });
    column += piece.length;
  };
  for (const word of wordsOf(text)) {
    if (word.isBreak) newLine();
    else if (word.isSpace) {
      // A space at a line's end or after a break is the break; one that begins the text is meant.
      if ((column > 0 || lines.length === 1) && column + word.text.length < room()) put(word.text, word.tone);
      else if (column > 0) newLine();
    } else {
      let rest = word.text;
      if (column > 0 && column + word.unit > room()) newLine();
      while (!options.keepsWords && rest.length > room()) {
        const part = rest.slice(0, room());
        put(part, word.tone);
        rest = rest.slice(part.length);
        newLine();
      }
      if (rest !== "") put(rest, word.tone);
    }
  }
  return lines;
}

interface Word {
  readonly text: string;
  readonly tone: Span["tone"];
  readonly isSpace: boolean;
  readonly isBreak: boolean;
  /** Columns that must stay together: this piece and those of other tones that follow without a space. */
  readonly unit: number;
}

function wordsOf(text: Inline): readonly Word[] {
  const pieces = spansOf(text).flatMap((span) =>
    (span === lineBreak ? [span.text] : span.text.split(/(\s+)/))
      .filter((piece) => piece !== "")
      .map((piece) => ({ text: piece, tone: span.tone, isSpace: piece.trim() === "", isBreak: span === lineBreak })),
  );
  return pieces.map((piece, index) => {
    let unit = piece.text.length;
    for (let next = index + 1; next < pieces.length && pieces[next]?.isSpace === false; next += 1) unit += pieces[next]?.text.length ?? 0;
    return { ...piece, unit };
  });
}
