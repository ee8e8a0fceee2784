import { RecoveryError } from "../../model/recovery-error.ts";

/** A revision or a count from the command line; undefined stays undefined. USAGE when it is no whole number. */
export function wholeNumber(text: string | undefined, option: string): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  const why = /^-\d+$/.test(text) ? "is below 0" : /^\d+$/.test(text) ? "is too large" : "is not a whole number";
  throw new RecoveryError("USAGE", { subject: `option --${option}`, detail: `${JSON.stringify(text)} ${why}` });
}
