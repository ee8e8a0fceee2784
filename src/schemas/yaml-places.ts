import { isMap, isNode, isPair, isSeq, LineCounter, parseDocument, type Document } from "yaml";

/** Something wrong at one place of a file. Line and column count from 1. */
export interface FileProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type YamlPath = readonly (string | number)[];

/** A YAML text that knows where in it everything stands. */
export interface PlacedYaml {
  /** Plain values; undefined when there are syntax problems. */
  readonly value: unknown;
  readonly syntaxProblems: readonly FileProblem[];
  /** Where the value of this path stands; for a missing one, where its nearest present parent does. */
  placeOf(path: YamlPath): { readonly line: number; readonly column: number };
  /** Where the key itself stands. */
  placeOfKey(parent: YamlPath, key: string): { readonly line: number; readonly column: number };
}

/** Aliases that a hand-written file may expand to; more is an attack or a mistake ("billion laughs"). */
const aliasesMax = 100;

export function placeYaml(text: string): PlacedYaml {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true, stringKeys: true });
  const at = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: FileProblem[] = document.errors.map((error) => ({ ...at(error.pos[0]), message: wordsOf(error) }));
  let value: unknown;
  if (problems.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: aliasesMax });
    } catch (error) {
      problems.push({ line: 1, column: 1, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return {
    value,
    syntaxProblems: problems,
    placeOf: (path) => at(offsetOf(document, path)),
    placeOfKey: (parent, key) => {
      const map = nodeAt(document, parent);
      const pair = isMap(map) ? map.items.find((item) => isNode(item.key) && String(item.key) === key) : undefined;
      return at(isPair(pair) && isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : offsetOf(document, parent));
    },
  };
}

/** YAML's own messages start with a capital and may span lines; one of them speaks to programmers. */
function wordsOf({ code, message }: { readonly code: string; readonly message: string }): string {
  if (code === "MULTIPLE_DOCS")
    return "a second document begins here; expected only one in the file (take this --- away, and what belongs to another file)";
  const line = message.split("\n")[0]?.trim() ?? "";
  return line.charAt(0).toLowerCase() + line.slice(1);
}

function nodeAt(document: Document, path: YamlPath): unknown {
  let node: unknown = document.contents;
  for (const key of path) {
    if (!isMap(node) && !isSeq(node)) return undefined;
    node = node.get(key, true);
  }
  return node;
}

function offsetOf(document: Document, path: YamlPath): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = nodeAt(document, path.slice(0, length));
    if (isNode(node) && node.range !== null && node.range !== undefined) return node.range[0];
  }
  return 0;
}
