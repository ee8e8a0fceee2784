import { otherMetaProblem } from "../../formats/bbolt/other-meta-problem.ts";
import { isWrongContent } from "../../formats/format-error.ts";
import type { MetaDamage } from "../../model/file-inspection.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { OpenState } from "./open-state.ts";

/**
 * What a damaged meta page may have cost. What a commit of etcd holds was
 * written to the log before: a log that continues the database without a
 * break gives a lost commit again. `isReadable`: no page but that is damaged.
 */
export function metaDamageOf(opened: OpenState, isReadable = true): MetaDamage | undefined {
  const stored = opened.stored();
  if (otherMetaProblem(stored) === undefined) return undefined;
  const isInLog = isReadable && isContinuedByLog(opened);
  const problem = otherMetaProblem(stored, { isInLog });
  return problem === undefined ? undefined : { ...problem, isInLog };
}

/** That something is not there is no answer where the commit is lost that may have had it. */
export function withMetaDamage(error: RecoveryError, damage: MetaDamage | undefined): RecoveryError {
  if (damage === undefined || damage.isInLog) return error;
  const { code, subject, remedies } = error;
  return new RecoveryError(code, { subject, remedies, detail: `${error.detail}; but ${damage.what}` });
}

function isContinuedByLog({ dir, state }: OpenState): boolean {
  if (dir === undefined) return false;
  try {
    const { replay, loss } = state();
    // The lost commit may have held what --committed-only leaves out.
    return loss === undefined && replay !== undefined && (replay.uncertain.isApplied || replay.uncertain.entryCount === 0);
  } catch (error) {
    if (isWrongContent(error)) return false;
    throw error;
  }
}
