import { createCipheriv, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { sealedBlockBytes, sealedNonce, sealedTagBytes } from "./sealed-block.ts";
import { SealedByteFiles } from "./sealed-byte-files.ts";
import { MemoryRooms } from "./memory-rooms.ts";
import { availableMemoryBytes } from "./available-memory.ts";
import type { FileSpool, SpoolDirectory, SpoolFile } from "../../ports/file-spool.ts";
import type { SealedDirectory, SealedFile, SealedFileFacts, SealedReading, SealedSpool } from "../../ports/sealed-spool.ts";

const keyBytes = 32;
/** Blocks are handed to the disk so many at a time. */
const blocksPerWrite = 16;

/** A copy in memory is no reason for the machine to run out of it: so much of what is free, and never more than a gibibyte. */
const memoryShare = 0.25;
const memoryBytesMax = 1024 * 1024 * 1024;

/** Memory of this process while there is enough, else private directories of this machine, sealed. */
export class LocalSealedSpool implements SealedSpool {
  private readonly spool: FileSpool;
  private readonly availableBytes: () => number;

  /** `availableBytes`: memory that may be had; absent: what the kernel says, within the limits of all control groups that the process is in. */
  constructor(spool: FileSpool, availableBytes: () => number = availableMemoryBytes) {
    this.spool = spool;
    this.availableBytes = availableBytes;
  }

  async open(): Promise<SealedDirectory> {
    const memoryBytes = Math.min(memoryBytesMax, Math.floor(this.availableBytes() * memoryShare));
    return new LocalSealedDirectory(await this.spool.open(), memoryBytes);
  }
}

class LocalSealedDirectory implements SealedDirectory {
  private readonly directory: SpoolDirectory;
  private readonly key = randomBytes(keyBytes);
  private readonly files = new Map<number, SealedFileFacts>();
  private readonly inMemory = new Set<MemoryRooms>();
  private readonly memoryBytes: number;
  private created = 0;

  constructor(directory: SpoolDirectory, memoryBytes: number) {
    this.directory = directory;
    this.memoryBytes = memoryBytes;
  }

  get path(): string {
    return this.directory.path;
  }

  freeBytes(): Promise<bigint> {
    return this.directory.freeBytes();
  }

  holdsInMemory(expectedBytes: number): boolean {
    return expectedBytes <= this.freeMemory();
  }

  create(name: string, expectedBytes?: number): Promise<SealedFile> {
    const number = this.created;
    this.created += 1;
    return expectedBytes !== undefined && this.holdsInMemory(expectedBytes)
      ? Promise.resolve(this.createInMemory(name, number))
      : this.createOnDisk(name, number);
  }

  async *read(name: string): AsyncIterable<Uint8Array> {
    const file = new SealedByteFiles(this.reading()).open(name);
    try {
      for (let at = 0; at < file.size; at += sealedBlockBytes) {
        const block = new Uint8Array(Math.min(sealedBlockBytes, file.size - at));
        file.readInto(at, block);
        // Reading is synchronous: whoever else waits gets his turn.
        yield await Promise.resolve(block);
      }
    } finally {
      file.close();
    }
  }

  reading(): SealedReading {
    return { key: this.key, files: [...this.files.values()] };
  }

  async remove(): Promise<void> {
    this.key.fill(0);
    for (const rooms of this.inMemory) rooms.clear();
    await this.directory.remove();
  }

  private freeMemory(): number {
    return [...this.inMemory].reduce((free, { sizeBytes }) => free - sizeBytes, this.memoryBytes);
  }

  private async createOnDisk(name: string, number: number): Promise<SealedFile> {
    const sealedName = `${String(number)}.sealed`;
    const file = new LocalSealedFile(await this.directory.create(sealedName), { key: this.key, number });
    const place = `${this.directory.path}/${sealedName}`;
    return {
      append: (bytes) => file.append(bytes),
      close: async () => {
        this.files.set(number, { name, place, number, sizeBytes: await file.close() });
      },
      discard: async () => {
        this.files.delete(number);
        await file.discard();
      },
    };
  }

  /** It goes on on the disk when it becomes larger than there is memory for, or no more is given. */
  private createInMemory(name: string, number: number): SealedFile {
    const rooms = new MemoryRooms();
    this.inMemory.add(rooms);
    let onDisk: SealedFile | undefined;
    const leaveMemory = (): void => {
      rooms.clear();
      this.inMemory.delete(rooms);
    };
    return {
      append: async (bytes) => {
        if (onDisk === undefined && bytes.length <= this.freeMemory() && rooms.append(bytes)) return;
        if (onDisk === undefined) {
          onDisk = await this.createOnDisk(name, number);
          for (const piece of rooms.pieces()) await onDisk.append(piece);
          leaveMemory();
        }
        await onDisk.append(bytes);
      },
      close: async () => {
        if (onDisk === undefined) this.files.set(number, { name, rooms: rooms.rooms, sizeBytes: rooms.sizeBytes });
        else await onDisk.close();
      },
      discard: async () => {
        this.files.delete(number);
        leaveMemory();
        await onDisk?.discard();
      },
    };
  }
}

class LocalSealedFile {
  private readonly file: SpoolFile;
  private readonly secret: KeyObject;
  private readonly number: number;
  private readonly waiting = new Uint8Array(sealedBlockBytes * blocksPerWrite);
  /** In turns: one is written while the next blocks are sealed into the other. */
  private readonly sealed = [0, 1].map(() => new Uint8Array((sealedBlockBytes + sealedTagBytes) * blocksPerWrite));
  private writes = 0;
  private waitingBytes = 0;
  private sizeBytes = 0;
  private block = 0;
  /** One write is under way while the next blocks are sealed. */
  private underWay: Promise<void> = Promise.resolve();

  constructor(file: SpoolFile, seal: { readonly key: Uint8Array; readonly number: number }) {
    this.file = file;
    this.secret = createSecretKey(seal.key);
    this.number = seal.number;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.sizeBytes += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.subarray(at, at + this.waiting.length - this.waitingBytes);
      this.waiting.set(taken, this.waitingBytes);
      this.waitingBytes += taken.length;
      at += taken.length;
      if (this.waitingBytes === this.waiting.length) await this.write();
    }
  }

  /** Gives its size in the clear. */
  async close(): Promise<number> {
    if (this.waitingBytes > 0) await this.write();
    await this.underWay;
    // It is no copy of a file with a time of its own.
    await this.file.close(0);
    return this.sizeBytes;
  }

  async discard(): Promise<void> {
    this.waiting.fill(0);
    // Why a write failed is not asked of what goes.
    await this.underWay.catch(() => undefined);
    await this.file.discard();
  }

  private async write(): Promise<void> {
    const sealed = this.sealWaiting();
    this.waiting.fill(0, 0, this.waitingBytes);
    this.waitingBytes = 0;
    await this.underWay;
    this.underWay = this.file.append(sealed);
    // It is met by the next write, or at the end.
    this.underWay.catch(() => undefined);
  }

  /** Valid until the write after the next. */
  private sealWaiting(): Uint8Array {
    const into = this.sealed[this.writes % 2] ?? new Uint8Array();
    this.writes += 1;
    let length = 0;
    for (let at = 0; at < this.waitingBytes; at += sealedBlockBytes) {
      const cipher = createCipheriv("aes-256-gcm", this.secret, sealedNonce(this.number, this.block));
      const block = cipher.update(this.waiting.subarray(at, Math.min(this.waitingBytes, at + sealedBlockBytes)));
      into.set(block, length);
      cipher.final(); // a stream cipher keeps nothing back
      into.set(cipher.getAuthTag(), length + block.length);
      length += block.length + sealedTagBytes;
      this.block += 1;
    }
    return into.subarray(0, length);
  }
}
