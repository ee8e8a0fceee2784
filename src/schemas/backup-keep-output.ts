/** The documents of the verbs that keep stores of backup sets in order. Sizes in bytes. */
import * as z from "zod";
import { decimal, document, markList, passedOver, time, type OutputDocument } from "./output-parts.ts";

const level = z.enum(["V0", "V1", "V2", "V3", "V4", "V5"]);

export const backupCopiedSchema = z.object({
  ...document("BackupCopied"),
  from: z.string(),
  to: z.string(),
  id: z.string(),
  copied: z.int().describe("objects that were sent"),
  copiedBytes: z.int(),
  shared: z.int().describe("objects that had been there: of another set, or of a copy that was broken off"),
  sharedBytes: z.int(),
  repaired: z.int().describe("of the shared ones: were damaged there, and put anew; what was there lies aside"),
  proofs: z.int().describe("that were sent with it"),
  marks: markList,
  wasListed: z.boolean().describe("the whole set had been there; it was read again, and what was missing of it put"),
  remarks: z.array(z.string()).describe("what did not work beside it; the copy itself is whole"),
  passedOver,
});

export const backupPruneSchema = z.object({
  ...document("BackupPrune"),
  store: z.string(),
  cluster: z.string().describe("whose sets are judged; those of others are kept"),
  madeAt: time,
  policy: z.object({
    last: z.int(),
    daily: z.int(),
    weekly: z.int(),
    monthly: z.int(),
    neverBelow: z.int(),
    withinMs: z.number().nullable().describe("null: age alone keeps none"),
  }),
  sets: z
    .array(
      z.object({
        id: z.string().nullable().describe("null: its name is none of a set"),
        objectName: z.string(),
        createdAt: z.string().nullable().describe("null: damaged"),
        clusterId: z.string().nullable(),
        revision: decimal.nullable(),
        totalKeys: z.int().nullable(),
        marks: z.array(z.string()),
        proven: level.nullable().describe("the highest level that proofs say; null: none"),
        verdict: z.enum(["keep", "remove"]),
        because: z.array(z.string()).describe("each rule that keeps it, or why none does"),
      }),
    )
    .describe("every set of the store, the newest first"),
  breaks: z
    .array(z.object({ newer: z.string(), older: z.string(), because: z.string(), isAccepted: z.boolean() }))
    .describe("where a set is not what must follow the one before it: it may be of an orphan"),
  refusals: z.array(z.string()).describe("not empty: nothing is removed, and why"),
  aside: z.object({
    count: z.int().describe("objects that were removed long enough ago, and are deleted for good"),
    sizeBytes: z.int(),
    afterMs: z.number(),
  }),
  digest: z.string().describe("what --approve takes; the same decisions have the same digest"),
  pruned: z
    .object({
      sets: z.array(z.string()),
      objects: z.int().describe("packs and indexes that no set needs any more"),
      objectsLeftBecause: z.string().nullable().describe("why packs and indexes were left; null: they were not"),
      aside: z.int().describe("objects that were deleted for good"),
    })
    .nullable()
    .describe("null: only the plan"),
});

export const backupKeepOutputDocuments: { readonly [kind: string]: OutputDocument } = {
  BackupCopied: { verbs: ["backup copy"], words: "The set that was copied.", schema: backupCopiedSchema },
  BackupPrune: {
    verbs: ["backup prune"],
    words: "What goes, what stays and why; and what was done of it.",
    schema: backupPruneSchema,
  },
};
