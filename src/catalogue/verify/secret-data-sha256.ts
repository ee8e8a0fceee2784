import type { Hashing } from "../../ports/hashing.ts";

/**
 * sha256, hex, over the names and values of a secret's data, in the order of
 * the names: two readings are compared by it, and no secret is kept for that.
 */
export function secretDataSha256(hashing: Hashing, data: unknown): string {
  const isData = typeof data === "object" && data !== null && !Array.isArray(data);
  const entries = isData ? Object.entries(data).sort(([one], [other]) => (one < other ? -1 : 1)) : [];
  return hashing.sha256Hex(JSON.stringify(entries));
}
