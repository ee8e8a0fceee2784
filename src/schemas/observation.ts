import * as z from "zod";

const provenance = { observedAt: z.string(), source: z.string() };

/** An observation of a value of this schema; a gap stays a gap. */
export function observed(value: z.ZodType): z.ZodType {
  return z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("known"), value, ...provenance }),
    z.object({
      kind: z.literal("unknown"),
      reason: z.enum(["unreachable", "timeout", "refused", "not-asked", "malformed", "failed"]),
      detail: z.string(),
      ...provenance,
    }),
  ]);
}
