import type { BackupManifest, BackupPart, BackupPartKind, StoredObjectRef } from "../model/backup-set.ts";
import type { BackupSetId, HostName } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { toHex } from "../formats/backup-set/byte-text.ts";
import { parseManifest } from "../formats/backup-set/manifest.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { encodeIndex, readSealedIndex, sealIndex } from "../formats/backup-set/set-index.ts";
import { deriveSetKeys, type SetKeys } from "../formats/backup-set/set-keys.ts";
import { indexName, manifestName, packName } from "../formats/backup-set/set-names.ts";
import { backupApiVersion, encodeSignedDocument } from "../formats/backup-set/signed-document.ts";
import { jsonTextOf } from "../formats/backup-set/json-fields.ts";
import type { BackupKeys, HeldDataKey } from "../ports/backup-keys.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { KeyWrapping } from "../ports/key-wrapping.ts";
import type { IsRunning, ProcessOwner } from "../ports/process-owner.ts";
import { clearAfterOthers, clearUnfinished, leftRemarks } from "./clear-leftovers.ts";
import { dataKeyFor } from "./data-key.ts";
import { inTurns } from "./in-turns.ts";
import { knownChunks } from "./known-chunks.ts";
import { putManifest } from "./put-manifest.ts";
import { SetContent } from "./set-content.ts";
import type { ContentReading, MakeSetContent, SetContentWork, StoredContent } from "./set-content-work.ts";
import { readSignedManifest } from "./set-signing.ts";
import {
  isHeld,
  putClaim,
  releaseClaim,
  removeClaim,
  removeForGood,
  waitForRemovers,
  writingMsMax,
  type HeldClaim,
} from "./store-claims.ts";
import { WorkTime } from "./work-time.ts";
import { ensureStoreIdentity } from "./store-identity.ts";

export interface SetWriting {
  readonly store: BackupStore;
  readonly ciphers: SetCiphers;
  readonly wrapping: KeyWrapping;
  readonly keys: BackupKeys;
  readonly clock: Clock;
  /** n random bytes as hex. */
  readonly randomHex: (byteCount: number) => string;
  readonly owner: ProcessOwner;
  /** Absent: of no process it is known, so that leftovers of killed writers stay for a day. */
  readonly isRunning?: IsRunning;
  /** How content is cut and sealed; absent: in the caller's thread. */
  readonly makeContent?: MakeSetContent;
}

export interface NewSet {
  readonly id: BackupSetId;
  /** "age1…" each. */
  readonly recipients: readonly string[];
  readonly passphrase?: string;
  readonly signal?: AbortSignal;
  /** Keys of other writers of this store whose chunks may be shared; the own key always is one. */
  readonly trustedKeys?: readonly Uint8Array[];
}

type PartContent = AsyncIterable<Uint8Array> | Uint8Array;
/** What of a part its content says by itself. */
export type BackupPartHead = Omit<BackupPart, "sizeBytes" | "sha256" | "chunks">;
export type ManifestFacts = Omit<BackupManifest, "apiVersion" | "kind" | "id" | "contents" | "key" | "index" | "packs">;

/** Stats at one time before the manifest is written. */
const statsAtOnce = 8;

/**
 * Writes one set: claim, packs, index, and last the manifest, with which it
 * begins to exist. One after the other: `addPart` … `finish`; or `abort`,
 * which takes away what was written. A writer that is killed leaves its claim,
 * by which the next one knows what to clear.
 */
export class SetWriter {
  readonly id: BackupSetId;
  readonly #writing: SetWriting;
  readonly #content: SetContentWork;
  readonly #keys: SetKeys;
  readonly #dataKey: HeldDataKey;
  readonly #signal: AbortController;
  readonly #workTime: WorkTime;
  readonly #claim: HeldClaim;
  readonly #parts: BackupPart[] = [];
  #remarks: readonly string[];
  #state: "open" | "ended" = "open";
  #indexName: string | undefined;
  /** The claim that stays with it; from then on the manifest may be there, or land later, whatever the put's answer was. */
  #lastingClaim: BackupSetId | undefined;

