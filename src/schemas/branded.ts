import * as z from "zod";

/** Text that one of the `as…` functions of model/ids accepts. Its complaint becomes an issue, so that the file and the place are named. */
export function branded<T extends string>(as: (text: string) => T): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    try {
      return as(text);
    } catch (cause) {
      // `as…` throws a TypeError with a sentence and nothing else.
      context.addIssue({ code: "custom", message: cause instanceof Error ? cause.message : String(cause) });
      return z.NEVER;
    }
  });
}

/** A 64-bit number as decimal text. At most 20 digits: the length of 2^64. */
export const decimalBigint: z.ZodType<bigint, string> = z
  .string()
  .regex(/^-?[0-9]{1,20}$/, "expected a whole number as decimal text")
  .transform((text) => BigInt(text));
