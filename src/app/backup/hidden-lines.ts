/** Whether a line below one that is not shown belongs to it; asked of each line in turn, until one does not. */
export type Hiding = (line: string) => boolean;

export const showAll: Hiding = () => false;

/** The lines behind one that ends with a backslash. */
export function continued(): Hiding {
  return hidesUntil((line) => !endsWithBackslash(line));
}

/** The next line that is not empty. */
export function nextLine(): Hiding {
  return hidesUntil((line) => line.trim() !== "");
}

/** The lines of a table of TOML, as its keys may be anybody's own. */
export const untilTable: Hiding = (line) => !isTable(line);

/** `[a."b".c]` or `[[a]]`, with a comment or without. */
export function isTable(line: string): boolean {
  return [line, line.split("#", 1)[0] ?? ""].some(
    (text) => /^\s*\[{1,2}\s*[\w"']/.test(text) && text.trimEnd().endsWith("]") && !text.includes("="),
  );
}

/**
 * Where the value goes on of a key that begins at `column`, `rest` being what
 * stands behind the key. In YAML that is what stands deeper, also below a value
 * that has begun, and a list at the key's own column; below a key without a
 * value in the same line it is anything but another key. In any form it is what
 * stands in brackets and quotes until they are closed, and behind a backslash.
 */
export function valueBehind(column: number, rest: string): Hiding {
  if (endsWithBackslash(rest)) return continued();
  const value = rest.replace(/^["')\]]?\s*[:=]?\s*/, "").trim();
  const isField = /^["']?\s*:/.test(rest);
  let quote = openQuote(value);
  let open = quote === undefined && /^[[{]/.test(value) ? openBrackets(value) : 0;
  let isEmpty = isField && value === "";
  return (line) => {
    if (line.trim() === "") return true;
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined;
      return true;
    }
    if (open > 0) {
      open += openBrackets(line);
      return true;
    }
    const [at, below] = [line.search(/\S/), isEmpty];
    isEmpty = false;
    if (isField && (at > column || (at === column && /^-(?:\s|$)/.test(line.slice(at))))) return true;
    return below && !keyLine.test(line);
  };
}

const keyLine = /^\s*(?:-\s+)?["']?[\w./-]+["']?\s*:(?:\s|$)/;

/** Hides up to the line of which `isLast` is true, and that one. */
function hidesUntil(isLast: (line: string) => boolean): Hiding {
  let isOver = false;
  return (line) => {
    const hides = !isOver;
    isOver ||= isLast(line);
    return hides;
  };
}

export function endsWithBackslash(line: string): boolean {
  return line.trimEnd().endsWith("\\");
}

/** The quotes that a value begins with and that do not end in its line. */
function openQuote(value: string): string | undefined {
  const quote = /^(?:"""|'''|["'])/.exec(value)?.[0];
  if (quote === undefined) return undefined;
  const inner = value.slice(quote.length);
  // Only double ones are escaped by a backslash.
  return (quote.startsWith("'") ? inner : inner.replaceAll(/\\./g, "")).includes(quote) ? undefined : quote;
}

/** Brackets that are opened, less those that are closed. */
function openBrackets(text: string): number {
  return (text.match(/[[{]/g) ?? []).length - (text.match(/[\]}]/g) ?? []).length;
}
