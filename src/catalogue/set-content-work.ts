import type { BackupPart, StoredObjectRef } from "../model/backup-set.ts";
import type { ChunkPlace } from "../formats/backup-set/set-index.ts";
import type { SetKeys } from "../formats/backup-set/set-keys.ts";
import type { KnownChunk } from "./known-chunks.ts";
import type { PackWriterOptions } from "./pack-writer.ts";

/** What of a part its content says. */
export interface StoredContent extends Pick<BackupPart, "sizeBytes" | "sha256" | "chunks"> {
  /** The last `trailerBytes`, and the sha256 of what stands before them, as hex: of what is stored. */
  readonly trailer: { readonly bytes: Uint8Array; readonly sha256Before: string };
}

export interface ContentReading {
  readonly signal?: AbortSignal | undefined;
  /** How long the trailer is, a checksum of what stands before it; 0: there is none. */
  readonly trailerBytes: number;
}

/** The content of one set that is being written, wherever the work is done: here (`SetContent`), or in a thread of its own. */
export interface SetContentWork {
  /** Reads `content` to its end; one part after the other. */
  add(content: AsyncIterable<Uint8Array> | Uint8Array, reading: ContentReading): Promise<StoredContent>;
  /** Puts what is left; then all that the manifest and the index say of content. */
  finish(): Promise<{ readonly packs: readonly StoredObjectRef[]; readonly chunks: readonly ChunkPlace[] }>;
  /** Resolves when nothing is on its way to the store any more; gives the names of what may be there. May be called at any time, and ends the work. */
  quiet(): Promise<readonly string[]>;
}

export interface SetContentOptions extends PackWriterOptions {
  readonly keys: SetKeys;
  readonly known: ReadonlyMap<string, KnownChunk>;
}

/** `dataKey`: what `keys` were derived from. */
export type MakeSetContent = (options: SetContentOptions & { readonly dataKey: Uint8Array }) => SetContentWork;
