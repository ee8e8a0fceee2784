import type { BackupProof, ProofOutcome } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { parseProof } from "../formats/backup-set/proof.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { isNameOfOurs, proofsOf } from "../formats/backup-set/set-names.ts";
import type { BackupStore, StoredObject } from "../ports/backup-store.ts";
import type { Clock } from "../ports/clock.ts";
import { proofBytesMax } from "./read-proofs.ts";
import { isTrustedBy, readSignedDocument, type SetTrust } from "./set-signing.ts";

export interface CopyingProofs {
  readonly from: BackupStore;
  readonly to: BackupStore;
  readonly ciphers: SetCiphers;
  readonly trust: SetTrust;
  readonly clock: Clock;
}

/** Whoever may write into a store can sign as many as they like with a key that nobody knows: no more than the newest are copied. */
const ofUnknownKeysMax = 100;
/** Stores tell whole seconds. */
const storeTickMs = 1100;

/** Not its bytes: there may be thousands. */
interface FoundProof extends Pick<BackupProof, "outcomes"> {
  readonly name: string;
  readonly storedMs: number;
  readonly atMs: number;
  readonly isKnown: boolean;
}

interface FoundProofs {
  readonly proofs: readonly FoundProof[];
  /** When the last one came that the store does not give. */
  readonly unreadMs: number;
}

interface ProvenManifest {
  readonly id: BackupSetId;
  readonly manifestSha256: string;
}

/**
 * What was said of the bytes holds for a copy of them; gives how many were
 * put. Left behind is what is no evidence on this very manifest; what says that
 * bytes are missing, damaged or not to be read: that is of the other store's
 * disk, and here every byte was just read back; what a later proof in the
 * target speaks against, since it would come after that; and what cannot be
 * read, with all that only held before it. BACKUP_STORE_*.
 */
export async function copyProofs(copying: CopyingProofs, set: ProvenManifest, signal?: AbortSignal): Promise<number> {
  const { from, to, clock } = copying;
  const options = signal === undefined ? {} : { signal };
  const [inSource, inTarget] = [await proofObjects(from, set.id, signal), await proofObjects(to, set.id, signal)];
  const there = new Set(inTarget.map(({ name }) => name));
  const missing = inSource.filter(({ name }) => !there.has(name));
  if (missing.length === 0) return 0;
  // What was copied before came when it came into the source.
  const sourceTimes = new Map(inSource.map(({ name, modifiedAt }) => [name, modifiedAt]));
  const asOfSource = inTarget.map((object) => ({ ...object, modifiedAt: sourceTimes.get(object.name) ?? object.modifiedAt }));
  const source = await foundIn({ ...copying, store: from }, set, missing, signal);
  const target = await foundIn({ ...copying, store: to }, set, asOfSource, signal);
  const unreadMs = Math.max(source.unreadMs, target.unreadMs);
  const wanted = source.proofs
    .filter((found) => !isOfItsDisk(found) && !isOvertaken(found, target.proofs) && (found.storedMs > unreadMs || hasFailed(found)))
    .toSorted((one, other) => one.storedMs - other.storedMs || one.atMs - other.atMs);
  // The order in which they came tells a failure from what was proven after it. Of one
  // second the verifiers' clocks decide: where they say otherwise, the next second is waited for.
  let inOneSecond: FoundProof[] = [];
  for (const found of wanted) {
    const isOtherwise = inOneSecond.some(({ atMs }) => atMs >= found.atMs);
    if (isOtherwise && [...inOneSecond, found].some(hasFailed)) {
      await clock.sleep(storeTickMs, signal);
      inOneSecond = [];
    }
    await to.put(found.name, await from.get(found.name, undefined, options), options);
    inOneSecond.push(found);
  }
  return wanted.length;
}

async function proofObjects(store: BackupStore, id: BackupSetId, signal: AbortSignal | undefined): Promise<readonly StoredObject[]> {
  return (await store.list(proofsOf(id), signal === undefined ? {} : { signal })).filter(
    ({ name, sizeBytes }) => isNameOfOurs(name) && sizeBytes <= proofBytesMax,
  );
}

interface ReadingProofs extends Pick<CopyingProofs, "ciphers" | "trust"> {
  readonly store: BackupStore;
}

async function foundIn(
  reading: ReadingProofs,
  set: ProvenManifest,
  objects: readonly StoredObject[],
  signal: AbortSignal | undefined,
): Promise<FoundProofs> {
  const newestFirst = objects.toSorted((one, other) => Date.parse(other.modifiedAt) - Date.parse(one.modifiedAt));
  const proofs: FoundProof[] = [];
  let unreadMs = Number.NEGATIVE_INFINITY;
  let ofUnknownKeys = 0;
  for (const object of newestFirst) {
    const found = await readProof(reading, set, object, signal);
    if (found === undefined) continue;
    if (found === "unread") {
      unreadMs = Math.max(unreadMs, Date.parse(object.modifiedAt));
      continue;
    }
    if (!found.isKnown) ofUnknownKeys += 1;
    if (found.isKnown || ofUnknownKeys <= ofUnknownKeysMax) proofs.push(found);
  }
  return { proofs, unreadMs };
}

/** undefined: it is no evidence. `unread`: the store answers, and does not give it. */
async function readProof(
  { store, ciphers, trust }: ReadingProofs,
  { id, manifestSha256 }: ProvenManifest,
  { name, modifiedAt }: StoredObject,
  signal: AbortSignal | undefined,
): Promise<FoundProof | "unread" | undefined> {
  try {
    const bytes = await store.get(name, undefined, signal === undefined ? {} : { signal });
    const { payload, signers } = readSignedDocument(bytes, id, ciphers);
    const { manifestSha256: ofManifest, at, outcomes } = parseProof(payload, id);
    if (ofManifest !== manifestSha256) return undefined;
    return { name, storedMs: Date.parse(modifiedAt), atMs: Date.parse(at), isKnown: isTrustedBy(signers, trust), outcomes };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    if (/^BACKUP_(?:SET|OBJECT)_/.test(error.code)) return undefined;
    if (error.code === "BACKUP_STORE_FAILED") return "unread";
    throw error;
  }
}

/**
 * V0 and V1 are of what lies in that store; so is a V2 that fails, as its disk
 * may have given other bytes by then. All else is of the very bytes that were copied.
 */
function isOfItsDisk({ outcomes }: FoundProof): boolean {
  return outcomes.some(
    ({ level, verdict }) =>
      ((level === "V0" || level === "V1") && (verdict === "fails" || verdict === "unknown")) || (level === "V2" && verdict === "fails"),
  );
}

/** Does what was found later say of some level the contrary? Copied, it would come last, and stand. */
function isOvertaken(found: FoundProof, there: readonly FoundProof[]): boolean {
  return there.some(
    (later) =>
      later.isKnown &&
      later.storedMs >= found.storedMs &&
      (haveBoth(later, "fails", found, "holds") || haveBoth(later, "holds", found, "fails")),
  );
}

function haveBoth(one: FoundProof, verdict: ProofOutcome["verdict"], other: FoundProof, otherVerdict: ProofOutcome["verdict"]): boolean {
  const levels = new Set(one.outcomes.flatMap((outcome) => (outcome.verdict === verdict ? [outcome.level] : [])));
  return other.outcomes.some((outcome) => outcome.verdict === otherVerdict && levels.has(outcome.level));
}

function hasFailed({ outcomes }: FoundProof): boolean {
  return outcomes.some(({ verdict }) => verdict === "fails");
}
