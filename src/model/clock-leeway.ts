/** Clocks of two machines differ by less, also where no time server keeps them. */
export const clockLeewayMs = 15 * 60_000;

/** No clock that is right has said this yet: one was wrong, or the one here is. So too for what is no time. */
export function isInFuture(at: string, nowMs: number): boolean {
  const atMs = Date.parse(at);
  return Number.isNaN(atMs) || atMs > nowMs + clockLeewayMs;
}
