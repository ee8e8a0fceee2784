import type { BackupSetId } from "../model/ids.ts";
import { asBackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { utf8 } from "../formats/backup-set/byte-text.ts";
import { jsonOfBytes, JsonFields, jsonTextOf } from "../formats/backup-set/json-fields.ts";
import { claimName, claimPrefix } from "../formats/backup-set/set-names.ts";
import { backupApiVersion } from "../formats/backup-set/signed-document.ts";
import type { BackupStore } from "../ports/backup-store.ts";
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
}

/** `gone`: its process is surely not there any more. `unknown` is not gone. */
export type ClaimState = "living" | "gone" | "unknown";

export interface FoundClaim {
  /** undefined: the object's text is damaged; its age alone decides. */
  readonly claim: StoreClaim | undefined;
  readonly objectName: string;
  readonly state: ClaimState;
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
/** Removing is short; a writer that waits longer says for whom. */
const removerWaitMsMax = 10 * 60 * 1000;
const removerPollMs = 1000;
const claimBytesMax = 64 * 1024;

export async function putClaim(store: BackupStore, claim: StoreClaim, signal?: AbortSignal): Promise<void> {
  const { id, purpose, owner, startedAt } = claim;
  const text = jsonTextOf({ apiVersion: backupApiVersion, kind: "StoreClaim", id, purpose, startedAt, ...owner });
  await store.put(claimName(id), utf8(`${text}\n`), signal === undefined ? {} : { signal });
}

/** Without a signal: also an interrupted writer takes its claim away. */
export async function removeClaim(store: BackupStore, id: BackupSetId): Promise<void> {
  await removeForGood(store, claimName(id));
}

/** Of what nobody will ever want back: not kept aside either. */
export async function removeForGood(store: BackupStore, name: string): Promise<void> {
  await store.remove(name, { forGood: true });
  await store.remove(`aside/${name}`);
}

/** All claims but `own`. Ages are by the store's clock: `ownPutAt` is when the own claim was put, by that clock. */
export async function findClaims(
  { store, clock, isRunning }: ClaimPorts,
  own: BackupSetId | undefined,
  signal?: AbortSignal,
): Promise<readonly FoundClaim[]> {
  const options = signal === undefined ? {} : { signal };
  const objects = await store.list(claimPrefix, options);
  const ownObject = own === undefined ? undefined : objects.find(({ name }) => name === claimName(own));
  const nowMs = ownObject === undefined ? clock.nowMs() : Date.parse(ownObject.modifiedAt);
  const found: FoundClaim[] = [];
  for (const object of objects) {
    if (object === ownObject) continue;
    const claim = await readClaim(store, object.name, object.sizeBytes, signal);
    if (claim === "missing") continue;
    const isOld = nowMs - Date.parse(object.modifiedAt) > foreignClaimMsMax;
    const isAlive = claim === undefined ? undefined : await isRunning(claim.owner);
    const state = isAlive === true ? "living" : isAlive === false || isOld ? "gone" : "unknown";
    found.push({ claim, objectName: object.name, state });
  }
  return found;
}

/** Waits for removers that may still be at work. BACKUP_STORE_BUSY. */
export async function waitForRemovers(ports: ClaimPorts, own: BackupSetId, signal?: AbortSignal): Promise<void> {
  const beganMs = ports.clock.monotonicMs();
  for (;;) {
    const remover = (await findClaims(ports, own, signal)).find(({ claim, state }) => claim?.purpose === "remove" && state !== "gone");
    if (remover === undefined) return;
    if (ports.clock.monotonicMs() - beganMs > removerWaitMsMax) throw busy(ports.store, remover);
    await ports.clock.sleep(removerPollMs, signal);
  }
}

export function busy(store: BackupStore, { claim, objectName }: FoundClaim): RecoveryError {
  const who =
    claim === undefined
      ? `whoever wrote ${objectName}`
      : `process ${claim.owner.pid} of ${claim.owner.host} (since ${claim.startedAt}, ${claim.purpose === "write" ? "writes" : "removes"})`;
  return new RecoveryError("BACKUP_STORE_BUSY", {
    subject: `store ${store.place}`,
    detail: `${who} may still be at work there. If it surely is not, remove ${objectName} from the store`,
  });
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
    if (error.subject === `object ${name}` && error.code === "BACKUP_STORE_FAILED") return undefined;
    throw error;
  }
}

function claimOf(fields: JsonFields): StoreClaim {
  const processStart = fields.optionalText("processStart");
  return {
    id: fields.branded("id", asBackupSetId),
    purpose: fields.oneOf("purpose", ["write", "remove"]),
    startedAt: fields.text("startedAt"),
    owner: {
      host: fields.text("host"),
      pid: fields.count("pid"),
      bootId: fields.text("bootId"),
      ...(processStart === undefined ? {} : { processStart }),
    },
  };
}
