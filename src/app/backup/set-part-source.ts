import { openSet, type OpenSet, type SetKey, type SetReading } from "../../catalogue/set-reader.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupSetId, HostName } from "../../model/ids.ts";
import type { SetParts, SetPartSource } from "../../ports/set-parts.ts";

/** As much as a set takes of one file; what is longer is none of these parts. */
const partBytesMax = 1024 * 1024;

/** Files of the sets of one store. A set is opened once, when it is first asked for. */
export class StoredSetParts implements SetPartSource {
  readonly #reading: SetReading;
  readonly #keyOf: (set: BackupSetId) => Promise<SetKey>;
  readonly #open = new Map<BackupSetId, Promise<OpenSet>>();

  constructor(reading: SetReading, keyOf: (set: BackupSetId) => Promise<SetKey>) {
    this.#reading = reading;
    this.#keyOf = keyOf;
  }

  async open(id: BackupSetId, signal: AbortSignal): Promise<SetParts> {
    const set = await this.openSet(id, signal);
    return {
      manifestSha256: set.manifestSha256,
      parts: set.parts,
      tag: (kind, content) => set.tag(kind, content),
      read: (host, path, readSignal) => readPartOf(set, { host, path }, readSignal),
    };
  }

  /** The same set with all that its manifest says. A failure is not remembered. */
  async openSet(id: BackupSetId, signal: AbortSignal): Promise<OpenSet> {
    const known = this.#open.get(id);
    if (known !== undefined) return await known;
    const opened = (async () => await openSet(this.#reading, id, await this.#keyOf(id), signal))();
    this.#open.set(id, opened);
    try {
      return await opened;
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  /** Forgets what was read; the store stays open. */
  async close(): Promise<void> {
    for (const set of await Promise.all(this.#open.values())) set.close();
    this.#open.clear();
  }
}

/** Of a link: where it leads to. BACKUP_SET_DAMAGED when the set has no such file of that machine. */
export async function readPartOf(
  set: OpenSet,
  wanted: { readonly host: HostName; readonly path: string },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const part = set.parts.find(({ host, path }) => host === wanted.host && path === wanted.path);
  const damaged = (detail: string) => new RecoveryError("BACKUP_SET_DAMAGED", { subject: `set ${set.manifest.id}`, detail });
  if (part === undefined) throw damaged(`it has no ${wanted.path} of ${wanted.host}`);
  if (part.type === "symlink") return new TextEncoder().encode(part.target ?? "");
  if (part.sizeBytes > partBytesMax) throw damaged(`${part.path} has ${String(part.sizeBytes)} bytes, more than is put back`);
  const content = new Uint8Array(part.sizeBytes);
  let at = 0;
  for await (const piece of set.readPart(part, signal)) {
    content.set(piece, at);
    at += piece.length;
  }
  if (at !== part.sizeBytes) throw damaged(`${part.path} has ${String(at)} bytes, not ${String(part.sizeBytes)}`);
  return content;
}
