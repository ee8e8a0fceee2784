import type { BackupMark, StoredObjectRef } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import type { ReportProgress } from "../model/progress-event.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { toHex } from "../formats/backup-set/byte-text.ts";
import { claimName, indexName, manifestName, packName } from "../formats/backup-set/set-names.ts";
import { setDamaged } from "../formats/backup-set/set-errors.ts";
import { signedDocumentBytesMax } from "../formats/backup-set/signed-document.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import { clearAfterOthers, leftRemarks, type Cleared, type Clearing } from "./clear-leftovers.ts";
import { copyProofs } from "./copy-proofs.ts";
import { inTurns } from "./in-turns.ts";
import { putManifest } from "./put-manifest.ts";
import { readSignedManifest, untrusted, type SetTrust } from "./set-signing.ts";
import { assertHeld, busy, findClaims, newClaimId, putClaim, releaseClaim, waitForRemovers, writingMsMax } from "./store-claims.ts";
import { putAnew } from "./put-anew.ts";
import { ensureStoreIdentity } from "./store-identity.ts";
import { WorkTime } from "./work-time.ts";

export interface Copying extends Omit<Clearing, "store"> {
  readonly from: BackupStore;
  readonly to: BackupStore;
  readonly trust: SetTrust;
  readonly report: ReportProgress;
}

export interface CopiedSet {
  readonly id: BackupSetId;
  readonly copied: number;
  readonly copiedBytes: number;
  /** Were there already: of another set, or of a copy that was broken off. */
  readonly shared: number;
  readonly sharedBytes: number;
  /** Of the shared ones: were damaged there, and put anew; what was there lies aside. */
  readonly repaired: number;
  readonly proofs: number;
  /** The whole set was there already; it was verified again, and what was missing of it put. */
  readonly wasListed: boolean;
  /** Of the set. */
  readonly marks: readonly BackupMark[];
  /** What did not work beside it, in sentences: the copy itself is whole. */
  readonly remarks: readonly string[];
}

interface SetObject {
  readonly name: string;
  readonly ref: StoredObjectRef;
}

/** Two packs in memory at one time, and one on its way while the other is checked. */
const copiesAtOnce = 2;

/**
 * Copies one set to another store: packs and index, each checked where it comes
 * from, all read back and checked where they went, and then, last, the manifest
 * byte for byte; its proofs follow. No key is needed. What was copied before a
 * kill or a lost connection is found again by the next call. USAGE when both
 * are one store; BACKUP_SET_*, BACKUP_OBJECT_*, BACKUP_STORE_*.
 */
export async function copySet(copying: Copying, id: BackupSetId, signal?: AbortSignal): Promise<CopiedSet> {
  const { from, to, clock, owner } = copying;
  const options = signal === undefined ? {} : { signal };
  const bytes = await readManifestBytes(from, id, signal);
  const { manifest, manifestSha256, signers, isTrusted } = readSignedManifest(bytes, id, copying);
  if (!isTrusted) throw untrusted(id, signers);
  const workTime = new WorkTime(clock, writingMsMax);
  await ensureStoreIdentity(to, { nowIso: clock.nowIso(), storeId: copying.randomHex(8) }, options);
  const claimId = newClaimId(clock.nowIso(), copying.randomHex);
  const token = copying.randomHex(16);
  const claim = await putClaim(to, { id: claimId, purpose: "write", owner, startedAt: clock.nowIso(), token, set: id }, signal);
  let copied: CopiedSet;
  let othersGone: boolean;
  const manifestPut = { isOpen: false };
  let remarks: readonly string[] = [];
  try {
    await assertAnother(copying, id, claimId, signal);
    othersGone = await giveWay(copying, id, claimId, signal);
    await waitForRemovers({ store: to, clock, isRunning: copying.isRunning }, claimId, signal);
    const wasListed = await isListed(to, id, bytes, signal);
    const objects: readonly SetObject[] = [
      ...manifest.packs.map((ref) => ({ name: packName(ref.sha256), ref })),
      { name: indexName(manifest.index.sha256), ref: manifest.index },
    ];
    const moved = await copyObjects(copying, id, objects, signal);
    const repaired = await verifyObjects(copying, id, objects, signal);
    workTime.assertShort(to, "Call it again: what was copied is found");
    const outcome = "Call it again: what was copied and is still there is found";
    if (wasListed) await assertHeld(to, claim, outcome);
    else {
      const onBegin = (lasting: BackupSetId | undefined) => (manifestPut.isOpen = lasting !== undefined);
      remarks = await putManifest({ ...copying, store: to }, { id, bytes, claim, outcome, onBegin }, signal);
    }
    manifestPut.isOpen = false;
    copied = {
      id,
      ...moved,
      repaired,
      proofs: await copyProofs(copying, { id, manifestSha256 }, signal),
      wasListed,
      marks: manifest.marks,
      remarks,
    };
  } finally {
    // What was begun may still land: the claim stays, and beside it the one that nobody takes for dead soon.
    if (!manifestPut.isOpen) await releaseClaim(to, claimId);
  }
  return othersGone ? { ...copied, remarks: [...remarks, ...leftRemarks(await clearBehind(copying, signal), to.place)] } : copied;
}

