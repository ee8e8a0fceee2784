import { setTimeout as pause } from "node:timers/promises";
import type { ListMultipartUploadsCommandOutput } from "@aws-sdk/client-s3";
import type { BackupS3Config } from "../../model/cluster-config.ts";
import { asidePrefix, claimPrefix, isNameOfOurs, promisedSha256, storeFileName } from "../../formats/backup-set/set-names.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupStore, StoreCallOptions, StoredObject } from "../../ports/backup-store.ts";
import { assertObjectName, isHidden, isObjectName } from "./object-name.ts";
import { S3Connection, usualS3Limits, type LoadedS3, type S3Limits, type S3Place } from "./s3-connection.ts";
import { isBeyondEnd, isMissing, isTaken, isUnderWay, isUploadGone, lacksConditionalWrites } from "./s3-failure.ts";
import { partBytes, uploadInParts, uploadWhole, type S3ObjectLock } from "./s3-upload.ts";

/** More than any object of ours; a store that gives more is not believed. */
const wholeBytesMax = 1024 * 1024 * 1024;
/** Ten thousand sets of a hundred packs; a listing must end. */
const listedMax = 1_000_000;
const dayMs = 86_400_000;

/** While somebody else is writing the name: an upload in parts of a slow line may take longer, and then they are told. */
const othersTurnsMax = 4;
const otherTurnMs = 500;

/** `taken`: by an object, or what the server counts as one; `under way`: by an upload that has not ended. */
type Uploaded = "written" | "taken" | "under way";

export interface S3StoreOptions {
  readonly s3?: BackupS3Config | undefined;
  readonly limits?: S3Limits;
}

/**
 * Sets in an S3 bucket: Amazon's or any server that speaks its API. Objects are
 * written on the condition that the name is free (servers that know no such
 * condition are asked before). With `objectLockDays` every object but claims is
 * locked in governance mode, and what is removed stays as a hidden version;
 * without, it is copied below "aside/" first.
 */
export function createS3Store(place: S3Place, options: S3StoreOptions = {}): BackupStore {
  return new S3Store(new S3Connection(place, options.s3, options.limits ?? usualS3Limits));
}

class S3Store implements BackupStore {
  readonly place: string;
  readonly #s3: S3Connection;
  readonly #bucket: string;
  #isConditional = true;

  constructor(s3: S3Connection) {
    this.#s3 = s3;
    this.place = s3.place.place;
    this.#bucket = s3.place.bucket;
  }

  async put(name: string, content: Uint8Array, options: StoreCallOptions = {}): Promise<void> {
    assertObjectName(name);
    const { signal } = options;
    const isWritten = await this.#s3.call({ verb: "store", name, signal }, (s3) => this.#putIfFree(s3, name, content, signal));
    if (!isWritten) await this.#compare(name, content, options);
  }

