import type { StoredObjectRef } from "../../model/backup-set.ts";
import type { ChunkPlace } from "../../formats/backup-set/set-index.ts";
import type { KnownChunk } from "../../catalogue/known-chunks.ts";
import type { StoredContent } from "../../catalogue/set-content-work.ts";

/** What the thread that seals a set's content is given. The key stays within this process. */
export interface ContentWork {
  readonly dataKey: Uint8Array;
  readonly known: ReadonlyMap<string, KnownChunk>;
  /** Room through which content comes, `slotBytes` each. */
  readonly slots: SharedArrayBuffer;
}

/** A multiple of a chunk's size, so that no chunk lies in two of them. */
export const slotBytes = 1024 * 1024;
/** Enough that neither side waits for the other's next turn. */
export const slotCount = 8;

/** To the thread. */
export type ContentOrder =
  | { readonly kind: "part"; readonly trailerBytes: number }
  /** The first `length` bytes of a slot; it is given back. */
  | { readonly kind: "piece"; readonly slot: number; readonly length: number }
  | { readonly kind: "end-of-part" }
  /** The part's content could not be had. */
  | { readonly kind: "give-up" }
  | { readonly kind: "finish" }
  | { readonly kind: "put-done"; readonly number: number; readonly isThere: boolean };

/** From the thread. */
export type ContentAnswer =
  | { readonly kind: "taken"; readonly slot: number }
  | { readonly kind: "stored"; readonly content: StoredContent }
  | { readonly kind: "put"; readonly number: number; readonly name: string; readonly content: Uint8Array }
  | { readonly kind: "finished"; readonly packs: readonly StoredObjectRef[]; readonly chunks: readonly ChunkPlace[] }
  /** Of a put that failed, the other side knows why. */
  | { readonly kind: "failed"; readonly error: unknown; readonly isPut: boolean };