  private constructor(writing: SetWriting, id: BackupSetId, made: Made) {
    this.id = id;
    this.#remarks = made.remarks;
    this.#writing = writing;
    this.#content = made.content;
    this.#keys = made.keys;
    this.#dataKey = made.dataKey;
    this.#signal = made.controller;
    this.#workTime = made.workTime;
    this.#claim = made.claim;
  }

  /**
   * Makes the store's identity and the data key where there are none, clears
   * what killed writers left, puts the claim, and reads what can be shared.
   * BACKUP_STORE_*, BACKUP_KEY_INVALID, LOCAL_FILE_FAILED.
   */
  static async begin(writing: SetWriting, set: NewSet): Promise<SetWriter> {
    const { store, clock, ciphers, owner } = writing;
    const { signal } = set;
    const workTime = new WorkTime(clock, writingMsMax);
    const options = signal === undefined ? {} : { signal };
    const identity = await ensureStoreIdentity(store, { nowIso: clock.nowIso(), storeId: writing.randomHex(8) }, options);
    const claims = { store, clock, isRunning: writing.isRunning ?? (() => Promise.resolve(undefined)) };
    const cleared = await clearAfterOthers({ ...claims, ciphers, owner, randomHex: writing.randomHex }, signal);
    const token = writing.randomHex(16);
    const claim = await putClaim(store, { id: set.id, purpose: "write", owner, startedAt: clock.nowIso(), token }, signal);
    try {
      await waitForRemovers(claims, set.id, signal);
      await clearUnfinished(store, { id: set.id, areOthersGone: false }, signal);
      const dataKey = await dataKeyFor(writing, identity.storeId, { recipients: set.recipients, passphrase: set.passphrase });
      const keys = deriveSetKeys(ciphers, dataKey.key);
      const ownKey = (await writing.keys.signingKey()).publicKey;
      const trust = { publicKeys: [ownKey, ...(set.trustedKeys ?? [])] };
      const known = await knownChunks({ store, ciphers, keys, trust }, signal);
      const controller = new AbortController();
      const stop = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
      const making = { store, ciphers, keys, known, signal: stop, dataKey: dataKey.key };
      const content = writing.makeContent?.(making) ?? new SetContent(making);
      const remarks = leftRemarks(cleared, store.place);
      return new SetWriter(writing, set.id, { content, keys, dataKey, controller, workTime, claim, remarks });
    } catch (error) {
      await releaseClaim(store, set.id);
      throw error;
    }
  }

  /** What was seen of the store that is not as it should be, and hinders nothing, in sentences. */
  get remarks(): readonly string[] {
    return this.#remarks;
  }

  /** Reads `content` to its end. When it fails, the writer is to be aborted. Of a symlink the content is empty. */
  async addPart(head: BackupPartHead, content: PartContent, signal?: AbortSignal): Promise<BackupPart> {
    return (await this.addWithTrailer(head, content, { signal, trailerBytes: 0 })).part;
  }

  /** The same of content that ends with a checksum of what stands before it; gives both, of what is stored. */
  async addWithTrailer(
    head: BackupPartHead,
    content: PartContent,
    reading: ContentReading,
  ): Promise<{ readonly part: BackupPart; readonly trailer: StoredContent["trailer"] }> {
    this.#assertOpen();
    const { trailer, ...stored } = await this.#content.add(content, reading);
    // Before 1970 there are no times in the format: a file of 1969 must not make the whole set unreadable.
    const part: BackupPart = { ...head, modifiedAt: Math.max(0, Math.floor(head.modifiedAt)), ...stored };
    this.#parts.push(part);
    return { part, trailer };
  }

