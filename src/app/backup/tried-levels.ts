import { failed, notTried, unknown, type LevelResult } from "../../catalogue/verify/level-result.ts";
import { proofLevels, type ProofLevel, type ProofOutcome } from "../../model/backup-set.ts";
import type { ErrorCode } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { VerifyContext } from "./verify-context.ts";

/** Content that is not as it was stored: the set's fault, and not this run's. */
const faultsOfSet: readonly ErrorCode[] = ["BACKUP_SET_DAMAGED", "BACKUP_OBJECT_MISSING", "FILE_DAMAGED", "FILE_NOT_RECOGNISED"];
/** What is wrong with who verifies: it says nothing of the set, and is no evidence against it. */
const faultsOfVerifier: readonly ErrorCode[] = ["BACKUP_KEY_WRONG", "BACKUP_SET_UNTRUSTED"];

/**
 * Tries levels one after the other: one only when all before it hold. Except
 * that V4 and V5 are tried also where V3 is not known to hold, as of a set
 * that was made while a machine was off: what starts and serves is worth
 * knowing, though it does not count as reached.
 */
export class TriedLevels {
  readonly #context: VerifyContext;
  readonly #highest: ProofLevel;
  readonly #outcomes: ProofOutcome[] = [];

  constructor(context: VerifyContext, highest: ProofLevel) {
    this.#context = context;
    this.#highest = highest;
  }

  /** Wanted, and nothing before it stands in the way. */
  isWanted(level: ProofLevel): boolean {
    const rank = proofLevels.indexOf(level);
    return rank <= proofLevels.indexOf(this.#highest) && this.#outcomes.length === rank && this.#outcomes.every(isNoHindrance);
  }

  async attempt(level: ProofLevel, prove: () => Promise<LevelResult>): Promise<void> {
    if (!this.isWanted(level)) return;
    const { clock } = this.#context.ports;
    const beganMs = clock.monotonicMs();
    const result = await prove().catch((error: unknown) => {
      this.#context.signal.throwIfAborted();
      if (!(error instanceof RecoveryError)) throw error;
      const words = [`${error.subject}: ${error.detail} (${error.code})`];
      if (faultsOfVerifier.includes(error.code)) return unknown(words);
      // Nothing is known without the manifest; what was found until then is worth keeping.
      if (error.code === "BACKUP_STORE_FAILED" && level !== "V0") return unknown(words);
      if (!faultsOfSet.includes(error.code)) throw error;
      return failed(words);
    });
    this.#outcomes.push({ level, ...result, tookMs: Math.round(clock.monotonicMs() - beganMs) });
  }

  /** All six; what was not tried says why. */
  outcomes(): readonly ProofOutcome[] {
    const stopped = this.#outcomes.find((outcome) => !isNoHindrance(outcome));
    return proofLevels.map((level, rank): ProofOutcome => {
      const tried = this.#outcomes[rank];
      if (tried !== undefined) return tried;
      const because = stopped === undefined ? "not asked for" : `${stopped.level} ${stoppedWords[stopped.verdict]}`;
      return { level, ...notTried(because), tookMs: 0 };
    });
  }
}

function isNoHindrance({ level, verdict }: ProofOutcome): boolean {
  return verdict === "holds" || (level === "V3" && verdict === "unknown");
}

const stoppedWords: { readonly [V in ProofOutcome["verdict"]]: string } = {
  holds: "holds",
  fails: "fails",
  "not-tried": "was not tried",
  unknown: "is not known to hold",
};
