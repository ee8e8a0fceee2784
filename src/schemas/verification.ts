import * as z from "zod";
import type { Verdict } from "../model/verdict.ts";

/** One exit rule with what was seen of it, as the verifying step keeps it in verify.json. */
export interface VerificationRule {
  readonly rule: string;
  readonly verdict: Verdict;
}

const verdict = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("holds") }),
  z.object({ kind: z.literal("fails"), because: z.array(z.string()) }),
  z.object({ kind: z.literal("unknown"), missing: z.array(z.string()) }),
]);
/** Every object of the record from before, looked for afterwards. */
export interface ObjectComparison {
  readonly objectsBefore: number;
  readonly objectsNow: number;
  readonly lost: number;
}

const comparison = z.object({ objectsBefore: z.int(), objectsNow: z.int(), lost: z.int() });
const verification = z.object({ rules: z.array(z.object({ rule: z.string(), verdict })), comparison: comparison.optional() });

/** Throws zod's error or a SyntaxError when it is not that file; the caller says which. */
export function readVerification(text: string): {
  readonly rules: readonly VerificationRule[];
  readonly comparison?: ObjectComparison | undefined;
} {
  return verification.parse(JSON.parse(text));
}
