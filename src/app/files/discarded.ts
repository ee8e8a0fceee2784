import { RecoveryError } from "../../model/recovery-error.ts";
import type { NewDataDir } from "../../ports/data-dir-writer.ts";

/** Removes what was written, and gives back why. That stays the cause where it cannot be removed, which is then said, too. */
export function discarded(dir: Pick<NewDataDir, "discard">, cause: unknown): unknown {
  try {
    dir.discard();
    return cause;
  } catch (error) {
    return withRest(cause, error);
  }
}

/** `rest`: why something that was written could not be removed. */
export function withRest(cause: unknown, rest: unknown): unknown {
  // A bug of ours keeps its own stack, and a rest that is named already is not named twice.
  if (!(cause instanceof RecoveryError) || cause.detail.includes(restWords)) return cause;
  const { code, subject, retry, remedies } = cause;
  const why = rest instanceof RecoveryError ? `${rest.subject}: ${rest.detail}` : String(rest);
  return new RecoveryError(code, { subject, detail: `${cause.detail}; ${restWords}: ${why}`, cause: cause.cause, retry, remedies });
}

const restWords = "what was written so far remains";
