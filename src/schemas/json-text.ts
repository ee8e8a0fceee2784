import type { z } from "zod";
import { RecoveryError } from "../model/recovery-error.ts";
import type { ErrorCode } from "../model/error-catalogue.ts";

/** 64-bit numbers are decimal text in JSON. */
export function textOfJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === "bigint" ? field.toString() : field), indent);
}

/** Parses and checks. The error names the file, where in it, and what was expected; several at once. */
export function parseJson<T>(text: string, schema: z.ZodType<T>, options: { readonly code: ErrorCode; readonly subject: string }): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecoveryError(options.code, { subject: options.subject, detail: `${options.subject} is not JSON: ${syntaxDetail(text, cause)}`, cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const shown = result.error.issues.slice(0, 5).map((issue) => `${issue.path.map(String).join(".") || "(top)"}: ${issue.message}`);
  const more = result.error.issues.length > shown.length ? `; and ${String(result.error.issues.length - shown.length)} more` : "";
  throw new RecoveryError(options.code, { subject: options.subject, detail: `${options.subject}: ${shown.join("; ")}${more}` });
}

/** V8 says "position N"; people want line and column. */
function syntaxDetail(text: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/^\s*$/.test(text)) return "it is empty";
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return message.replace(/, ?"[\s\S]*" is not valid JSON$/, "");
  const before = text.slice(0, Number(position)).split("\n");
  return `line ${String(before.length)}, column ${String((before.at(-1) ?? "").length + 1)}: unexpected text`;
}
