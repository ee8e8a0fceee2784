/**
 * Objects as `kubectl get -o yaml` prints them, byte for byte: the block style
 * of go.yaml.in/yaml v2 with its line folding at 80 columns. Source:
 * emitterc.go. kubectl reads the JSON with that same library before, which
 * fails on control characters and turns U+0085 into a space; here both are
 * escaped.
 */
import { isKubeList, isKubeObject, type KubeJson, type KubeObject } from "./kube-json.ts";
import { compareYamlKeys } from "./yaml-key-order.ts";
import { yamlNumber } from "./yaml-plain.ts";
import { hasYamlBreak, isYamlBreak, isYamlPrintable, scalarStyle } from "./yaml-scalar.ts";

/** The value nests no deeper than jsonDepthMax, as every value of this engine does. Ends with a line break. */
export function kubeYaml(value: KubeJson): string {
  const writer = new YamlWriter();
  writer.node(value, false);
  return writer.end();
}

const widthBest = 80;
const indentStep = 2;
/** Bytes of a key that may stand before its colon on one line. */
const simpleKeyBytesMax = 128;
const utf8 = new TextEncoder();
/** Nothing to fold, and as many columns as code units. */
const oneWord = /^[!-~]*$/;

class YamlWriter {
  private readonly parts: string[] = [];
  private column = 0;
  private indent = -1;
  /** The last thing written was white space. */
  private hasWhitespace = true;
  /** Only indentation and indicators stand on this line. */
  private isIndention = true;

  end(): string {
    this.writeIndent();
    return this.parts.join("");
  }

  node(value: KubeJson, isInMapping: boolean): void {
    if (isKubeList(value)) this.list(value, isInMapping);
    else if (isKubeObject(value)) this.map(value);
    else if (typeof value === "string") this.scalar(value.toWellFormed(), false);
    else if (typeof value === "number" || typeof value === "bigint") this.plain(yamlNumber(value), false);
    else this.plain(String(value), false);
  }

  private list(items: readonly KubeJson[], isInMapping: boolean): void {
    if (items.length === 0) {
      this.emptyCollection("[", "]");
      return;
    }
    const before = this.indent;
    this.increaseIndent(isInMapping && !this.isIndention);
    for (const item of items) {
      this.writeIndent();
      this.indicator("-", { needsSpace: true, isIndention: true });
      this.node(item, false);
    }
    this.indent = before;
  }

  private map(object: KubeObject): void {
    const keys = Object.keys(object).sort(compareYamlKeys);
    if (keys.length === 0) {
      this.emptyCollection("{", "}");
      return;
    }
    const before = this.indent;
    this.increaseIndent(false);
    for (const key of keys) {
      const text = key.toWellFormed();
      this.writeIndent();
      if (!hasYamlBreak(text) && isShortKey(text)) {
        this.scalar(text, true);
        this.indicator(":", { needsSpace: false, isIndention: false });
      } else {
        this.indicator("?", { needsSpace: true, isIndention: true });
        this.scalar(text, false);
        this.writeIndent();
        this.indicator(":", { needsSpace: true, isIndention: true });
      }
      this.node(object[key] ?? null, true);
    }
    this.indent = before;
  }

  private emptyCollection(open: string, close: string): void {
    this.indicator(open, { needsSpace: true, isIndention: false });
    this.indicator(close, { needsSpace: false, isIndention: false });
  }

  private scalar(text: string, isSimpleKey: boolean): void {
    const before = this.indent;
    this.indent = Math.max(0, before) + indentStep; // of the lines after the first
    this.styled(text, isSimpleKey);
    this.indent = before;
  }

  private styled(text: string, isSimpleKey: boolean): void {
    switch (scalarStyle(text, isSimpleKey)) {
      case "plain":
        this.plain(text, isSimpleKey);
        return;
      case "single":
        this.singleQuoted(text, isSimpleKey);
        return;
      case "double":
        this.doubleQuoted(text, isSimpleKey);
        return;
      case "literal":
        this.literal(text);
        return;
    }
  }

  private increaseIndent(isIndentless: boolean): void {
    if (this.indent < 0) this.indent = 0;
    else if (!isIndentless) this.indent += indentStep;
  }

  private writeIndent(): void {
    const indent = Math.max(0, this.indent);
    if (!this.isIndention || this.column > indent || (this.column === indent && !this.hasWhitespace)) this.breakLine("\n");
    if (this.column < indent) this.write(" ".repeat(indent - this.column), indent - this.column);
    this.hasWhitespace = true;
    this.isIndention = true;
  }

  private indicator(text: string, options: { readonly needsSpace: boolean; readonly isIndention: boolean }): void {
    if (options.needsSpace && !this.hasWhitespace) this.write(" ", 1);
    this.write(text, text.length);
    this.hasWhitespace = text === "{" || text === "[";
    this.isIndention = this.isIndention && options.isIndention;
  }

