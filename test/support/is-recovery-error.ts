import type { ErrorCode } from "../../src/model/error-catalogue.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";

/** For `assert.throws`: an error of this code, whose text matches. */
export function isRecoveryError(code: ErrorCode, text = /(?:)/): (error: unknown) => boolean {
  return (error) => error instanceof RecoveryError && error.code === code && text.test(error.message);
}
