import type { StoredObjectRef } from "../model/backup-set.ts";
import { toHex } from "../formats/backup-set/byte-text.ts";
import { chunkBytes, chunkNameOf, sealChunk, type ChunkKeys } from "../formats/backup-set/chunk.ts";
import { LastBytes } from "../formats/last-bytes.ts";
import type { ChunkPlace } from "../formats/backup-set/set-index.ts";
import type { KnownChunk } from "./known-chunks.ts";
import { PackWriter, type PackedChunk } from "./pack-writer.ts";
import type { ContentReading, SetContentOptions, SetContentWork, StoredContent } from "./set-content-work.ts";

/** The content of one set that is being written: cuts parts into chunks, stores those that are new, and knows where each lies. */
export class SetContent implements SetContentWork {
  readonly #chunkKeys: ChunkKeys;
  readonly #known: ReadonlyMap<string, KnownChunk>;
  readonly #packs: PackWriter;
  /** By position in the index. */
  readonly #chunks: { readonly name: string; readonly at: KnownChunk | PackedChunk }[] = [];
  readonly #positions = new Map<string, number>();

  constructor(options: SetContentOptions) {
    this.#chunkKeys = { ciphers: options.ciphers, keys: options.keys };
    this.#known = options.known;
    this.#packs = new PackWriter(options);
  }

  async add(content: AsyncIterable<Uint8Array> | Uint8Array, { signal, trailerBytes }: ContentReading): Promise<StoredContent> {
    const hash = this.#chunkKeys.ciphers.startSha256();
    const last = new LastBytes(trailerBytes, (bytes) => hash.update(bytes));
    const chunks: number[] = [];
    const cut = new Uint8Array(chunkBytes);
    let cutBytes = 0;
    let sizeBytes = 0;
    const store = async (chunk: Uint8Array): Promise<void> => {
      chunks.push(this.#positionOf(chunk));
      await this.#packs.settle();
    };
    for await (const piece of content instanceof Uint8Array ? [content] : content) {
      signal?.throwIfAborted();
      last.update(piece);
      sizeBytes += piece.length;
      for (let offset = 0; offset < piece.length;) {
        if (cutBytes === 0 && piece.length - offset >= chunkBytes) {
          await store(piece.subarray(offset, offset + chunkBytes)); // whole in the piece: not copied
          offset += chunkBytes;
          continue;
        }
        const taken = piece.subarray(offset, offset + chunkBytes - cutBytes);
        cut.set(taken, cutBytes);
        cutBytes += taken.length;
        offset += taken.length;
        if (cutBytes < chunkBytes) continue;
        await store(cut);
        cutBytes = 0;
      }
    }
    if (cutBytes > 0) await store(cut.subarray(0, cutBytes));
    const trailer = { bytes: last.bytes, sha256Before: toHex(hash.soFar()) };
    hash.update(last.bytes);
    return { sizeBytes, sha256: toHex(hash.digest()), trailer, chunks };
  }

  async finish(): Promise<{ readonly packs: readonly StoredObjectRef[]; readonly chunks: readonly ChunkPlace[] }> {
    const own = await this.#packs.finish();
    const packs: StoredObjectRef[] = [...own];
    const positions = new Map<string, number>();
    const chunks = this.#chunks.map(({ name, at }): ChunkPlace => {
      const { offset, length } = at;
      if (typeof at.pack === "number") return { name, pack: at.pack, offset, length };
      let pack = positions.get(at.pack.sha256);
      if (pack === undefined) {
        pack = packs.push(at.pack) - 1;
        positions.set(at.pack.sha256, pack);
      }
      return { name, pack, offset, length };
    });
    return { packs, chunks };
  }

  quiet(): Promise<readonly string[]> {
    return this.#packs.quiet();
  }

  #positionOf(content: Uint8Array): number {
    const name = chunkNameOf(content, this.#chunkKeys);
    const text = toHex(name);
    const position = this.#positions.get(text);
    if (position !== undefined) return position;
    const at = this.#known.get(text) ?? this.#packs.add((into) => sealChunk(content, name, this.#chunkKeys, into));
    const added = this.#chunks.push({ name: text, at }) - 1;
    this.#positions.set(text, added);
    return added;
  }
}
