import type * as z from "zod";
import { RecoveryError } from "../model/recovery-error.ts";
import { placeOfJson, placeOfOffset, type JsonPlace } from "./json-places.ts";
import type { ErrorCode } from "../model/error-catalogue.ts";

/** 64-bit numbers are decimal text in JSON. */
export function textOfJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === "bigint" ? field.toString() : field), indent);
}

/** Parses and checks. The error names the file, line and column in it, and what was expected there; several at once. */
export function parseJson<T>(text: string, schema: z.ZodType<T>, options: { readonly code: ErrorCode; readonly subject: string }): T {
  const { code, subject } = options;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecoveryError(code, { subject, detail: syntaxDetail(text, subject, cause), cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const shown = result.error.issues
    .slice(0, problemsShownMax)
    .map(
      (issue) => `${placed(subject, placeOfJson(text, issue.path))}: ${issue.path.map(String).join(".") || "the file"}: ${issue.message}`,
    );
  if (result.error.issues.length > shown.length) shown.push(`… and ${String(result.error.issues.length - shown.length)} more`);
  throw new RecoveryError(code, { subject, detail: shown.join("\n") });
}

/** A file of ours that is wrong in one place is wrong in many: the first few show what it is. */
const problemsShownMax = 5;

function placed(subject: string, place: JsonPlace): string {
  return `${subject}:${String(place.line)}:${String(place.column)}`;
}

/** V8's own words quote the text around the mistake; what is in the file is not repeated here. */
function syntaxDetail(text: string, subject: string, cause: unknown): string {
  if (/^\s*$/.test(text)) return `${placed(subject, { line: 1, column: 1 })}: it is empty; expected JSON`;
  const offset = positionIn(cause) ?? firstBadOffset(text);
  return `${placed(subject, placeOfOffset(text, offset))}: it is not JSON: ${offset >= text.trimEnd().length ? "it ends too early" : "unexpected text"}`;
}

function positionIn(cause: unknown): number | undefined {
  const position = /at position (\d+)/.exec(cause instanceof Error ? cause.message : "")?.[1];
  return position === undefined ? undefined : Number(position);
}

/**
 * For "Unexpected token", V8 (Node 24) gives no position. A text that is cut
 * off before its mistake ends too early; the shortest that does not, ends in it.
 */
function firstBadOffset(text: string): number {
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (endsTooEarly(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return bad - 1;
}

function endsTooEarly(text: string): boolean {
  try {
    JSON.parse(text);
    return true; // whole so far: a number that goes on, or what stands before something that is too much
  } catch (cause) {
    return /end of JSON input/.test(String(cause)) || positionIn(cause) === text.length;
  }
}
