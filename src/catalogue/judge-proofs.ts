import { proofLevels, type BackupProof, type ProofLevel, type ProofOutcome } from "../model/backup-set.ts";

/** A proof, and when it came into the store. */
export interface StoredProof extends BackupProof {
  /**
   * ISO 8601, by the store's clock, which is one for all who verify: `at` is
   * of the verifier's machine, whose clock may be wrong.
   */
  readonly storedAt: string;
}

/** A proof that the store does not give: whether it speaks for the set or against it is not known. */
export interface UnreadProof {
  readonly name: string;
  /** As of a proof that was read. */
  readonly storedAt: string;
  readonly because: string;
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
 * that went less far and found nothing wrong takes nothing back. What was
 * proven before its bytes could not be read, or before a proof that cannot be
 * read, may not be so any more.
 */
export function provenLevel(newestFirst: readonly StoredProof[], unread: readonly UnreadProof[] = []): ProvenLevel | undefined {
  const unreadable = lastUnreadable(newestFirst);
  const hiddenMs = Math.max(...unread.map(({ storedAt }) => Date.parse(storedAt)));
  let best: ProvenLevel | undefined;
  for (const proof of newestFirst) {
    if (Date.parse(proof.storedAt) <= hiddenMs) break;
    const level = levelOf(proof);
    if (best === undefined || rankOf(level) > rankOf(best.level)) best = { level, at: provenAt(proof) };
    // Older proofs are of before something failed.
    if (proof === unreadable || proof.outcomes.some(({ verdict }) => verdict === "fails")) break;
  }
  return best;
}

export interface StandingFailure {
  readonly level: ProofLevel;
  /** The first reason. */
  readonly because: string;
}

/**
 * What failed, and was not found to hold since: a later look that did not go so
 * far says nothing of it. A level that held says so by itself too: V4 and V5
 * are tried also where V3 is not known to hold.
 */
export function standingFailure(newestFirst: readonly StoredProof[]): StandingFailure | undefined {
  const heldSince = new Set<ProofLevel>();
  for (const { outcomes } of newestFirst) {
    const broken = outcomes.find(({ level, verdict }) => verdict === "fails" && !heldSince.has(level));
    if (broken !== undefined) return { level: broken.level, because: broken.because[0] ?? "without a reason" };
    for (const { level, verdict } of outcomes) if (verdict === "holds") heldSince.add(level);
  }
  return undefined;
}

/** Not what the set is worth, but what is stored of it is missing or damaged. */
export function isDamage({ level }: StandingFailure): boolean {
  return rankOf(level) <= rankOf("V2");
}

/** Why who last tried to read the stored bytes did not get them all; undefined: they did, or nobody tried. What lies there may be whole. */
export function whyUnreadable(newestFirst: readonly StoredProof[]): string | undefined {
  const unknown = lastUnreadable(newestFirst)?.outcomes.find(isUnknownRead);
  return unknown === undefined
    ? undefined
    : `what is stored could not be read when it was last tried (${unknown.level}): ${unknown.because[0] ?? "without a reason"}`;
}

function lastUnreadable(newestFirst: readonly StoredProof[]): StoredProof | undefined {
  const last = newestFirst.find(
    ({ outcomes }) => outcomes.some(isUnknownRead) || outcomes.every((one) => !isOfReading(one) || one.verdict !== "not-tried"),
  );
  return last?.outcomes.some(isUnknownRead) === true ? last : undefined;
}

/** Above them nothing says whether it is the store that did not give it, or the verifier that could not open it. */
function isOfReading({ level }: ProofOutcome): boolean {
  return level === "V0" || level === "V1";
}

function isUnknownRead(outcome: ProofOutcome): boolean {
  return isOfReading(outcome) && outcome.verdict === "unknown";
}

/** What is said where a proof cannot be read. */
export function unreadProofWords(unread: readonly UnreadProof[]): string {
  const [first] = unread;
  const more = unread.length > 1 ? ` (and ${String(unread.length - 1)} more)` : "";
  return `a proof of it cannot be read, and what it says is not known: ${first?.name ?? ""}${more}: ${first?.because ?? ""}; if it never will be, remove it, and verify the set again`;
}

/** What all proofs of one set say together. */
export interface SetStanding {
  readonly proven: ProvenLevel | undefined;
  readonly failing: StandingFailure | undefined;
  /** Why its bytes, or all that was proven of it, are not known now: it is no set to count on. undefined: they are. */
  readonly unread: string | undefined;
  /** The highest level that it ever held, unless it is damaged since: whoever wants it back has no better evidence. */
  readonly everProven: ProofLevel | undefined;
  /** By proofs that fit, of keys that are not known here: it adds nothing to what is known. */
  readonly saidByUnknown: ProofLevel | undefined;
}

/** The newest first. */
export function standingOf(
  known: readonly StoredProof[],
  ofUnknownKeys: readonly StoredProof[] = [],
  unread: readonly UnreadProof[] = [],
): SetStanding {
  const failing = standingFailure(known);
  return {
    proven: provenLevel(known, unread),
    failing,
    unread: whyUnreadable(known) ?? (unread.length > 0 ? unreadProofWords(unread) : undefined),
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