  private write(text: string, columns: number): void {
    this.parts.push(text);
    this.column += columns;
  }

  private breakLine(text: string): void {
    this.parts.push(text);
    this.column = 0;
  }

  private afterScalar(): void {
    this.hasWhitespace = false;
    this.isIndention = false;
  }

  /** A plain text holds no line breaks. */
  private plain(text: string, isSimpleKey: boolean): void {
    if (!this.hasWhitespace) this.write(" ", 1);
    if (oneWord.test(text)) this.write(text, text.length);
    else this.folded(text, { isSimpleKey, isPlain: true });
    this.afterScalar();
  }

  private singleQuoted(text: string, isSimpleKey: boolean): void {
    this.indicator("'", { needsSpace: true, isIndention: false });
    this.folded(text, { isSimpleKey, isPlain: false });
    this.indicator("'", { needsSpace: false, isIndention: false });
    this.afterScalar();
  }

  private folded(text: string, options: { readonly isSimpleKey: boolean; readonly isPlain: boolean }): void {
    const letters = Array.from(text);
    const last = letters.length - 1;
    let isAfterSpace = false;
    let isAfterBreak = false;
    letters.forEach((letter, at) => {
      if (letter === " ") {
        const isInside = options.isPlain || (at > 0 && at < last);
        if (!options.isSimpleKey && !isAfterSpace && this.column > widthBest && isInside && letters[at + 1] !== " ") this.writeIndent();
        else this.write(letter, 1);
        isAfterSpace = true;
      } else if (isYamlBreak(letter.codePointAt(0) ?? 0)) {
        this.breakLine(letter);
        this.isIndention = true;
        isAfterBreak = true;
      } else {
        if (isAfterBreak) this.writeIndent();
        if (letter === "'" && !options.isPlain) this.write("''", 2);
        else this.write(letter, 1);
        this.isIndention = false;
        isAfterSpace = false;
        isAfterBreak = false;
      }
    });
  }

  private doubleQuoted(text: string, isSimpleKey: boolean): void {
    const letters = Array.from(text);
    const last = letters.length - 1;
    let isAfterSpace = false;
    this.indicator('"', { needsSpace: true, isIndention: false });
    letters.forEach((letter, at) => {
      const code = letter.codePointAt(0) ?? 0;
      if (!isYamlPrintable(code) || isYamlBreak(code) || letter === '"' || letter === "\\") {
        const escaped = escapeOf(code);
        this.write(escaped, escaped.length);
        isAfterSpace = false;
      } else if (letter === " ") {
        if (!isSimpleKey && !isAfterSpace && this.column > widthBest && at > 0 && at < last) {
          this.writeIndent();
          if (letters[at + 1] === " ") this.write("\\", 1);
        } else this.write(letter, 1);
        isAfterSpace = true;
      } else {
        this.write(letter, 1);
        isAfterSpace = false;
      }
    });
    this.indicator('"', { needsSpace: false, isIndention: false });
    this.afterScalar();
  }

  private literal(text: string): void {
    this.indicator(`|${blockHints(text)}`, { needsSpace: true, isIndention: false });
    this.breakLine("\n");
    this.isIndention = true;
    this.hasWhitespace = true;
    let isAfterBreak = true;
    for (const letter of text) {
      if (isYamlBreak(letter.codePointAt(0) ?? 0)) {
        this.breakLine(letter);
        this.isIndention = true;
        isAfterBreak = true;
      } else {
        if (isAfterBreak) this.writeIndent();
        this.write(letter, 1);
        this.isIndention = false;
        isAfterBreak = false;
      }
    }
  }
}

/** Indentation, where the text itself begins with white space, and what to do with the breaks at its end. */
function blockHints(text: string): string {
  const letters = Array.from(text);
  const isBreakAt = (at: number) => isYamlBreak(letters.at(at)?.codePointAt(0) ?? 0);
  const indentation = letters[0] === " " || isBreakAt(0) ? String(indentStep) : "";
  if (!isBreakAt(-1)) return `${indentation}-`;
  return letters.length === 1 || isBreakAt(-2) ? `${indentation}+` : indentation;
}

function isShortKey(text: string): boolean {
  return oneWord.test(text) ? text.length <= simpleKeyBytesMax : utf8.encode(text).length <= simpleKeyBytesMax;
}

const shortEscapes = new Map<number, string>([
  [0x00, "0"],
  [0x07, "a"],
  [0x08, "b"],
  [0x09, "t"],
  [0x0a, "n"],
  [0x0b, "v"],
  [0x0c, "f"],
  [0x0d, "r"],
  [0x1b, "e"],
  [0x22, '"'],
  [0x5c, "\\"],
  [0x85, "N"],
  [0x2028, "L"],
  [0x2029, "P"],
]);

function escapeOf(code: number): string {
  const short = shortEscapes.get(code);
  if (short !== undefined) return `\\${short}`;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
