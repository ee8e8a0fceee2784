import { RecoveryError } from "../../model/recovery-error.ts";

/** For what comes after the set is listed: it cannot make that a failure, and is told. undefined: it was done; else `what`, and why. */
export async function told(what: string, act: () => Promise<void>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return `${what}: ${error.subject}: ${error.detail} (${error.code})`;
  }
}
