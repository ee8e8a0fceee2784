/** Where in a JSON text something stands. Line and column count from 1. */
export interface JsonPlace {
  readonly line: number;
  readonly column: number;
}

export function placeOfOffset(text: string, offset: number): JsonPlace {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

/**
 * Where the value of this path stands in a text that JSON.parse accepts; for a
 * missing one, where its nearest present parent does. Of a key that is there
 * twice, the last: that is the one that JSON.parse takes.
 */
export function placeOfJson(text: string, path: readonly PropertyKey[]): JsonPlace {
  let offset = skipBlank(text, 0);
  for (const key of path) {
    const child = childOffset(text, offset, key);
    if (child === undefined) break;
    offset = child;
  }
  return placeOfOffset(text, offset);
}

/** Of the object or array at `offset`; undefined when it has no such child, or is neither. */
function childOffset(text: string, offset: number, key: PropertyKey): number | undefined {
  const isObject = text[offset] === "{";
  if (!isObject && text[offset] !== "[") return undefined;
  let found: number | undefined;
  let at = skipBlank(text, offset + 1);
  for (let index = 0; at < text.length && text[at] !== "}" && text[at] !== "]"; index += 1) {
    let name: PropertyKey = index;
    if (isObject) {
      const end = endOfString(text, at);
      name = String(JSON.parse(text.slice(at, end)));
      at = skipBlank(text, skipBlank(text, end) + 1); // past the colon
    }
    if (name === key || String(name) === String(key)) found = at;
    at = skipBlank(text, endOfValue(text, at));
    if (text[at] === ",") at = skipBlank(text, at + 1);
  }
  return found;
}

function skipBlank(text: string, offset: number): number {
  let at = offset;
  while (at < text.length && " \t\r\n".includes(text.charAt(at))) at += 1;
  return at;
}

function endOfString(text: string, offset: number): number {
  let at = offset + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Brackets are counted, not descended into: depth costs no stack. */
function endOfValue(text: string, offset: number): number {
  let depth = 0;
  let at = offset;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') at = endOfString(text, at);
    else if ("{[".includes(character)) [depth, at] = [depth + 1, at + 1];
    else if ("}]".includes(character)) {
      if (depth === 0) return at; // a number or word that ends its parent
      [depth, at] = [depth - 1, at + 1];
    } else if (depth === 0 && " \t\r\n,".includes(character)) return at;
    else {
      at += 1;
      continue;
    }
    if (depth === 0) return at;
  }
  return at;
}
