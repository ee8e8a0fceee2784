import type { BackupProof } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { parseProof } from "../formats/backup-set/proof.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { isNameOfOurs, proofsOf } from "../formats/backup-set/set-names.ts";
import type { BackupStore } from "../ports/backup-store.ts";
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
interface FoundProof {
  readonly name: string;
  readonly storedMs: number;
  readonly atMs: number;
  readonly isKnown: boolean;
  readonly hasFailed: boolean;
  readonly isOfItsDisk: boolean;
}

interface ProvenManifest {
  readonly id: BackupSetId;
  readonly manifestSha256: string;
}

/**
 * What was said of the bytes holds for a copy of them; gives how many were
 * put. Left behind is what is no evidence on this very manifest, and what says
 * that bytes are missing, damaged or not to be read: that is of the other
 * store's disk, and here every byte was just read back. BACKUP_STORE_*.
 */
export async function copyProofs(copying: CopyingProofs, set: ProvenManifest, signal?: AbortSignal): Promise<number> {
  const { from, to, clock } = copying;
  const options = signal === undefined ? {} : { signal };
  const there = new Set((await to.list(proofsOf(set.id), options)).map(({ name }) => name));
  const wanted = (await evidenceOf(copying, set, there, signal)).filter(({ isOfItsDisk }) => !isOfItsDisk);
  // The order in which they came tells a failure from what was proven after it. Of one
  // second the verifiers' clocks decide: where they say otherwise, the next second is waited for.
  let inOneSecond: FoundProof[] = [];
  for (const found of wanted) {
    const isOtherwise = inOneSecond.some(({ atMs }) => atMs >= found.atMs);
    if (isOtherwise && [...inOneSecond, found].some(({ hasFailed }) => hasFailed)) {
      await clock.sleep(storeTickMs, signal);
      inOneSecond = [];
    }
    await to.put(found.name, await from.get(found.name, undefined, options), options);
    inOneSecond.push(found);
  }
  return wanted.length;
}

/** The oldest first, by when they came into the store that they are of. */
async function evidenceOf(
  copying: CopyingProofs,
  set: ProvenManifest,
  there: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<readonly FoundProof[]> {
  const options = signal === undefined ? {} : { signal };
  const newestFirst = (await copying.from.list(proofsOf(set.id), options))
    .filter(({ name, sizeBytes }) => isNameOfOurs(name) && sizeBytes <= proofBytesMax && !there.has(name))
    .toSorted((one, other) => Date.parse(other.modifiedAt) - Date.parse(one.modifiedAt));
  const evidence: FoundProof[] = [];
  let ofUnknownKeys = 0;
  for (const { name, modifiedAt } of newestFirst) {
    const found = await readProof(copying, { ...set, name, modifiedAt }, options);
    if (found === undefined) continue;
    if (!found.isKnown) ofUnknownKeys += 1;
    if (found.isKnown || ofUnknownKeys <= ofUnknownKeysMax) evidence.push(found);
  }
  return evidence.toSorted((one, other) => one.storedMs - other.storedMs || one.atMs - other.atMs);
}

/** undefined: it is no evidence. */
async function readProof(
  { from, ciphers, trust }: CopyingProofs,
  { id, manifestSha256, name, modifiedAt }: ProvenManifest & { readonly name: string; readonly modifiedAt: string },
  options: { readonly signal?: AbortSignal },
): Promise<FoundProof | undefined> {
  try {
    const bytes = await from.get(name, undefined, options);
    const { payload, signers } = readSignedDocument(bytes, id, ciphers);
    const proof = parseProof(payload, id);
    if (proof.manifestSha256 !== manifestSha256) return undefined;
    const [storedMs, atMs] = [Date.parse(modifiedAt), Date.parse(proof.at)];
    const isKnown = isTrustedBy(signers, trust);
    return { name, storedMs, atMs, isKnown, hasFailed: hasFailed(proof), isOfItsDisk: isOfItsDisk(proof) };
  } catch (error) {
    if (error instanceof RecoveryError && /^BACKUP_(?:SET|OBJECT)_/.test(error.code)) return undefined;
    throw error;
  }
}

/** V0 and V1 are of what lies in that store; all above is of the very bytes that were copied. */
function isOfItsDisk({ outcomes }: BackupProof): boolean {
  return outcomes.some(({ level, verdict }) => (level === "V0" || level === "V1") && (verdict === "fails" || verdict === "unknown"));
}

function hasFailed({ outcomes }: BackupProof): boolean {
  return outcomes.some(({ verdict }) => verdict === "fails");
}
