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
/** Beside what `latest` means. */
export const passedOver = z
  .array(
    z.object({
      id: z.string(),
      because: z.string(),
      command: z
        .string()
        .nullable()
        .describe("this call for that set, or of `status` what shows it, with its signer trusted; null: it is another reason"),
    }),
  )
  .describe(
    "sets that `latest` does not mean though their date is later: of the future, or signed by a key that is not known here; empty where a set was named",
  );
export interface OutputDocument {
  readonly verbs: readonly string[];
  readonly words: string;
  readonly schema: z.ZodType;
}
