/**
 * How kubectl's YAML library writes a string: which quotes it needs. Source:
 * go.yaml.in/yaml v2, emitterc.go (analyze_scalar, select_scalar_style) and
 * encode.go (stringv).
 */
import { readsAsString } from "./yaml-plain.ts";

export type ScalarStyle = "plain" | "single" | "double" | "literal";

/** `code` is a code point, here and below. NEL, LS and PS are breaks in YAML 1.1. */
export function isYamlBreak(code: number): boolean {
  return code === 0x0a || code === 0x0d || code === 0x85 || code === 0x2028 || code === 0x2029;
}

/** What is written as it is; letters beyond 16 bits are escaped. */
export function isYamlPrintable(code: number): boolean {
  if (code === 0x0a || (code >= 0x20 && code <= 0x7e)) return true;
  return code >= 0xa0 && code <= 0xfffd && code !== 0xfeff;
}

export function hasYamlBreak(text: string): boolean {
  return /[\n\r\u0085\u2028\u2029]/.test(text);
}

export function scalarStyle(text: string, isSimpleKey: boolean): ScalarStyle {
  if (isSimpleKey && text === mergeKey) return "double";
  if (isPlainWord(text)) return readsAsString(text) ? "plain" : "double";
  const wanted = text.includes("\n") ? "literal" : readsAsString(text) ? "plain" : "double";
  if (wanted === "double" || (isSimpleKey && hasYamlBreak(text))) return "double";
  const facts = analyse(text);
  if (wanted === "literal") return facts.allowsLiteral && !isSimpleKey ? "literal" : "double";
  if (facts.allowsPlain) return "plain";
  return facts.allowsSingle ? "single" : "double";
}

/**
 * As a key it says "merge what follows" in YAML 1.1. kubectl's library writes
 * it without quotes all the same, and reads another object from what it wrote.
 */
const mergeKey = "<<";

/**
 * Most strings: nothing in them needs quotes, unless they read as something
 * else. Three searches, each without a way back: one expression for it all
 * runs out of stack where a value is one word of 8 MiB (base64).
 */
function isPlainWord(text: string): boolean {
  return text !== "" && !/[^A-Za-z0-9_/.=:-]/.test(text) && !/^[.=:-]/.test(text) && !/:(?![A-Za-z0-9_/])/.test(text);
}
const firstIndicators = new Set("#,[]{}&*!|>'\"%@`");

function analyse(text: string): { readonly allowsPlain: boolean; readonly allowsSingle: boolean; readonly allowsLiteral: boolean } {
  const codes = Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
  const last = codes.length - 1;
  const isBreakAt = (at: number) => isYamlBreak(codes[at] ?? 0);
  const hasSpecial = codes.some((code) => !isYamlPrintable(code));
  const hasBreakThenSpace = codes.some((code, at) => code === 0x20 && isBreakAt(at - 1));
  const hasSpaceThenBreak = codes.some((code, at) => code === 0x20 && isBreakAt(at + 1));
  const isEdge = (code: number | undefined) => code !== undefined && (code === 0x20 || isYamlBreak(code));
  const isForbidden = hasSpecial || hasSpaceThenBreak;
  return {
    allowsPlain:
      !isForbidden && !hasBreakThenSpace && !isEdge(codes[0]) && !isEdge(codes[last]) && !hasYamlBreak(text) && !hasIndicator(text),
    allowsSingle: !isForbidden && !hasBreakThenSpace,
    allowsLiteral: !isForbidden && codes[last] !== 0x20,
  };
}

/** Something that would begin other than a plain word, or end it. */
function hasIndicator(text: string): boolean {
  if (text.startsWith("---") || text.startsWith("...") || firstIndicators.has(text.charAt(0))) return true;
  if (/^[-?](?:[ \t]|$)/.test(text)) return true;
  return /:(?:[ \t]|$)/.test(text) || /[ \t\n\r\u0085\u2028\u2029\0]#/.test(text);
}
