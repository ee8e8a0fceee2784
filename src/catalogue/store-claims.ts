import type { BackupSetId } from "../model/ids.ts";
import { asBackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { utf8 } from "../formats/backup-set/byte-text.ts";
import { jsonOfBytes, JsonFields, jsonTextOf } from "../formats/backup-set/json-fields.ts";
import { claimName, claimPrefix, manifestName } from "../formats/backup-set/set-names.ts";
import { backupApiVersion } from "../formats/backup-set/signed-document.ts";
import type { BackupStore, StoredObject } from "../ports/backup-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { IsRunning, ProcessOwner } from "../ports/process-owner.ts";

/**
 * Who works on a store. Two purposes exclude one another: writing (a new set,
 * a copy) and removing (leftovers, prune). Each first puts its own claim, and
 * then looks for those of the other purpose; so of two that begin at one time,
 * at least one sees the other. Writers wait, removers give way.
 */
export type ClaimPurpose = "write" | "remove";

export interface StoreClaim {
  readonly id: BackupSetId;
  readonly purpose: ClaimPurpose;
  readonly owner: ProcessOwner;
  readonly startedAt: string;
  /** Random: the same text under the same name is the very same claim. "" in one that tells none. */
  readonly token: string;
  /** The set that is copied, by a copy: its claim has a name of its own, as no claim takes a name that another had. */
  readonly set?: BackupSetId;
}

/** A claim of one's own, as it was put. */
export interface HeldClaim {
  readonly id: BackupSetId;
  readonly bytes: Uint8Array;
}

/** `gone`: its process is surely not there any more. `unknown` is not gone. */
export type ClaimState = "living" | "gone" | "unknown";

export interface FoundClaim {
  /** undefined: the store does not give the object's text, or it is damaged, or of a newer format; its age alone decides, and it may be of either purpose. */
  readonly claim: StoreClaim | undefined;
  readonly objectName: string;
  readonly state: ClaimState;
  /** Is it of no process, but of a manifest that may land yet? */
  readonly isLasting: boolean;
  /** From then on, by the store's clock, it counts as gone although nobody can ask for its process. ISO 8601. */
  readonly countsUntil: string;
}

export interface ClaimPorts {
  readonly store: BackupStore;
  readonly clock: Clock;
  readonly isRunning: IsRunning;
}

/**
 * Of another machine nobody can tell whether its process still runs. After so
 * long it counts as gone: no writer works longer, see `writingMsMax`.
 */
export const foreignClaimMsMax = 24 * 60 * 60 * 1000;
/** A writer gives up before others may believe that it is gone; the rest is for clocks that disagree. */
export const writingMsMax = 20 * 60 * 60 * 1000;
/** Of another machine's remover: removing is short, and a remover gives up before, see `removingMsMax`. */
export const foreignRemoverMsMax = 2 * 60 * 60 * 1000;
export const removingMsMax = 60 * 60 * 1000;
/** No machine has it, so nobody can ask for the process. */
const lastingBootId = "";
/** Removing is short; a writer that waits longer says for whom. */
const removerWaitMsMax = 10 * 60 * 1000;
const removerPollMs = 1000;
const claimBytesMax = 64 * 1024;
/** A listing without one's own claim is an old one, as of a cache of a minute's memory. */
const ownClaimWaitMsMax = 90 * 1000;

/** The name of a claim that is of no set: as an id, so that it is found beside those of sets. */
export function newClaimId(nowIso: string, randomHex: (byteCount: number) => string): BackupSetId {
  const digits = nowIso.replaceAll(/[^0-9]/g, "");
  return asBackupSetId(`${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomHex(3)}`);
}

export async function putClaim(store: BackupStore, claim: StoreClaim, signal?: AbortSignal): Promise<HeldClaim> {
  const { owner, ...rest } = claim;
  const text = jsonTextOf({ apiVersion: backupApiVersion, kind: "StoreClaim", ...rest, ...owner });
  const bytes = utf8(`${text}\n`);
  await store.put(claimName(claim.id), bytes, signal === undefined ? {} : { signal });
  return { id: claim.id, bytes };
}

/**
 * Is one's own claim still there, unchanged? Who takes its owner for dead
 * removes it before looking which sets there are. So a writer that sees it
 * after its manifest is there knows that every remover sees the manifest.
 */
export async function isHeld(store: BackupStore, { id, bytes }: HeldClaim): Promise<boolean> {
  try {
    const there = await store.get(claimName(id));
    return there.length === bytes.length && there.every((byte, index) => byte === bytes[index]);
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "BACKUP_OBJECT_MISSING") return false;
    throw error;
  }
}

