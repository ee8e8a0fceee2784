import type { EndpointFacts, ReachObservation } from "../model/inventory.ts";
import { parseFields } from "./parse-host-answer.ts";

type Outcome = EndpointFacts["answers"][number]["outcome"];

/**
 * Pure. What HTTPS /readyz through the endpoint gave on one machine: curl's
 * exit status and HTTP code, and the bare TCP connect, which says what kind of
 * failure a failed connect was. undefined: not known (no curl, not asked).
 * Exit codes: curl(1), "EXIT CODES" (7 connect failed, 28 timeout).
 */
export function parseEndpointAnswer(text: string, tcp: ReachObservation["outcome"]): Outcome | undefined {
  const fields = parseFields(text);
  const exit = fields.get("exit");
  if (exit === undefined) return undefined;
  if (exit === "0") return fields.get("http") === "200" ? "ok" : "bad-answer";
  if (exit === "28") return tcp === "unreachable" ? "unreachable" : "timeout";
  if (exit !== "7") return "bad-answer";
  switch (tcp) {
    case "refused":
    case "timeout":
    case "unreachable":
      return tcp;
    // The two asked at different moments; no connection is what curl saw.
    case "open":
    case "unknown":
      return "unreachable";
  }
}

/** MAC addresses in the answers that arping prints (iputils: "reply from", Habets' arping: "bytes from"), lower case, each once. */
export function parseArpMacs(text: string): readonly string[] {
  const macs = text
    .split("\n")
    .filter((line) => /reply from|bytes from/.test(line))
    .flatMap((line) => /\b((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\b/i.exec(line)?.[1]?.toLowerCase() ?? []);
  return [...new Set(macs)];
}
