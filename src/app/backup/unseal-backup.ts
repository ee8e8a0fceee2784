/** A set as plain files, for a person without requorum's other functions. */
import type { BackupManifest, BackupPart } from "../../model/backup-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { utf8 } from "../../formats/backup-set/byte-text.ts";
import { jsonTextOf } from "../../formats/backup-set/json-fields.ts";
import { setDamaged } from "../../formats/backup-set/set-errors.ts";
import { openSet, type OpenSet, type SetKey, type SetReading } from "../../catalogue/set-reader.ts";
import type { NewPlainTree, PlainTreeWriter } from "../../ports/plain-tree.ts";

/** Where parts of no machine go; those of a machine go to its name. */
export const clusterFolder = "cluster";
/** Owners, times and checksums of all files, and what the manifest says: owners are not set, since they are of another machine. */
export const listFileName = "requorum-set.json";

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
  readonly parts: readonly { readonly part: BackupPart; /** Below the directory. */ readonly path: string }[];
}

/**
 * Writes every part of a set below a new directory: DIR/cluster/snapshot.db,
 * DIR/HOST/etc/kubernetes/…; every byte is checked before the directory gets
 * its name. What openSet throws; TARGET_NOT_EMPTY, LOCAL_FILE_FAILED,
 * LOCAL_DISK_FULL.
 */
export async function unsealBackup(
  { reading, tree, signal }: { readonly reading: SetReading; readonly tree: PlainTreeWriter; readonly signal: AbortSignal },
  { id, key, directory }: UnsealRequest,
): Promise<UnsealedSet> {
  const set = await openSet(reading, id, key, signal);
  try {
    const parts = placesOf(set);
    const made = await tree.begin(directory);
    try {
      await writeAll(set, parts, made, signal);
      await made.commit();
      return { manifest: set.manifest, directory: made.directory, cleared: made.cleared, leftovers: made.leftovers, parts };
    } finally {
      await made.discard();
    }
  } finally {
    set.close();
  }
}

async function writeAll(set: OpenSet, parts: UnsealedSet["parts"], made: NewPlainTree, signal: AbortSignal): Promise<void> {
  for (const { part, path } of parts) {
    signal.throwIfAborted();
    // Parts of the cluster have no mode of their own.
    const mode = part.host === undefined ? 0o600 : part.mode;
    if (part.type === "file") await made.addFile(path, { mode, modifiedAt: part.modifiedAt }, set.readPart(part, signal));
  }
  for (const { part, path } of parts) if (part.type === "symlink") await made.addSymlink(path, part.target ?? "");
  const list = jsonTextOf({
    manifest: set.manifest,
    files: parts.map(({ part: { chunks: _chunks, ...facts }, path }) => ({ ...facts, at: path })),
  });
  await made.addFile(listFileName, { mode: 0o600, modifiedAt: Date.parse(set.manifest.createdAt) / 1000 }, once(utf8(`${list}\n`)));
}

/** Each part has a place of its own, inside the directory, and none below a link. */
function placesOf({ manifest, parts }: OpenSet): UnsealedSet["parts"] {
  const placed = parts.map((part) => {
    const relative = part.host === undefined ? part.path : part.path.replace(/^\//, "");
    const names = relative.split("/");
    const isPlain = names.every((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\0"));
    if (!isPlain) throw setDamaged(manifest.id, "index", `${JSON.stringify(part.path)} is no path of a file`);
    return { part, path: `${part.host ?? clusterFolder}/${relative}` };
  });
  const taken = new Set<string>([listFileName]);
  for (const { path } of placed) {
    if (taken.has(path)) throw setDamaged(manifest.id, "index", `two parts are ${path}`);
    taken.add(path);
  }
  for (const { part, path } of placed)
    for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1))
      if (taken.has(path.slice(0, end)))
        throw setDamaged(manifest.id, "index", `${part.path} lies below another part, which is no directory`);
  return placed;
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield content;
}
