import type { ErrorCode, Retry } from "../../model/error-catalogue.ts";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { outOfMemory } from "./out-of-memory.ts";

/** An expected error keeps its parts across the threads; anything else is a bug and keeps its stack. */
export type CarriedError =
  | {
      readonly kind: "expected";
      readonly code: ErrorCode;
      readonly subject: string;
      readonly detail: string;
      readonly retry: Retry;
      readonly remedies: readonly Remedy[];
    }
  | { readonly kind: "bug"; readonly message: string; readonly stack: string | undefined };

export function carriedExpected({ code, subject, detail, retry, remedies }: RecoveryError): CarriedError & { readonly kind: "expected" } {
  return { kind: "expected", code, subject, detail, retry, remedies };
}

export function carried(error: unknown): CarriedError {
  const expected = error instanceof RecoveryError ? error : outOfMemory(error);
  if (expected !== undefined) return carriedExpected(expected);
  return error instanceof Error
    ? { kind: "bug", message: error.message, stack: error.stack }
    : { kind: "bug", message: String(error), stack: undefined };
}

export function restored(error: CarriedError): Error {
  if (error.kind === "expected") return new RecoveryError(error.code, error);
  const bug = new Error(error.message);
  if (error.stack !== undefined) bug.stack = error.stack;
  return bug;
}
