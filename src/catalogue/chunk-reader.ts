import type { BackupManifest, BackupPart } from "../model/backup-set.ts";
import { fromHex, toHex } from "../formats/backup-set/byte-text.ts";
import { chunkBytes, openChunk, type ChunkKeys } from "../formats/backup-set/chunk.ts";
import { setDamaged } from "../formats/backup-set/set-errors.ts";
import type { ChunkPlace } from "../formats/backup-set/set-index.ts";
import { packName } from "../formats/backup-set/set-names.ts";
import type { BackupStore } from "../ports/backup-store.ts";

/** Neighbours in one pack are fetched together, up to here: few requests, and little memory. */
const fetchBytesMax = 4 * 1024 * 1024;
/** 16 MiB of opened chunks: the pages of a walk down a tree come again and again. */
const keptChunksMax = 256;

/** Chunks that lie one after the other in one pack, and follow one another in the part. */
interface Run {
  readonly pack: number;
  readonly offset: number;
  length: number;
  readonly chunks: number[];
}

/** Content of the parts of one opened set. */
export class ChunkReader {
  readonly #store: BackupStore;
  readonly #chunkKeys: ChunkKeys;
  readonly #manifest: BackupManifest;
  readonly #chunks: readonly ChunkPlace[];
  /** Opened chunks, the one used last at the end. */
  readonly #kept = new Map<number, Uint8Array>();

  constructor(options: {
    readonly store: BackupStore;
    readonly chunkKeys: ChunkKeys;
    readonly manifest: BackupManifest;
    readonly chunks: readonly ChunkPlace[];
  }) {
    this.#store = options.store;
    this.#chunkKeys = options.chunkKeys;
    this.#manifest = options.manifest;
    this.#chunks = options.chunks;
  }

  async *readPart(part: BackupPart, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const { ciphers } = this.#chunkKeys;
    const hash = ciphers.startSha256();
    let sizeBytes = 0;
    const runs = this.#runsOf(part.chunks);
    // One run ahead: the store works while the content is used. A failure ahead is met when its turn comes.
    let next = this.#fetchAhead(runs[0], signal);
    for (const [index, run] of runs.entries()) {
      const sealed = await next;
      next = this.#fetchAhead(runs[index + 1], signal);
      for (const content of this.#openRun(run, sealed, part)) {
        hash.update(content);
        sizeBytes += content.length;
        yield content;
      }
    }
    await next;
    if (sizeBytes !== part.sizeBytes || toHex(hash.digest()) !== part.sha256)
      throw setDamaged(this.#manifest.id, `part ${part.path}`, "its content is not what was stored");
  }

  async readRange(part: BackupPart, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > part.sizeBytes)
      throw new RangeError(`${part.path}: bytes ${offset}+${length} of ${part.sizeBytes}`);
    const content = new Uint8Array(length);
    const first = Math.floor(offset / chunkBytes);
    const last = Math.ceil((offset + length) / chunkBytes);
    let position = first * chunkBytes;
    const put = (chunk: Uint8Array): void => {
      const from = Math.max(offset - position, 0);
      const piece = chunk.subarray(from, Math.min(chunk.length, offset + length - position));
      content.set(piece, position + from - offset);
      position += chunkBytes;
    };
    for (const run of this.#runsOf(part.chunks.slice(first, last))) {
      const kept = run.chunks.map((chunk) => this.#kept.get(chunk));
      const opened = kept.every((chunk) => chunk !== undefined) ? kept : this.#openRun(run, await this.#fetch(run, signal), part);
      for (const [index, chunk] of [...opened].entries()) {
        this.#keep(run.chunks[index] ?? 0, chunk);
        put(chunk);
      }
    }
    return content;
  }

  close(): void {
    this.#kept.clear();
  }

  #runsOf(chunks: readonly number[]): readonly Run[] {
    const runs: Run[] = [];
    for (const chunk of chunks) {
      const place = this.#place(chunk);
      const run = runs.at(-1);
      const isNext = run !== undefined && run.pack === place.pack && run.offset + run.length === place.offset;
      if (isNext && run.length + place.length <= fetchBytesMax) {
        run.length += place.length;
        run.chunks.push(chunk);
      } else runs.push({ pack: place.pack, offset: place.offset, length: place.length, chunks: [chunk] });
    }
    return runs;
  }

  async #fetch(run: Run, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const name = packName(this.#manifest.packs[run.pack]?.sha256 ?? "");
    return this.#store.get(name, { offset: run.offset, length: run.length }, signal === undefined ? {} : { signal });
  }

  #fetchAhead(run: Run | undefined, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const fetched = run === undefined ? Promise.resolve(new Uint8Array()) : this.#fetch(run, signal);
    fetched.catch(() => undefined); // it is awaited later, or never when the reader stops
    return fetched;
  }

  *#openRun(run: Run, sealed: Uint8Array, part: BackupPart): Iterable<Uint8Array> {
    let offset = 0;
    for (const chunk of run.chunks) {
      const place = this.#place(chunk);
      const content = openChunk(sealed.subarray(offset, offset + place.length), fromHex(place.name) ?? new Uint8Array(), this.#chunkKeys);
      if (typeof content === "string")
        throw setDamaged(
          this.#manifest.id,
          `part ${part.path}, pack ${this.#manifest.packs[place.pack]?.sha256 ?? "?"}, byte ${place.offset}`,
          content,
        );
      offset += place.length;
      yield content;
    }
  }

  #keep(chunk: number, content: Uint8Array): void {
    this.#kept.delete(chunk);
    this.#kept.set(chunk, content);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptChunksMax) break;
      this.#kept.delete(oldest);
    }
  }

  #place(chunk: number): ChunkPlace {
    const place = this.#chunks[chunk];
    if (place === undefined) throw new Error(`chunk ${chunk} of ${this.#chunks.length}`); // the index was checked when it was read
    return place;
  }
}
