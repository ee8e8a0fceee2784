/** What this machine remembers of backup stores, in its state directory. */
import * as z from "zod";
import type { SeenStore } from "../model/seen-sets.ts";
import { parseJson, textOfJson } from "./json-text.ts";

const set = z.object({ id: z.string(), createdAt: z.iso.datetime() });
const recordSchema = z.object({
  apiVersion: z.literal("requorum/v1"),
  kind: z.literal("SeenSets"),
  stores: z.array(
    z.object({
      place: z.string(),
      storeId: z.string(),
      newest: set.optional(),
      lost: set.extend({ noticedAt: z.iso.datetime() }).optional(),
    }),
  ),
});

/** BACKUP_RECORD_DAMAGED. */
export function readSeenSets(text: string): readonly SeenStore[] {
  const { stores } = parseJson(text, recordSchema, { code: "BACKUP_RECORD_DAMAGED", subject: "backup-seen.json of the state directory" });
  return stores.map(({ place, storeId, newest, lost }) => ({ place, storeId, newest, lost }));
}

export function writeSeenSets(stores: readonly SeenStore[]): string {
  return `${textOfJson({ apiVersion: "requorum/v1", kind: "SeenSets", stores }, 1)}\n`;
}