/** BACKUP_STORE_BUSY when the own claim is not there any more. */
export async function assertHeld(store: BackupStore, held: HeldClaim, outcome: string): Promise<void> {
  if (!(await isHeld(store, held))) throw claimGone(store, held, outcome);
}

/** BACKUP_STORE_BUSY. `outcome`: what has become of one's work. */
export function claimGone(store: BackupStore, { id }: HeldClaim, outcome: string): RecoveryError {
  return new RecoveryError("BACKUP_STORE_BUSY", {
    subject: `store ${store.place}`,
    detail: `${claimName(id)}, by which others know that this program is at work, was removed or changed: somebody took it for dead, and may have removed what it stored. ${outcome}`,
  });
}

/**
 * For a manifest that may land after its writer has ended: nobody can ask for
 * its process, so it counts for as long as a claim of another machine, or until
 * its set is listed. Then the next writer clears it.
 */
export async function putLastingClaim(
  store: BackupStore,
  claim: StoreClaim & { readonly set: BackupSetId },
  signal?: AbortSignal,
): Promise<void> {
  await putClaim(store, { ...claim, owner: { ...claim.owner, bootId: lastingBootId } }, signal);
}

/** When one's own claim was put, by the store's clock: the only time that the store's other times may be compared with. */
export async function timeOfClaim(store: BackupStore, id: BackupSetId, signal?: AbortSignal): Promise<string> {
  const found = await store.stat(claimName(id), signal === undefined ? {} : { signal });
  if (found === undefined) throw ownClaimNotSeen(store, id);
  return found.modifiedAt;
}

/** Without a signal: also an interrupted writer takes its claim away. */
export async function removeClaim(store: BackupStore, id: BackupSetId): Promise<void> {
  await removeForGood(store, claimName(id));
}

/**
 * For the end of one's work: what was done, or the error that ended it, is what
 * counts. A claim that stays is cleared by the next writer when its process has ended.
 */
export async function releaseClaim(store: BackupStore, id: BackupSetId): Promise<void> {
  await removeClaim(store, id).catch((error: unknown) => {
    if (!(error instanceof RecoveryError)) throw error;
  });
}

/** Of what nobody will ever want back: not kept aside either. */
export async function removeForGood(store: BackupStore, name: string): Promise<void> {
  await store.remove(name, { forGood: true });
  await store.remove(`aside/${name}`);
}

/**
 * All claims but `own`. Ages are by the store's clock, which only the own claim
 * tells; without one, only what is known of the processes counts.
 * BACKUP_STORE_UNREACHABLE when the store does not list the own claim.
 */
export async function findClaims(
  { store, clock, isRunning }: ClaimPorts,
  own: BackupSetId | undefined,
  signal?: AbortSignal,
): Promise<readonly FoundClaim[]> {
  const { objects, ownObject } = await listClaims({ store, clock }, own, signal);
  const found: FoundClaim[] = [];
  for (const object of objects) {
    if (object === ownObject) continue;
    const claim = await readClaim(store, object.name, object.sizeBytes, signal);
    if (claim === "missing") continue;
    const countsUntilMs = Date.parse(object.modifiedAt) + (claim?.purpose === "remove" ? foreignRemoverMsMax : foreignClaimMsMax);
    const isOld = ownObject !== undefined && Date.parse(ownObject.modifiedAt) > countsUntilMs;
    const isLasting = claim?.owner.bootId === lastingBootId && claim.set !== undefined;
    const isAlive = await isOwnerAlive({ store, isRunning }, claim, isLasting, signal);
    const state = isAlive === true ? "living" : isAlive === false || isOld ? "gone" : "unknown";
    found.push({ claim, objectName: object.name, state, isLasting, countsUntil: new Date(countsUntilMs).toISOString() });
  }
  return found;
}

async function isOwnerAlive(
  { store, isRunning }: Pick<ClaimPorts, "store" | "isRunning">,
  claim: StoreClaim | undefined,
  isLasting: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  if (claim === undefined) return undefined;
  if (!isLasting || claim.set === undefined) return isRunning(claim.owner);
  // What was waited for has come: no more is to land.
  const landed = await store.stat(manifestName(claim.set), signal === undefined ? {} : { signal });
  return landed === undefined ? undefined : false;
}