/** By links and mounts one store may have two places; what was just put in the one is in the other only then. */
async function assertAnother({ from, to }: Copying, id: BackupSetId, claimId: BackupSetId, signal: AbortSignal | undefined): Promise<void> {
  if ((await from.stat(claimName(claimId), signal === undefined ? {} : { signal })) === undefined) return;
  throw new RecoveryError("USAGE", {
    subject: "option --to",
    detail: `${to.place} is the very store that the set is in${from.place === to.place ? "" : ` (${from.place})`}: nothing was copied, and when that store is lost, so is the set`,
    remedies: [
      { why: "name a place on another disk or machine" },
      { why: "read all of the set where it is", command: `requorum backup verify ${id} --level V1` },
    ],
  });
}

/** The copy is listed by now: whatever the store says to this, it is no failure of the copy. */
async function clearBehind(copying: Copying, signal: AbortSignal | undefined): Promise<Cleared> {
  try {
    return await clearAfterOthers({ ...copying, store: copying.to }, signal);
  } catch (error) {
    if (!(error instanceof RecoveryError) || signal?.aborted === true) throw error;
    return { kind: "left", because: `${error.detail} (${error.code})`, areOthersGone: true };
  }
}

async function readManifestBytes(store: BackupStore, id: BackupSetId, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const options = signal === undefined ? {} : { signal };
  const found = await store.stat(manifestName(id), options);
  if (found === undefined)
    throw new RecoveryError("BACKUP_SET_NOT_FOUND", {
      subject: `set ${id}`,
      detail: `there is none of this name in ${store.place}`,
      remedies: [{ why: "see which there are", command: "requorum backup list" }],
    });
  if (found.sizeBytes > signedDocumentBytesMax) throw setDamaged(id, "manifest", `${String(found.sizeBytes)} bytes are too many`);
  return store.get(manifestName(id), undefined, options);
}

/** Who may be copying this set already is BACKUP_STORE_BUSY. true: others have left claims, and are dead. */
async function giveWay(copying: Copying, id: BackupSetId, own: BackupSetId, signal: AbortSignal | undefined): Promise<boolean> {
  const { to, clock, isRunning } = copying;
  const found = await findClaims({ store: to, clock, isRunning }, own, signal);
  // A manifest that may land yet is the very one that this copy puts: it hinders nobody.
  const same = found.find(({ claim, state, isLasting }) => state !== "gone" && !isLasting && (claim?.set ?? claim?.id) === id);
  if (same !== undefined) throw busy(to, same);
  return found.some(({ state }) => state === "gone");
}

