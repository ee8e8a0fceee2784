import { RecoveryError } from "../model/recovery-error.ts";

const unitMs: { readonly [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "500ms", "30s", "5m", "2h" to milliseconds, more than zero and at most a day. USAGE otherwise; `subject` names the option. */
export function parseDurationMs(text: string, subject: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const durationMs = match === null ? Number.NaN : Number(match[1]) * (unitMs[match[2] ?? ""] ?? Number.NaN);
  if (!(durationMs > 0 && durationMs <= 86_400_000)) {
    throw new RecoveryError("USAGE", { subject, detail: `${JSON.stringify(text)} is not a time; write 500ms, 30s, 5m or 2h` });
  }
  return durationMs;
}
