import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import { encryptionOf, registryPrefixOf, sourceFilesOf, type SetEncryption } from "../../app/backup/set-as-source.ts";
import { openSet, type OpenSet } from "../../catalogue/set-reader.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { setMarksPage } from "../../render/backup-pages.ts";
import { line, warn, type Page } from "../../render/page.ts";
import type { Invocation } from "../command-spec.ts";
import type { ReadableSet } from "../file-work/answer-set-reads.ts";
import { printNote } from "../print-result.ts";
import { chosenSet } from "./chosen-set.ts";
import { openSets, type OpenSets } from "./open-sets.ts";
import { neededSetKey } from "./set-key.ts";

/** A set that the file engine can read of, under the set's name. */
export interface SourceSet extends ReadableSet {
  readonly id: BackupSetId;
  readonly encryption: SetEncryption;
  /** Below which its API servers keep objects; undefined: nothing in the set tells it. Read when it is asked for. */
  readonly registryPrefix: () => Promise<string | undefined>;
}

/**
 * Opens a store and the sets of these names, works, and closes all of it
 * whatever happens. A set that two names mean is opened once. What choosing
 * and opening a set throws.
 */
export async function withSourceSets<Result>(
  invocation: Invocation,
  names: readonly (string | undefined)[],
  work: (sets: readonly SourceSet[]) => Promise<Result>,
): Promise<Result> {
  const sets = await openSets(invocation);
  const opened = new Map<BackupSetId, OpenSet>();
  try {
    const found: SourceSet[] = [];
    for (const name of names) {
      const id = await chosenSet(invocation, sets, name);
      const before = opened.get(id);
      const set = before ?? (await openOne(invocation, sets, id));
      opened.set(id, set);
      // Before anything is read of it: `latest` may be of a cluster without quorum, or of an orphan.
      const marked = before === undefined ? setMarksPage(set.manifest) : [];
      if (marked.length > 0) printNote(invocation.cli, marked);
      found.push(await sourceSet(set, invocation.cli.signal));
    }
    return await work(found).catch((error: unknown) => {
      throw ofSet(error, found);
    });
  } finally {
    for (const set of opened.values()) set.close();
    await sets.close();
  }
}

/** The file engine takes a set's name for a file's. */
export function ofSet(error: unknown, sets: readonly Pick<SourceSet, "id">[]): unknown {
  if (!(error instanceof RecoveryError)) return error;
  const set = sets.find(({ id }) => error.subject === `file ${id}`);
  if (set === undefined) return error;
  const { code, detail, cause, retry, remedies } = error;
  return new RecoveryError(code, { subject: `set ${set.id}`, detail, cause, retry, remedies });
}

async function openOne(invocation: Invocation, sets: OpenSets, id: BackupSetId): Promise<OpenSet> {
  return openSet(sets.reading, id, await neededSetKey(invocation, sets, id), invocation.cli.signal);
}

async function sourceSet(set: OpenSet, signal: AbortSignal): Promise<SourceSet> {
  const files = sourceFilesOf(set);
  return {
    id: set.manifest.id,
    mount: {
      name: set.manifest.id,
      files: files.map(({ name, part, contentSha256 }) => ({ name, sizeBytes: part.sizeBytes, contentSha256 })),
    },
    read: (file, offset, length, readSignal) => {
      const part = files[file]?.part;
      if (part === undefined) return Promise.reject(new Error(`file ${String(file)} of ${String(files.length)}`));
      return set.readRange(part, offset, length, readSignal);
    },
    encryption: await encryptionOf(set, { hashing: new NodeHashing(), signal }),
    registryPrefix: () => registryPrefixOf(set, signal),
  };
}

/** What opens sealed values without having been asked for, and what of it cannot be used. */
export function encryptionLines(sets: readonly SourceSet[]): Page {
  return [...new Map(sets.map((set) => [set.id, set])).values()].flatMap(({ id, encryption: { places, problems } }) => [
    ...(places.length === 0
      ? []
      : [line(`Encrypted values of set ${id} are opened with its own encryption configuration: ${places.join(", ")}.`)]),
    ...problems.map((problem) => line(warn(`The encryption configuration of set ${id} cannot be used: ${problem}.`))),
  ]);
}
