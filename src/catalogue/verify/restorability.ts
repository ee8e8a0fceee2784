import { proofLevels, type BackupManifest, type BackupMarkCode, type BackupProof, type ProofLevel } from "../../model/backup-set.ts";

/** What a set is worth, judged by what was proven of it. */
export interface Restorability {
  /** 0 to 100. Never more than `scoreOfLevel` of the level that was proven. */
  readonly score: number;
  /** The highest level that the newest proof shows, all below it included; undefined: nothing was ever proven. */
  readonly level: ProofLevel | undefined;
  /** Of the newest proof. */
  readonly provenAt: string | undefined;
  /** What was taken off, and why; empty: nothing. */
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
  API_DOWN: 5,
  OLDER_THAN_LAST_SEEN: 30,
  OTHER_CLUSTER_ID: 50,
  CHANGED_WHILE_TAKEN: 10,
  CLOCK_WENT_BACK: 5,
};

/**
 * The newest proof counts, whatever older ones say: what fails now is not
 * better for having held. A newer proof of a lower level that holds takes
 * nothing from an older one of a higher level.
 */
export function restorabilityOf(
  manifest: Pick<BackupManifest, "marks">,
  proofs: readonly BackupProof[],
  nowMs: number,
): Restorability {
  const newestFirst = proofs.toSorted((one, other) => (one.at < other.at ? 1 : -1));
  const [newest] = newestFirst;
  const rto = newestFirst.find(({ drill }) => drill !== undefined);
  const expectedRto =
    rto?.drill === undefined ? undefined : { etcdMs: rto.drill.etcdReadyMs, apiMs: rto.drill.apiReadyMs, measuredAt: rto.at };
  if (newest === undefined)
    return { score: 0, level: undefined, provenAt: undefined, because: ["nothing of it was ever verified"], expectedRto: undefined };
  const broken = newest.outcomes.find(({ verdict }) => verdict === "fails");
  const counted = broken === undefined ? bestOf(newestFirst) : newest;
  const level = provenLevel(counted);
  const because: string[] = [];
  if (broken !== undefined) because.push(`${broken.level} fails: ${broken.because[0] ?? "without a reason"}`);
  let score = level === undefined ? 0 : scoreOfLevel[level];
  const ageDays = Math.max(0, (nowMs - Date.parse(counted.at)) / dayMs);
  const agePoints = Math.min(agePointsMax, Math.floor(Math.max(0, ageDays - freshDays) / daysPerPoint));
  if (agePoints > 0) because.push(`proven ${String(Math.floor(ageDays))} days ago: ${String(agePoints)} points less`);
  score -= agePoints;
  for (const code of new Set(manifest.marks.map((mark) => mark.code))) {
    const points = pointsOfMark[code];
    if (points === 0) continue;
    because.push(`marked ${code}: ${String(points)} points less`);
    score -= points;
  }
  // What cannot be restored now has no time in which it is restored.
  return { score: Math.max(0, score), level, provenAt: counted.at, because, ...{ expectedRto: broken === undefined ? expectedRto : undefined } };
}

/** All levels up to it hold; undefined: not even V0. */
export function provenLevel(proof: Pick<BackupProof, "outcomes">): ProofLevel | undefined {
  let proven: ProofLevel | undefined;
  for (const level of proofLevels) {
    if (proof.outcomes.find((outcome) => outcome.level === level)?.verdict !== "holds") break;
    proven = level;
  }
  return proven;
}

/** The highest level since the last proof that fails; of equal ones the newest. */
function bestOf(newestFirst: readonly BackupProof[]): BackupProof {
  const rank = (proof: BackupProof): number => {
    const level = provenLevel(proof);
    return level === undefined ? -1 : proofLevels.indexOf(level);
  };
  let [best] = newestFirst;
  for (const proof of newestFirst) {
    if (proof.outcomes.some(({ verdict }) => verdict === "fails")) break;
    if (best === undefined || rank(proof) > rank(best)) best = proof;
  }
  if (best === undefined) throw new Error("there is a proof");
  return best;
}