  /**
   * The set exists when this resolves; `remarks` then says what the store did
   * not give after it. BACKUP_STORE_*, BACKUP_OBJECT_MISSING when a pack that
   * it needs is gone; BACKUP_SET_UNDECIDED when it may exist all the same.
   */
  async finish(facts: ManifestFacts): Promise<BackupManifest> {
    this.#assertOpen();
    const { store, ciphers } = this.#writing;
    const { packs, chunks } = await this.#content.finish();
    const sealed = sealIndex(encodeIndex({ parts: this.#parts, chunks }), this.id, { ciphers, keys: this.#keys });
    const index: StoredObjectRef = { sha256: toHex(ciphers.sha256(sealed)), sizeBytes: sealed.length };
    const manifest: BackupManifest = {
      apiVersion: backupApiVersion,
      kind: "BackupManifest",
      id: this.id,
      ...facts,
      contents: contentsOf(this.#parts),
      key: { keyId: this.#keys.keyId, wrapped: this.#dataKey.wrapped },
      index,
      packs,
    };
    // What a reader would refuse is not written.
    parseManifest(jsonTextOf(manifest), this.id);
    readSealedIndex(sealed, manifest, { ciphers, keys: this.#keys });
    this.#indexName = indexName(index.sha256);
    await store.put(this.#indexName, sealed);
    await this.#assertAllThere([{ name: this.#indexName, ref: index }, ...packs.map((ref) => ({ name: packName(ref.sha256), ref }))]);
    this.#workTime.assertShort(store, "It was not finished");
    const signingKey = await this.#writing.keys.signingKey();
    const bytes = encodeSignedDocument(manifest, signingKey, ciphers);
    readSignedManifest(bytes, this.id, { ciphers, trust: { publicKeys: [signingKey.publicKey] } });
    const onBegin = (lasting: BackupSetId | undefined) => (this.#lastingClaim = lasting);
    const claimed = { id: this.id, bytes, claim: this.#claim, outcome: "The set was not finished", onBegin };
    this.#remarks = [...this.#remarks, ...(await putManifest(this.#writing, claimed))];
    this.#state = "ended";
    await releaseClaim(store, this.id);
    return manifest;
  }

  /**
   * Takes away what was written, and the claim; nothing after `finish`. May be
   * called after any failure. Once the manifest's put was begun nothing is
   * removed: a put whose answer was lost may take effect later. What it needs
   * is then kept for a day, and cleared by a later writer if no set names it.
   */
  async abort(): Promise<void> {
    if (this.#state === "ended") return;
    this.#state = "ended";
    const { store } = this.#writing;
    this.#signal.abort(new Error("the set was given up"));
    const names = await this.#content.quiet();
    if (this.#lastingClaim !== undefined) return this.#leaveBehind(this.#lastingClaim);
    for (const name of [...names, ...(this.#indexName === undefined ? [] : [this.#indexName])]) await removeForGood(store, name);
    await removeClaim(store, this.id);
  }

  /** Both claims stay, but where the set is there by now. */
  async #leaveBehind(lasting: BackupSetId): Promise<void> {
    const { store } = this.#writing;
    const isListed = (await store.stat(manifestName(this.id))) !== undefined;
    if (!isListed || !(await isHeld(store, this.#claim))) return;
    await removeClaim(store, lasting);
    await removeClaim(store, this.id);
  }

  async #assertAllThere(objects: readonly { readonly name: string; readonly ref: StoredObjectRef }[]): Promise<void> {
    const { store } = this.#writing;
    await inTurns(objects, statsAtOnce, async ({ name, ref }) => {
      const found = await store.stat(name);
      if (found?.sizeBytes === ref.sizeBytes) return;
      throw new RecoveryError("BACKUP_OBJECT_MISSING", {
        subject: `object ${name}`,
        detail: `${name} of ${store.place} ${found === undefined ? "is gone" : `has ${found.sizeBytes} bytes instead of ${ref.sizeBytes}`}; the new set needs it, and was not finished`,
      });
    });
  }

  #assertOpen(): void {
    if (this.#state === "ended") throw new Error(`the writer of set ${this.id} has ended`);
  }
}

interface Made {
  readonly content: SetContentWork;
  readonly keys: SetKeys;
  readonly dataKey: HeldDataKey;
  readonly controller: AbortController;
  readonly workTime: WorkTime;
  readonly claim: HeldClaim;
  readonly remarks: readonly string[];
}

function contentsOf(parts: readonly BackupPart[]): BackupManifest["contents"] {
  const counts = new Map<string, { kind: BackupPartKind; host: HostName | undefined; count: number }>();
  for (const { kind, host } of parts) {
    const key = `${kind} ${host ?? ""}`;
    const entry = counts.get(key) ?? { kind, host, count: 0 };
    entry.count += 1;
    counts.set(key, entry);
  }
  return [...counts.values()];
}