async function listClaims(
  { store, clock }: Pick<ClaimPorts, "store" | "clock">,
  own: BackupSetId | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly objects: readonly StoredObject[]; readonly ownObject: StoredObject | undefined }> {
  const beganMs = clock.monotonicMs();
  for (;;) {
    const objects = await store.list(claimPrefix, signal === undefined ? {} : { signal });
    const ownObject = own === undefined ? undefined : objects.find(({ name }) => name === claimName(own));
    if (own === undefined || ownObject !== undefined) return { objects, ownObject };
    // Gone, or not listed yet?
    if ((await store.stat(claimName(own), signal === undefined ? {} : { signal })) === undefined) throw ownClaimNotSeen(store, own);
    if (clock.monotonicMs() - beganMs > ownClaimWaitMsMax) throw ownClaimNotSeen(store, own);
    await clock.sleep(removerPollMs, signal);
  }
}

function ownClaimNotSeen(store: BackupStore, own: BackupSetId): RecoveryError {
  return new RecoveryError("BACKUP_STORE_UNREACHABLE", {
    subject: `store ${store.place}`,
    detail: `it does not show ${claimName(own)}, which was stored a moment ago: what it lists is old, or somebody removed that; nothing is decided on such a listing`,
  });
}

/** Waits for removers that may still be at work. BACKUP_STORE_BUSY. */
export async function waitForRemovers(ports: ClaimPorts, own: BackupSetId, signal?: AbortSignal): Promise<void> {
  const beganMs = ports.clock.monotonicMs();
  for (;;) {
    const remover = (await findClaims(ports, own, signal)).find(({ claim, state }) => claim?.purpose !== "write" && state !== "gone");
    if (remover === undefined) return;
    if (ports.clock.monotonicMs() - beganMs > removerWaitMsMax) throw busy(ports.store, remover);
    await ports.clock.sleep(removerPollMs, signal);
  }
}

export function busy(store: BackupStore, found: FoundClaim): RecoveryError {
  return new RecoveryError("BACKUP_STORE_BUSY", { subject: `store ${store.place}`, detail: whoWorks(found) });
}

/** Who may be at work, until when that counts, and what to do when it is known better. */
export function whoWorks({ claim, objectName, state, isLasting, countsUntil }: FoundClaim): string {
  const until = state === "living" ? "" : `; from ${countsUntil} on, by the store's clock, it counts as gone`;
  if (isLasting && claim?.set !== undefined)
    return `the manifest of set ${claim.set}, whose put by ${claim.owner.host} was not answered, may still appear there${until}. If it surely will not, remove ${objectName} from the store`;
  const who =
    claim === undefined
      ? `whoever wrote ${objectName}, which cannot be read,`
      : `process ${claim.owner.pid} of ${claim.owner.host} (since ${claim.startedAt}, ${claim.purpose === "write" ? "writes" : "removes"})`;
  return `${who} may be at work there${until}. If it surely is not, remove ${objectName} from the store`;
}

async function readClaim(
  store: BackupStore,
  name: string,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<StoreClaim | undefined | "missing"> {
  if (sizeBytes > claimBytesMax) return undefined;
  const failure = (where: string, what: string) =>
    new RecoveryError("BACKUP_STORE_FAILED", { subject: `object ${name}`, detail: `${where}: ${what}` });
  try {
    const bytes = await store.get(name, undefined, signal === undefined ? {} : { signal });
    return claimOf(new JsonFields(jsonOfBytes(bytes, failure), "", failure));
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    if (error.code === "BACKUP_OBJECT_MISSING") return "missing";
    // Also what the disk does not give: one bad block must not end every backup for ever.
    if (error.code === "BACKUP_STORE_FAILED") return undefined;
    throw error;
  }
}

function claimOf(fields: JsonFields): StoreClaim {
  fields.oneOf("apiVersion", [backupApiVersion]);
  fields.oneOf("kind", ["StoreClaim"]);
  const processStart = fields.optionalText("processStart");
  const machine = fields.optionalText("machine");
  const set = fields.optionalText("set");
  return {
    id: fields.branded("id", asBackupSetId),
    purpose: fields.oneOf("purpose", ["write", "remove"]),
    startedAt: fields.text("startedAt"),
    token: fields.optionalText("token") ?? "",
    ...(set === undefined ? {} : { set: fields.branded("set", asBackupSetId) }),
    owner: {
      host: fields.text("host"),
      pid: fields.count("pid"),
      bootId: fields.text("bootId"),
      ...(machine === undefined ? {} : { machine }),
      ...(processStart === undefined ? {} : { processStart }),
    },
  };
}