  /** false: it is not written, as its name is taken, or others were writing it for as long as was waited. */
  async #putIfFree(s3: LoadedS3, name: string, content: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> {
    let outcome: Uploaded = "taken";
    for (let turn = 0; turn < othersTurnsMax && this.#isConditional && outcome !== "written"; turn += 1) {
      if (turn > 0) await pause(otherTurnMs, undefined, signal === undefined ? {} : { signal });
      // Looked at first: a server may ignore the condition without a word, and overwrite.
      if ((await this.#head(s3, name, signal)) !== undefined) return false;
      outcome = await this.#upload(s3, name, content, { signal, isConditional: true });
    }
    if (outcome === "written") return true;
    if ((await this.#head(s3, name, signal)) !== undefined) return false;
    // The server knows no such condition; or counts an object that was removed, and then nobody else writes other bytes under its name.
    if (this.#isConditional && (outcome === "under way" || isOfAnybody(name))) return false;
    return (await this.#upload(s3, name, content, { signal, isConditional: false })) === "written";
  }

  async #upload(
    s3: LoadedS3,
    name: string,
    content: Uint8Array,
    { signal, isConditional }: { readonly signal: AbortSignal | undefined; readonly isConditional: boolean },
  ): Promise<Uploaded> {
    const upload = content.length > partBytes ? uploadInParts : uploadWhole;
    const object = { bucket: this.#bucket, key: this.#s3.keyOf(name), name, content, signal, lock: this.#lockOf(name), isConditional };
    try {
      await upload(s3, object);
      return "written";
    } catch (error) {
      if (isConditional && lacksConditionalWrites(error)) this.#isConditional = false;
      else if (!isTaken(error) && !isUploadGone(error)) throw error;
      return isUnderWay(error) ? "under way" : "taken";
    }
  }

  async get(
    name: string,
    range?: { readonly offset: number; readonly length: number },
    options: StoreCallOptions = {},
  ): Promise<Uint8Array> {
    assertObjectName(name);
    const { signal } = options;
    if (range?.length === 0) return this.#emptyRange(name, range.offset, options);
    const bytes = await this.#s3.call({ verb: "read", name, signal }, async ({ sdk, client }) => {
      const Range = range === undefined ? {} : { Range: `bytes=${String(range.offset)}-${String(range.offset + range.length - 1)}` };
      try {
        const answer = await client.send(
          new sdk.GetObjectCommand({ Bucket: this.#bucket, Key: this.#s3.keyOf(name), ...Range }),
          abortable(signal),
        );
        const sizeMax = range?.length ?? wholeBytesMax;
        if ((answer.ContentLength ?? 0) > sizeMax) throw this.#odd(name, `it gives more than ${String(sizeMax)} bytes`);
        const read = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
        if (answer.ContentLength !== undefined && answer.ContentLength !== read.length)
          throw this.#odd(name, `it gave ${String(read.length)} of ${String(answer.ContentLength)} bytes`);
        return read;
      } catch (error) {
        if (isMissing(error)) throw this.#missing(name);
        if (isBeyondEnd(error)) return new Uint8Array();
        throw error;
      }
    });
    if (range !== undefined && bytes.length !== range.length)
      throw this.#odd(name, `it ends after ${String(bytes.length)} of ${String(range.length)} bytes at ${String(range.offset)}`);
    return bytes;
  }

  async stat(name: string, options: StoreCallOptions = {}): Promise<StoredObject | undefined> {
    assertObjectName(name);
    return this.#s3.call({ verb: "look at", name, signal: options.signal }, (s3) => this.#head(s3, name, options.signal));
  }

  async list(prefix: string, options: StoreCallOptions = {}): Promise<readonly StoredObject[]> {
    const { signal } = options;
    const found: StoredObject[] = [];
    await this.#s3.call({ verb: "list", name: prefix, signal }, async ({ sdk, client }) => {
      let token: string | undefined;
      do {
        const answer = await client.send(
          new sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#s3.keyOf(prefix),
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          abortable(signal),
        );
        for (const { Key: key, Size: sizeBytes, LastModified: modified } of answer.Contents ?? []) {
          const name = key === undefined ? undefined : this.#s3.nameOf(key);
          // Others may keep things here too: folders of a browser, names of any kind.
          if (name === undefined || !isObjectName(name) || isHidden(name, prefix) || sizeBytes === undefined || modified === undefined)
            continue;
          found.push({ name, sizeBytes, modifiedAt: modified.toISOString() });
        }
        if (found.length > listedMax) throw this.#odd(prefix, `there are more than ${String(listedMax)} objects`);
        if (answer.IsTruncated === true && answer.NextContinuationToken === undefined)
          throw this.#odd(prefix, "the listing says that it is not whole, and not where it goes on");
        token = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
      } while (token !== undefined);
    });
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async remove(name: string, options: StoreCallOptions & { readonly forGood?: boolean } = {}): Promise<void> {
    assertObjectName(name);
    const { signal, forGood } = options;
    await this.#s3.call({ verb: "remove", name, signal }, async ({ sdk, client }) => {
      const Key = this.#s3.keyOf(name);
      if (this.#s3.objectLockDays === 0 && forGood !== true && !isFinal(name)) {
        try {
          const CopySource = `${this.#bucket}/${Key}`.split("/").map(encodeURIComponent).join("/");
          await client.send(
            new sdk.CopyObjectCommand({ Bucket: this.#bucket, Key: this.#s3.keyOf(`${asidePrefix}${name}`), CopySource }),
            abortable(signal),
          );
        } catch (error) {
          if (isMissing(error)) return;
          throw error;
        }
      }
      // With object lock the bucket keeps versions: this only hides the object.
      await client.send(new sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key }), abortable(signal));
    });
  }

  async clearUnfinished(options: StoreCallOptions & { readonly begunBefore: string }): Promise<number> {
    const { signal } = options;
    const beforeMs = Date.parse(options.begunBefore);
    return this.#s3.call({ verb: "clear", name: "unfinished uploads", signal }, async ({ sdk, client }) => {
      let cleared = 0;
      for (const { key, uploadId, begunAtMs } of await this.#unfinished({ sdk, client }, signal)) {
        if (begunAtMs >= beforeMs) continue;
        try {
          await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: this.#bucket, Key: key, UploadId: uploadId }), abortable(signal));
          cleared += 1;
        } catch (error) {
          if (!isUploadGone(error)) throw error;
        }
      }
      return cleared;
    });
  }

