import { RecoveryError } from "../model/recovery-error.ts";

const unitMs: { readonly [unit: string]: number } = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** A hundred years: more is a slip of the hand. */
const ageMsMax = 36_500 * 86_400_000;

/** "36h", "30d", "8w" to milliseconds. USAGE otherwise; `subject` names the option. */
export function parseAgeMs(text: string, subject: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([hdw])$/.exec(text.trim()) ?? [];
  const ageMs = Number(number) * (unitMs[unit ?? ""] ?? Number.NaN);
  if (ageMs >= 0 && ageMs <= ageMsMax) return ageMs;
  throw new RecoveryError("USAGE", { subject, detail: `${JSON.stringify(text)} is not a length of time; write 36h, 30d or 8w` });
}
