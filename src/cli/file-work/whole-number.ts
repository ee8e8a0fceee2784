import { RecoveryError } from "../../model/recovery-error.ts";

/** A revision or a count from the command line; undefined stays undefined. USAGE when it is no whole number. */
export function wholeNumber(text: string | undefined, option: string): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  const why = /^-\d+$/.test(text) ? "is below 0" : /^\d+$/.test(text) ? "is too large" : "is not a whole number";
  throw new RecoveryError("USAGE", { subject: `option --${option}`, detail: `${JSON.stringify(text)} ${why}` });
}

/** A revision; 0n, the newest, when it is not given. etcd's first revision is 1: a 0 is a script's counter that was never set. Throws USAGE. */
export function revisionNumber(text: string | undefined, option: string): bigint {
  const revision = wholeNumber(text, option);
  if (revision === 0n)
    throw new RecoveryError("USAGE", { subject: `option --${option}`, detail: "there is no revision 0; leave it out for the newest" });
  return revision ?? 0n;
}