  close(): Promise<void> {
    return this.#s3.close();
  }

  async #unfinished(
    { sdk, client }: LoadedS3,
    signal: AbortSignal | undefined,
  ): Promise<readonly { readonly key: string; readonly uploadId: string; readonly begunAtMs: number }[]> {
    const found = [];
    let markers: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {};
    while (markers !== undefined) {
      const answer: ListMultipartUploadsCommandOutput = await client.send(
        new sdk.ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: this.#s3.keyOf(""), ...markers }),
        abortable(signal),
      );
      for (const { Key: key, UploadId: uploadId, Initiated: begun } of answer.Uploads ?? [])
        if (key !== undefined && uploadId !== undefined && begun !== undefined && this.#isOurs(key))
          found.push({ key, uploadId, begunAtMs: begun.getTime() });
      const { NextKeyMarker: key, NextUploadIdMarker: id } = answer;
      const hasMore = answer.IsTruncated === true && key !== undefined && found.length < listedMax;
      markers = hasMore ? { KeyMarker: key, ...(id === undefined ? {} : { UploadIdMarker: id }) } : undefined;
    }
    return found;
  }

  /** A bucket may hold other programs' uploads, and another store below this one's prefix. */
  #isOurs(key: string): boolean {
    const name = this.#s3.nameOf(key);
    return name !== undefined && isNameOfOurs(name);
  }

  async #head({ sdk, client }: LoadedS3, name: string, signal: AbortSignal | undefined): Promise<StoredObject | undefined> {
    try {
      const answer = await client.send(new sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: this.#s3.keyOf(name) }), abortable(signal));
      if (answer.ContentLength === undefined || answer.LastModified === undefined) throw this.#odd(name, "its size and time are not told");
      return { name, sizeBytes: answer.ContentLength, modifiedAt: answer.LastModified.toISOString() };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The name is taken: by these bytes, then all is well, or by others. */
  async #compare(name: string, content: Uint8Array, options: StoreCallOptions): Promise<void> {
    const there = await this.stat(name, options);
    if (there?.sizeBytes === content.length) {
      if (promisedSha256(name) !== undefined) return;
      const bytes = await this.get(name, undefined, options);
      if (bytes.every((byte, index) => byte === content[index])) return;
    }
    if (there === undefined)
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", {
        subject: `store ${this.place}`,
        detail: `could not store ${name}: somebody else was writing it; it is not there now`,
      });
    throw new RecoveryError("BACKUP_OBJECT_EXISTS", {
      subject: `store ${this.place}`,
      detail: `${name} is there with other content (${String(there.sizeBytes)} bytes)`,
    });
  }

  async #emptyRange(name: string, offset: number, options: StoreCallOptions): Promise<Uint8Array> {
    const there = await this.stat(name, options);
    if (there === undefined) throw this.#missing(name);
    if (offset > there.sizeBytes) throw this.#odd(name, `it ends at ${String(there.sizeBytes)}`);
    return new Uint8Array();
  }

  #lockOf(name: string): S3ObjectLock | undefined {
    const days = this.#s3.objectLockDays;
    if (days === 0 || isFinal(name)) return undefined;
    return { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: new Date(Date.now() + days * dayMs) };
  }

  #missing(name: string): RecoveryError {
    return new RecoveryError("BACKUP_OBJECT_MISSING", { subject: `store ${this.place}`, detail: `${name} is not there` });
  }

  #odd(name: string, why: string): RecoveryError {
    return new RecoveryError("BACKUP_STORE_FAILED", { subject: `store ${this.place}`, detail: `${name}: ${why}` });
  }
}

/** Names that two may write at one time, each with bytes of its own. */
function isOfAnybody(name: string): boolean {
  return name === storeFileName || name.startsWith(claimPrefix);
}

/** Of these nothing is kept: claims end with their writers, and what lies aside was removed before. */
function isFinal(name: string): boolean {
  return name.startsWith(asidePrefix) || name.startsWith(claimPrefix);
}

function abortable(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
