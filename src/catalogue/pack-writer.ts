import type { StoredObjectRef } from "../model/backup-set.ts";
import { toHex } from "../formats/backup-set/byte-text.ts";
import { sealedChunkBytesMax } from "../formats/backup-set/chunk.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { packName } from "../formats/backup-set/set-names.ts";
import type { BackupStore } from "../ports/backup-store.ts";

/** A pack is put when it has so much: few objects, and little to send again when a put fails. */
export const packTargetBytes = 16 * 1024 * 1024;
/** The room of the first pack, until it needs more: a set that shares most of its content, or is small, stays in it. */
const firstRoomBytes = 1024 * 1024;
/** Packs that are on their way at one time: with the one that is filled, 80 MiB of memory whatever is written. */
const putsAtOnce = 4;

/** Where a chunk will lie; `pack` numbers the packs of this writer from 0. */
export interface PackedChunk {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

export interface PackWriterOptions {
  readonly store: Pick<BackupStore, "put">;
  readonly ciphers: SetCiphers;
  readonly signal: AbortSignal;
  /** For tests: instead of `packTargetBytes`. */
  readonly packBytes?: number;
}

/** Gathers sealed chunks into packs and puts these while the next is filled. */
export class PackWriter {
  readonly #store: Pick<BackupStore, "put">;
  readonly #ciphers: SetCiphers;
  readonly #signal: AbortSignal;
  readonly #packBytes: number;
  readonly #refs: (StoredObjectRef | undefined)[] = [];
  /** Names of all packs whose put was begun: one that failed may be there all the same. */
  readonly #begun: string[] = [];
  readonly #free: Uint8Array[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #failures: readonly unknown[] = [];
  #buffer: Uint8Array | undefined;
  #usedBytes = 0;

  constructor(options: PackWriterOptions) {
    this.#store = options.store;
    this.#ciphers = options.ciphers;
    this.#signal = options.signal;
    this.#packBytes = options.packBytes ?? packTargetBytes;
  }

  /** `seal` writes a chunk to the beginning of what it is given, and gives its length. */
  add(seal: (into: Uint8Array) => number): PackedChunk {
    const offset = this.#usedBytes;
    const length = seal(this.#roomyBuffer().subarray(offset, offset + sealedChunkBytesMax));
    this.#usedBytes += length;
    return { pack: this.#refs.length, offset, length };
  }

  /** To be called after each `add`: puts the pack when it is full, and waits while too many are on their way. */
  async settle(): Promise<void> {
    if (this.#usedBytes < this.#packBytes) return;
    this.#begin();
    while (this.#underWay.size >= putsAtOnce) await Promise.race(this.#underWay);
    this.#throwFailure();
  }

  /** All packs in the store, by their numbers. */
  async finish(): Promise<readonly StoredObjectRef[]> {
    if (this.#usedBytes > 0) this.#begin();
    await this.quiet();
    this.#throwFailure();
    return this.#refs.map((ref) => {
      if (ref === undefined) throw new Error("a pack was not put, and nobody said so");
      return ref;
    });
  }

  /** Resolves when nothing is on its way any more; failures are kept. Gives the names of what may be in the store. */
  async quiet(): Promise<readonly string[]> {
    await Promise.all(this.#underWay);
    return this.#begun;
  }

  /** With room for one chunk more. */
  #roomyBuffer(): Uint8Array {
    const buffer = (this.#buffer ??=
      this.#free.pop() ?? new Uint8Array(this.#refs.length === 0 ? firstRoomBytes : this.#packBytes + sealedChunkBytesMax));
    if (buffer.length - this.#usedBytes >= sealedChunkBytesMax) return buffer;
    const larger = new Uint8Array(this.#packBytes + sealedChunkBytesMax);
    larger.set(buffer.subarray(0, this.#usedBytes));
    this.#buffer = larger;
    return larger;
  }

  #begin(): void {
    const buffer = this.#buffer ?? new Uint8Array();
    const content = buffer.subarray(0, this.#usedBytes);
    const number = this.#refs.length;
    this.#refs.push(undefined);
    this.#buffer = undefined;
    this.#usedBytes = 0;
    const put = this.#put(content, number).then(
      () => {
        this.#free.push(buffer);
      },
      (error: unknown) => {
        this.#failures = [...this.#failures, error];
      },
    );
    this.#underWay.add(put);
    void put.then(() => this.#underWay.delete(put));
  }

  async #put(content: Uint8Array, number: number): Promise<void> {
    const sha256 = toHex(this.#ciphers.sha256(content));
    this.#begun.push(packName(sha256));
    await this.#store.put(packName(sha256), content, { signal: this.#signal });
    this.#refs[number] = { sha256, sizeBytes: content.length };
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
