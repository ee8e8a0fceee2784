import type { BackupManifest, BackupPart } from "../../model/backup-set.ts";
import { asHostName, type BackupSetId } from "../../model/ids.ts";
import { utf8 } from "./byte-text.ts";
import { chunkBytes, sealedChunkBytesMax } from "./chunk.ts";
import { JsonFields, jsonOfBytes, jsonTextOf } from "./json-fields.ts";
import { backupPartKinds, indexBytesMax, setPartsMax, unknownKind } from "./manifest.ts";
import { openBlock, sealBlock, sealedOverheadBytes } from "./sealed-block.ts";
import { setDamaged } from "./set-errors.ts";
import type { SetCiphers } from "./set-ciphers.ts";
import type { SetKeys } from "./set-keys.ts";

/** Where one sealed chunk lies. */
export interface ChunkPlace {
  /** 64 hex digits. */
  readonly name: string;
  /** Position in the manifest's `packs`. */
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

/** What only whoever has the key may know: the parts, and where their content lies. */
export interface SetIndex {
  readonly parts: readonly BackupPart[];
  readonly chunks: readonly ChunkPlace[];
}

const chunksMax = 100_000_000;

export function encodeIndex(index: SetIndex): Uint8Array {
  return utf8(
    jsonTextOf({ parts: index.parts, chunks: index.chunks.map(({ name, pack, offset, length }) => [name, pack, offset, length]) }),
  );
}

export function sealIndex(content: Uint8Array, set: BackupSetId, { ciphers, keys }: IndexKeys): Uint8Array {
  const sealed = new Uint8Array(content.length + sealedOverheadBytes);
  return sealed.subarray(0, sealBlock(content, { ciphers, seal: keys.indexSeal, authenticated: utf8(set) }, sealed));
}

export interface IndexKeys {
  readonly ciphers: SetCiphers;
  readonly keys: SetKeys;
}

/** Opens, reads and checks that all it refers to can be. BACKUP_SET_DAMAGED. */
export function readSealedIndex(sealed: Uint8Array, manifest: BackupManifest, { ciphers, keys }: IndexKeys): SetIndex {
  const content = openBlock(sealed, { ciphers, seal: keys.indexSeal, authenticated: utf8(manifest.id) }, indexBytesMax);
  if (typeof content === "string") throw setDamaged(manifest.id, "index", content);
  return parseIndex(content, manifest);
}

function parseIndex(content: Uint8Array, manifest: BackupManifest): SetIndex {
  const failure = (where: string, what: string) => setDamaged(manifest.id, where === "" ? "index" : `index: ${where}`, what);
  const fields = new JsonFields(jsonOfBytes(content, failure), "", failure);
  const chunks = fields.list("chunks", chunksMax).map((value, index) => {
    const place = readPlace(value, manifest);
    if (place === undefined) throw failure(`chunks[${index}]`, "expected [name, pack, offset, length] inside a pack of the manifest");
    return place;
  });
  const parts = fields.objects("parts", setPartsMax, (entry) => readPart(entry, chunks.length, manifest.id));
  return { parts, chunks };
}

function readPlace(value: unknown, manifest: BackupManifest): ChunkPlace | undefined {
  if (!Array.isArray(value)) return undefined;
  const [name, pack, offset, length] = value as readonly unknown[];
  if (typeof name !== "string" || !/^[0-9a-f]{64}$/.test(name)) return undefined;
  if (!isCount(pack) || !isCount(offset) || !isCount(length)) return undefined;
  const holder = manifest.packs[pack];
  if (holder === undefined || length <= sealedOverheadBytes || length > sealedChunkBytesMax) return undefined;
  return offset + length <= holder.sizeBytes ? { name, pack, offset, length } : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function readPart(fields: JsonFields, chunkCount: number, id: BackupSetId): BackupPart {
  const sizeBytes = fields.count("sizeBytes");
  const chunks = fields.list("chunks", chunksMax).map((value, index) => {
    if (!isCount(value) || value >= chunkCount) throw fields.fail(`chunks[${index}]`, "there is no such chunk in the index");
    return value;
  });
  if (chunks.length !== Math.ceil(sizeBytes / chunkBytes))
    throw fields.fail("chunks", `${chunks.length} chunks are not ${sizeBytes} bytes`);
  const type = fields.oneOf("type", ["file", "symlink"]);
  return {
    kind: fields.oneOf("kind", backupPartKinds, unknownKind(id)),
    host: fields.optionalBranded("host", asHostName),
    path: fields.text("path"),
    type,
    target: type === "symlink" ? fields.text("target") : undefined,
    mode: fields.count("mode", 0o7777),
    uid: fields.count("uid", 0xffff_ffff),
    gid: fields.count("gid", 0xffff_ffff),
    modifiedAt: fields.count("modifiedAt"),
    sizeBytes,
    sha256: fields.sha256("sha256"),
    chunks,
  };
}
