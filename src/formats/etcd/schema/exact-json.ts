/**
 * JSON as Go's encoding/json writes it, with 64-bit numbers (member ids) that
 * JSON.parse would round: integers of 16 digits and more come as their decimal
 * text. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"?|-?\d{16,}(?![\d.eE])/g, (token) => (token.startsWith('"') ? token : `"${token}"`)),
  ) as unknown;
}

/** A uint64 from a number or its text; undefined when it is none. */
export function uint64Of(value: unknown): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value)) return undefined;
  const number = BigInt(value);
  return number === BigInt.asUintN(64, number) ? number : undefined;
}