/** Is it there already? BACKUP_OBJECT_EXISTS when something else has its name. */
async function isListed(to: BackupStore, id: BackupSetId, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> {
  const options = signal === undefined ? {} : { signal };
  if ((await to.stat(manifestName(id), options)) === undefined) return false;
  const there = await to.get(manifestName(id), undefined, options);
  if (there.length === bytes.length && there.every((byte, index) => byte === bytes[index])) return true;
  throw new RecoveryError("BACKUP_OBJECT_EXISTS", {
    subject: `store ${to.place}`,
    detail: `${manifestName(id)} is there, and is not the manifest of the set that was to be copied`,
  });
}

async function readSource(
  { from, ciphers }: Pick<Copying, "from" | "ciphers">,
  id: BackupSetId,
  { name, ref }: SetObject,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const content = await from.get(name, { offset: 0, length: ref.sizeBytes }, signal === undefined ? {} : { signal });
  if (toHex(ciphers.sha256(content)) === ref.sha256) return content;
  throw setDamaged(id, name, `its bytes in ${from.place} are not those that were stored there`);
}

async function copyObjects(
  { from, to, ciphers, report }: Copying,
  id: BackupSetId,
  objects: readonly SetObject[],
  signal: AbortSignal | undefined,
): Promise<Pick<CopiedSet, "copied" | "copiedBytes" | "shared" | "sharedBytes">> {
  const options = signal === undefined ? {} : { signal };
  const total = objects.reduce((sum, { ref }) => sum + ref.sizeBytes, 0);
  const moved = { copied: 0, copiedBytes: 0, shared: 0, sharedBytes: 0 };
  await inTurns(objects, copiesAtOnce, async ({ name, ref }) => {
    const there = await to.stat(name, options);
    if (there === undefined) {
      await to.put(name, await readSource({ from, ciphers }, id, { name, ref }, signal), options);
      moved.copied += 1;
      moved.copiedBytes += ref.sizeBytes;
    } else {
      moved.shared += 1;
      moved.sharedBytes += ref.sizeBytes;
    }
    report({ kind: "bytes", text: `copying set ${id}`, done: BigInt(moved.copiedBytes + moved.sharedBytes), total: BigInt(total) });
  });
  return moved;
}

/**
 * Reads back every byte, also of what was there before. What is damaged there
 * is put aside and put anew: its name promises its bytes, so nobody needs what
 * is there instead. Gives how many.
 */
async function verifyObjects(
  copying: Copying,
  id: BackupSetId,
  objects: readonly SetObject[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { to, report } = copying;
  const options = signal === undefined ? {} : { signal };
  const total = objects.reduce((sum, { ref }) => sum + ref.sizeBytes, 0);
  let done = 0;
  let repaired = 0;
  await inTurns(objects, copiesAtOnce, async (object) => {
    const { name, ref } = object;
    if (!(await isWhole(copying, object, signal))) {
      const content = await readSource(copying, id, object, signal);
      await putAnew(to, name, content, options);
      repaired += 1;
      if (!(await isWhole(copying, object, signal)))
        throw new RecoveryError("BACKUP_STORE_FAILED", {
          subject: `store ${to.place}`,
          detail: `${name}, read back, is not what it must be, also when it was put anew; every set there that needs it is damaged. The copy was not finished, and is not listed`,
        });
    }
    done += ref.sizeBytes;
    report({ kind: "bytes", text: `reading set ${id} back`, done: BigInt(done), total: BigInt(total) });
  });
  return repaired;
}

async function isWhole({ to, ciphers }: Copying, { name, ref }: SetObject, signal: AbortSignal | undefined): Promise<boolean> {
  const options = signal === undefined ? {} : { signal };
  try {
    const found = await to.stat(name, options);
    if (found?.sizeBytes !== ref.sizeBytes) return false;
    return toHex(ciphers.sha256(await to.get(name, { offset: 0, length: ref.sizeBytes }, options))) === ref.sha256;
  } catch (error) {
    // The store answers, and does not give it: that is what a disk does with a bad block.
    if (error instanceof RecoveryError && error.code === "BACKUP_STORE_FAILED") return false;
    throw error;
  }
}
