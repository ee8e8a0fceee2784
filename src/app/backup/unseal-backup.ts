/** A set as plain files, for a person without requorum's other functions. */
import type { BackupManifest, BackupPart } from "../../model/backup-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { utf8 } from "../../formats/backup-set/byte-text.ts";
import { jsonTextOf } from "../../formats/backup-set/json-fields.ts";
import { openSet, type OpenSet, type SetKey, type SetReading } from "../../catalogue/set-reader.ts";
import type { NewPlainTree, PlainTreeWriter } from "../../ports/plain-tree.ts";
import { listFileName, unsealPlaces, type PlacedPart, type UnsealPlaces } from "./unseal-places.ts";

export interface UnsealRequest {
  readonly id: BackupSetId;
  readonly key: SetKey;
  readonly directory: string;
}

export interface UnsealedSet {
  readonly manifest: BackupManifest;
  /** Without links, absolute. */
  readonly directory: string;
  /** What killed runs had left beside it, in clear: what was removed, and what stays as somebody may be at work on it. */
  readonly cleared: readonly string[];
  readonly leftovers: readonly string[];
  readonly parts: readonly PlacedPart[];
  /** What is not as it was, in sentences: links that were not made, files that lie elsewhere. */
  readonly notes: readonly string[];
}

/**
 * Writes every part of a set below a new directory: DIR/cluster/snapshot.db,
 * DIR/HOST/etc/kubernetes/…; every byte is checked before the directory gets
 * its name. Links lead to what is in it, or are not made. What openSet throws; TARGET_NOT_EMPTY, LOCAL_FILE_FAILED,
 * LOCAL_DISK_FULL.
 */
export async function unsealBackup(
  { reading, tree, signal }: { readonly reading: SetReading; readonly tree: PlainTreeWriter; readonly signal: AbortSignal },
  { id, key, directory }: UnsealRequest,
): Promise<UnsealedSet> {
  const set = await openSet(reading, id, key, signal);
  try {
    const places = unsealPlaces(set);
    const made = await tree.begin(directory);
    try {
      await writeAll(set, places, made, signal);
      await made.commit();
      const { directory: written, cleared, leftovers } = made;
      return { manifest: set.manifest, directory: written, cleared, leftovers, parts: places.placed, notes: places.notes };
    } finally {
      await made.discard();
    }
  } finally {
    set.close();
  }
}

async function writeAll(set: OpenSet, { placed, leftOut }: UnsealPlaces, made: NewPlainTree, signal: AbortSignal): Promise<void> {
  for (const { part, path } of placed) {
    signal.throwIfAborted();
    // Parts of the cluster have no mode of their own.
    const mode = part.host === undefined ? 0o600 : part.mode;
    if (part.type === "file") await made.addFile(path, { mode, modifiedAt: part.modifiedAt }, set.readPart(part, signal));
  }
  for (const { path, linkText } of placed) if (linkText !== undefined) await made.addSymlink(path, linkText);
  const list = jsonTextOf({
    manifest: set.manifest,
    files: placed.map(({ part, path }) => ({ ...factsOf(part), at: path })),
    notWritten: leftOut.map(({ part, because }) => ({ ...factsOf(part), because })),
  });
  await made.addFile(listFileName, { mode: 0o600, modifiedAt: Date.parse(set.manifest.createdAt) / 1000 }, once(utf8(`${list}\n`)));
}

function factsOf({ chunks: _chunks, ...facts }: BackupPart): Omit<BackupPart, "chunks"> {
  return facts;
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield content;
}
