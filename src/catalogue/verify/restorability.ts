import type { BackupManifest, BackupMarkCode, ProofLevel, ProvenStanding } from "../../model/backup-set.ts";
import {
  newestProofsFirst,
  provenLevel,
  standingFailure,
  unreadProofWords,
  whyUnreadable,
  type StoredProof,
  type UnreadProof,
} from "../judge-proofs.ts";

/** What a set is worth, judged by what was proven of it. */
export interface Restorability {
  readonly standing: ProvenStanding;
  /** 0 to 100. Never more than `scoreOfLevel` of the level that was proven. */
  readonly score: number;
  /** As `provenLevel` says it; undefined: nothing was ever proven. */
  readonly level: ProofLevel | undefined;
  /** When what it says was proven; where nothing counts, when somebody last tried. */
  readonly provenAt: string | undefined;
  /** What was taken off, and why, what fails or is unknown first; empty: nothing. */
  readonly because: readonly string[];
  readonly expectedRto: ExpectedRto | undefined;
}

/** How long it took in the sandbox from the first byte that was fetched: what a recovery takes at least, on a machine as fast. */
export interface ExpectedRto {
  readonly etcdMs: number;
  /** undefined: the API was not started. */
  readonly apiMs: number | undefined;
  readonly measuredAt: string;
}

/**
 * What a proof is worth at most. V2 and V3 say that everything is there and
 * fits, which is most of what goes wrong in the field; only V4 and V5 have
 * seen it work, and nothing but a drill is worth 100.
 */
export const scoreOfLevel: { readonly [L in ProofLevel]: number } = { V0: 5, V1: 20, V2: 45, V3: 65, V4: 85, V5: 100 };

/** Disks rot and keys are lost slowly: what was proven within a month counts in full, then a point goes every three days. */
const freshDays = 30;
const daysPerPoint = 3;
const agePointsMax = 30;
const dayMs = 86_400_000;

/** What of a machine is missing has to be made again by hand; the rest is for whoever decides. */
const pointsOfMark: { readonly [C in BackupMarkCode]: number } = {
  NO_QUORUM: 5,
  MEMBER_UNHEALTHY: 0,
  MEMBERS_DISAGREE: 20,
  OFFLINE_COPY: 5,
  MACHINE_UNREACHED: 15,
  PART_MISSING: 15,
  FILES_LEFT_OUT: 0,
  API_DOWN: 5,
  OLDER_THAN_LAST_SEEN: 30,
  OTHER_CLUSTER_ID: 50,
  CHANGED_WHILE_TAKEN: 10,
  CLOCK_WENT_BACK: 5,
};

/**
 * Of the level that is proven, less for age and marks. What failed and
 * did not hold since is not better for having held before, nor is what could
 * not be read since. It says nothing of the store, which may be lost tomorrow,
 * nor of the key, which somebody must find.
 */
export function restorabilityOf(
  manifest: Pick<BackupManifest, "marks">,
  proofs: readonly StoredProof[],
  nowMs: number,
  unread: readonly UnreadProof[] = [],
): Restorability {
  const newestFirst = newestProofsFirst(proofs);
  const newestAt = newestFirst[0]?.at ?? unread[0]?.storedAt;
  const rto = newestFirst.find(
    ({ drill, storedAt }) => drill !== undefined && unread.every((one) => Date.parse(one.storedAt) < Date.parse(storedAt)),
  );
  const expectedRto =
    rto?.drill === undefined ? undefined : { etcdMs: rto.drill.etcdReadyMs, apiMs: rto.drill.apiReadyMs, measuredAt: rto.at };
  if (newestAt === undefined)
    return {
      standing: "unverified",
      score: 0,
      level: undefined,
      provenAt: undefined,
      because: ["nothing of it was ever verified"],
      expectedRto: undefined,
    };
  const broken = standingFailure(newestFirst);
  const unreadable = whyUnreadable(newestFirst);
  const proven = provenLevel(newestFirst, unread) ?? { level: undefined, at: newestAt };
  const { level } = proven;
  const because: string[] = [];
  if (broken !== undefined) because.push(`${broken.level} fails: ${broken.because}`);
  if (unreadable !== undefined) because.push(unreadable);
  if (unread.length > 0) because.push(unreadProofWords(unread));
  let score = level === undefined ? 0 : scoreOfLevel[level];
  const ageDays = Math.max(0, (nowMs - Date.parse(proven.at)) / dayMs);
  const agePoints = Math.min(agePointsMax, Math.floor(Math.max(0, ageDays - freshDays) / daysPerPoint));
  if (agePoints > 0) because.push(`proven ${String(Math.floor(ageDays))} days ago: ${String(agePoints)} points less`);
  score -= agePoints;
  for (const code of new Set(manifest.marks.map((mark) => mark.code))) {
    const points = pointsOfMark[code];
    if (points === 0) continue;
    because.push(`marked ${code}: ${String(points)} points less`);
    score -= points;
  }
  const standing =
    broken !== undefined
      ? "fails"
      : unreadable !== undefined || unread.length > 0
        ? "unknown"
        : level === undefined
          ? "unverified"
          : "holds";
  // What cannot be restored now has no time in which it is restored.
  const isRestorable = broken === undefined && unreadable === undefined;
  return { standing, score: Math.max(0, score), level, provenAt: proven.at, because, expectedRto: isRestorable ? expectedRto : undefined };
}
