/**
 * The same data as JSON can carry it: bigints become decimal text, undefined
 * members become null (a reader must see that something is not known, not
 * that a field is missing).
 */
export function toJsonValue(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(toJsonValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]): [string, unknown] => [name, toJsonValue(inner)]));
}
