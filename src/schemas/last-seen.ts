import * as z from "zod";
import { asClusterId, asHostName } from "../model/ids.ts";
import type { LastSeen } from "../model/inventory.ts";
import { branded, decimalBigint } from "./branded.ts";
import { memberSchema } from "./host-facts.ts";
import { parseJson, textOfJson } from "./json-text.ts";

export const lastSeenSchema = z.object({
  takenAt: z.string(),
  clusterId: branded(asClusterId),
  members: z.array(memberSchema),
  revision: decimalBigint,
  raftIndex: decimalBigint,
  raftTerm: decimalBigint,
  objectCounts: z.array(z.object({ resource: z.string(), count: z.number() })),
  hosts: z.array(
    z.object({ name: branded(asHostName), machineId: z.string(), address: z.string(), dataMountPoint: z.string().optional() }),
  ),
});

/** INVENTORY_FILE_INVALID when the kept file is damaged: it may be the only record of what was, so it is never overwritten silently. */
export function readLastSeen(text: string): LastSeen {
  return parseJson(text, lastSeenSchema, { code: "INVENTORY_FILE_INVALID", subject: "the last-seen facts" });
}

export function writeLastSeen(facts: LastSeen): string {
  return `${textOfJson(facts, 1)}\n`;
}
