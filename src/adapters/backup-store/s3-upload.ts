import { createHash } from "node:crypto";
import type { ObjectLockMode } from "@aws-sdk/client-s3";
import { promisedSha256 } from "../../formats/backup-set/set-names.ts";
import type { LoadedS3 } from "./s3-connection.ts";
import { isTaken, isUploadGone } from "./s3-failure.ts";

/** Larger than 5 MiB, which S3 demands of every part but the last; small enough to be sent again without pain. */
export const partBytes = 8 * 1024 * 1024;
/** A third part in flight hides the pause between two; more only fills memory. */
const partsAtOnce = 3;
/** Of unfinished uploads under one name: more than a few means that nobody ever cleared them. */
const uploadsSeenMax = 100;

export interface S3ObjectLock {
  readonly ObjectLockMode: ObjectLockMode;
  readonly ObjectLockRetainUntilDate: Date;
}

export interface S3Object {
  readonly bucket: string;
  readonly key: string;
  /** In the store. */
  readonly name: string;
  readonly content: Uint8Array;
  readonly lock: S3ObjectLock | undefined;
  readonly isConditional: boolean;
  readonly signal: AbortSignal | undefined;
}

interface DonePart {
  readonly PartNumber: number;
  readonly ETag: string;
}

/** In one request: it is there whole or not at all. Throws the SDK's errors. */
export async function uploadWhole({ sdk, client }: LoadedS3, object: S3Object): Promise<void> {
  await client.send(
    new sdk.PutObjectCommand({
      Bucket: object.bucket,
      Key: object.key,
      Body: object.content,
      ContentLength: object.content.length,
      ContentMD5: md5Of(object.content).toString("base64"),
      ...(object.isConditional ? { IfNoneMatch: "*" } : {}),
      ...object.lock,
    }),
    abortable(object),
  );
}

/**
 * In parts. An upload of the same name that a killed writer left is gone on
 * with, where the name promises the bytes; parts of it count when the store's
 * md5 and size of them are ours. The upload is left where it is on an error:
 * the next try goes on, or `clearUnfinished` takes it away.
 */
export async function uploadInParts(s3: LoadedS3, object: S3Object): Promise<void> {
  const { sdk, client } = s3;
  const found = promisedSha256(object.name) === undefined ? undefined : await unfinishedUpload(s3, object);
  const uploadId = found?.uploadId ?? (await beginUpload(s3, object));
  const parts: DonePart[] = [];
  const count = Math.ceil(object.content.length / partBytes);
  let next = 0;
  const sender = async () => {
    while (next < count) {
      const index = next++;
      parts[index] = await sendPart(s3, object, { uploadId, number: index + 1, known: found?.parts.get(index + 1) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(partsAtOnce, count) }, sender));
  const target = { Bucket: object.bucket, Key: object.key, UploadId: uploadId };
  try {
    await client.send(
      new sdk.CompleteMultipartUploadCommand({
        ...target,
        MultipartUpload: { Parts: parts },
        ...(object.isConditional ? { IfNoneMatch: "*" } : {}),
      }),
      abortable(object),
    );
  } catch (error) {
    // Another writer's upload won; nobody would ever finish this one.
    if (isTaken(error)) await client.send(new sdk.AbortMultipartUploadCommand(target), abortable(object)).catch(unlessUploadGone);
    throw error;
  }
}

function unlessUploadGone(error: unknown): void {
  if (!isUploadGone(error)) throw error;
}

async function beginUpload({ sdk, client }: LoadedS3, object: S3Object): Promise<string> {
  const made = await client.send(
    new sdk.CreateMultipartUploadCommand({ Bucket: object.bucket, Key: object.key, ...object.lock }),
    abortable(object),
  );
  if (made.UploadId === undefined) throw new Error("S3 began an upload without an id");
  return made.UploadId;
}

async function sendPart(
  { sdk, client }: LoadedS3,
  object: S3Object,
  part: { readonly uploadId: string; readonly number: number; readonly known: KnownPart | undefined },
): Promise<DonePart> {
  const bytes = object.content.subarray((part.number - 1) * partBytes, part.number * partBytes);
  const md5 = md5Of(bytes);
  // Encrypted buckets give other ETags; then the part is simply sent again.
  if (part.known?.sizeBytes === bytes.length && part.known.etag.replaceAll('"', "") === md5.toString("hex"))
    return { PartNumber: part.number, ETag: part.known.etag };
  const sent = await client.send(
    new sdk.UploadPartCommand({
      Bucket: object.bucket,
      Key: object.key,
      UploadId: part.uploadId,
      PartNumber: part.number,
      Body: bytes,
      ContentLength: bytes.length,
      ContentMD5: md5.toString("base64"),
    }),
    abortable(object),
  );
  if (sent.ETag === undefined) throw new Error("S3 took a part without an ETag");
  return { PartNumber: part.number, ETag: sent.ETag };
}

interface KnownPart {
  readonly etag: string;
  readonly sizeBytes: number;
}

/** The newest unfinished upload of exactly this key, with its parts. */
async function unfinishedUpload(
  { sdk, client }: LoadedS3,
  object: S3Object,
): Promise<{ readonly uploadId: string; readonly parts: ReadonlyMap<number, KnownPart> } | undefined> {
  const listed = await client.send(
    new sdk.ListMultipartUploadsCommand({ Bucket: object.bucket, Prefix: object.key, MaxUploads: uploadsSeenMax }),
    abortable(object),
  );
  const newest = (listed.Uploads ?? [])
    .filter((upload) => upload.Key === object.key)
    .sort((a, b) => (b.Initiated?.getTime() ?? 0) - (a.Initiated?.getTime() ?? 0))[0];
  const uploadId = newest?.UploadId;
  if (uploadId === undefined) return undefined;
  try {
    // 1000 parts in one answer are 8 GB: no pack is that large, and a part that is not seen is sent again.
    const answer = await client.send(
      new sdk.ListPartsCommand({ Bucket: object.bucket, Key: object.key, UploadId: uploadId }),
      abortable(object),
    );
    const parts = new Map<number, KnownPart>();
    for (const { PartNumber: number, ETag: etag, Size: sizeBytes } of answer.Parts ?? [])
      if (number !== undefined && etag !== undefined && sizeBytes !== undefined) parts.set(number, { etag, sizeBytes });
    return { uploadId, parts };
  } catch (error) {
    if (isUploadGone(error)) return undefined;
    throw error;
  }
}

function abortable({ signal }: S3Object): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function md5Of(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}
