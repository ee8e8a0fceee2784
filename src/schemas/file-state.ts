import * as z from "zod";

/** Keyed hashes and sha256, hex. */
export const tagSchema = z.string().regex(/^[0-9a-f]{64}$/);
export const fileModeSchema = z.int().min(0).max(0o7777);

const owner = { uid: z.int().min(0), gid: z.int().min(0) };
const file = z.strictObject({ kind: z.literal("file"), tag: tagSchema, mode: fileModeSchema, ...owner });
const symlink = z.strictObject({ kind: z.literal("symlink"), tag: tagSchema, ...owner });

export const restoredFileStateSchema = z.discriminatedUnion("kind", [file, symlink]);
export const fileStateSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("absent") }),
  file,
  symlink,
  z.strictObject({ kind: z.literal("other"), what: z.string() }),
]);
