/** What the tables of output documents share. */
import * as z from "zod";

export const decimal = z
  .string()
  .regex(/^-?\d+$/)
  .meta({ title: "decimal text" });
export const time = z.iso.datetime().meta({ title: "time, ISO 8601 UTC" });
export const document = <K extends string>(
  kind: K,
): { readonly apiVersion: z.ZodLiteral<"requorum/v1">; readonly kind: z.ZodLiteral<K> } => ({
  apiVersion: z.literal("requorum/v1"),
  kind: z.literal(kind),
});
/** Of a backup set. */
export const markList = z
  .array(
    z.object({
      code: z.string().describe("as --accept names it"),
      because: z.string(),
    }),
  )
  .describe("why it is not whole, or not to be trusted without a look; empty: clean");
export interface OutputDocument {
  readonly verbs: readonly string[];
  readonly words: string;
  readonly schema: z.ZodType;
}
