import { RecoveryError } from "../model/recovery-error.ts";

/**
 * Careful steps into values of unknown form, as JSON and YAML give them.
 * Each returns `undefined` (or an empty list) where the form is another.
 */
export function recordOf(value: unknown): { readonly [key: string]: unknown } | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as { readonly [key: string]: unknown }) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((current, key) => recordOf(current)?.[key], value);
}

export function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** Throws REMOTE_ANSWER_MALFORMED; the text itself is not in the error, it may hold secrets. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The cause is left out: V8's message quotes the text, which may be a Secret.
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: what, detail: `${what}: the answer is not JSON` });
  }
}
