import { proofLevels, type BackupProof, type ProofLevel, type ProofOutcome } from "../model/backup-set.ts";

/** A proof, and when it came into the store. */
export interface StoredProof extends BackupProof {
  /**
   * ISO 8601, by the store's clock, which is one for all who verify: `at` is
   * of the verifier's machine, whose clock may be wrong.
   */
  readonly storedAt: string;
}

/** The level up to which every one holds; undefined: not even the first. */
export function levelOf(proof: BackupProof): ProofLevel | undefined {
  let reached: ProofLevel | undefined;
  for (const level of proofLevels) {
    if (proof.outcomes.find((outcome) => outcome.level === level)?.verdict !== "holds") break;
    reached = level;
  }
  return reached;
}

/** By when they came into the store. A store tells seconds; in the same one the verifiers' clocks decide. */
export function newestProofsFirst(proofs: readonly StoredProof[]): readonly StoredProof[] {
  return proofs.toSorted(
    (one, other) => Date.parse(other.storedAt) - Date.parse(one.storedAt) || Date.parse(other.at) - Date.parse(one.at),
  );
}

export interface ProvenLevel {
  /** undefined: it was tried, and not even V0 holds. */
  readonly level: ProofLevel | undefined;
  /** When, at the latest: no proof is younger than its object in the store, whatever clock it was written by. */
  readonly at: string;
}

/**
 * What is known of a set. The newest proof counts, except that a later look
 * that went less far and found nothing wrong takes nothing back.
 */
export function provenLevel(newestFirst: readonly StoredProof[]): ProvenLevel | undefined {
  let best: ProvenLevel | undefined;
  for (const proof of newestFirst) {
    const level = levelOf(proof);
    if (best === undefined || rankOf(level) > rankOf(best.level)) best = { level, at: provenAt(proof) };
    // Older proofs are of before something failed.
    if (proof.outcomes.some(({ verdict }) => verdict === "fails")) break;
  }
  return best;
}

export interface StandingFailure {
  readonly level: ProofLevel;
  /** The first reason. */
  readonly because: string;
}

/** What failed, and was not found to hold since: a later look that did not go so far says nothing of it. */
export function standingFailure(newestFirst: readonly StoredProof[]): StandingFailure | undefined {
  let reached = -1;
  for (const proof of newestFirst) {
    const broken = proof.outcomes.find(({ level, verdict }) => verdict === "fails" && rankOf(level) > reached);
    if (broken !== undefined) return { level: broken.level, because: broken.because[0] ?? "without a reason" };
    reached = Math.max(reached, rankOf(levelOf(proof)));
  }
  return undefined;
}

/** Not what the set is worth, but what is stored of it is missing or damaged. */
export function isDamage({ level }: StandingFailure): boolean {
  return rankOf(level) <= rankOf("V2");
}

/** Did who last tried to read the stored bytes not get them all? What lies there may be whole. */
export function isUnread(newestFirst: readonly StoredProof[]): boolean {
  const verdicts = ({ outcomes }: StoredProof) => outcomes.filter(({ level }) => level === "V0" || level === "V1");
  const last = newestFirst.find((proof) => verdicts(proof).every(({ verdict }) => verdict !== "not-tried") || isUnknown(verdicts(proof)));
  return last !== undefined && isUnknown(verdicts(last));
}

function isUnknown(outcomes: readonly ProofOutcome[]): boolean {
  return outcomes.some(({ verdict }) => verdict === "unknown");
}

/** What all proofs of one set say together. */
export interface SetStanding {
  readonly proven: ProvenLevel | undefined;
  readonly failing: StandingFailure | undefined;
  /** The highest level that it ever held, unless it is damaged since: whoever wants it back has no better evidence. */
  readonly everProven: ProofLevel | undefined;
  /** By proofs that fit, of keys that are not known here: it adds nothing to what is known. */
  readonly saidByUnknown: ProofLevel | undefined;
}

/** Both the newest first. */
export function standingOf(known: readonly StoredProof[], ofUnknownKeys: readonly StoredProof[] = []): SetStanding {
  const failing = standingFailure(known);
  return {
    proven: provenLevel(known),
    failing,
    everProven: failing !== undefined && isDamage(failing) ? undefined : highestOf(known),
    saidByUnknown: highestOf(ofUnknownKeys),
  };
}

/** undefined (nothing) reaches no level. */
export function reaches(level: ProofLevel | undefined, wanted: ProofLevel): boolean {
  return rankOf(level) >= rankOf(wanted);
}

function highestOf(proofs: readonly StoredProof[]): ProofLevel | undefined {
  return proofLevels[Math.max(-1, ...proofs.map((proof) => rankOf(levelOf(proof))))];
}

function provenAt({ at, storedAt }: StoredProof): string {
  return Date.parse(at) > Date.parse(storedAt) ? storedAt : at;
}

function rankOf(level: ProofLevel | undefined): number {
  return level === undefined ? -1 : proofLevels.indexOf(level);
}
