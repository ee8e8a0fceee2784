import { RecoveryError } from "../../model/recovery-error.ts";
import type { ProofOutcome } from "../../model/backup-set.ts";

/** What looking at one level gave. */
export type LevelResult = Pick<ProofOutcome, "verdict" | "because">;

/** Enough to see what happened; the rest is counted. */
const reasonsMax = 20;

/** `fails` with the problems; without any, `holds` with what was compared. */
export function judged(problems: readonly string[], compared: readonly string[]): LevelResult {
  return problems.length === 0 ? { verdict: "holds", because: compared } : failed(problems);
}

export function failed(problems: readonly string[]): LevelResult {
  const rest = problems.length - reasonsMax;
  return {
    verdict: "fails",
    because: rest > 0 ? [...problems.slice(0, reasonsMax), `and ${String(rest)} more of that kind`] : problems,
  };
}

/** What the store did not give says nothing of what lies there: without anything that fails, it is not known. */
export function judgedOfRead(problems: readonly ReadProblem[], compared: readonly string[]): LevelResult {
  const failing = problems.filter(({ isUnread }) => !isUnread);
  if (failing.length > 0 || problems.length === 0)
    return judged(
      failing.map(({ words }) => words),
      compared,
    );
  return unknown(failed(problems.map(({ words }) => words)).because);
}

export interface ReadProblem {
  readonly words: string;
  /** The store answered, and did not give it: a disk that fails, missing rights, an archive. */
  readonly isUnread: boolean;
}

/** Of one object that could not be looked at or read; throws again what is of the whole store, as one that is silent. */
export function readProblemOf(name: string, error: unknown): ReadProblem {
  if (!(error instanceof RecoveryError)) throw error;
  // It went since it was looked for.
  if (error.code === "BACKUP_OBJECT_MISSING") return { words: `${name} is not there`, isUnread: false };
  if (error.code !== "BACKUP_STORE_FAILED") throw error;
  return { words: `${name} cannot be read: ${error.detail}`, isUnread: true };
}

export function notTried(because: string): LevelResult {
  return { verdict: "not-tried", because: [because] };
}

export function unknown(missing: readonly string[]): LevelResult {
  return { verdict: "unknown", because: missing };
}

/**
 * Of a program of the sandbox that was asked and did not do it. What may pass,
 * as a timeout does, is of this machine and not of the set: it is not known.
 */
export function programFault(error: RecoveryError, words: string): LevelResult {
  return error.retry === "permanent" ? failed([words]) : unknown([`${words}; that may be of this machine, and says nothing of the set`]);
}

export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${String(count)} ${count === 1 ? singular : plural}`;
}
