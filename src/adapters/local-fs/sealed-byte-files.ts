import { createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ByteFiles, ChecksAsked, OpenByteFile, PendingChecks } from "../../ports/byte-files.ts";
import type { FileInMemory, FileOnDisk, SealedReading } from "../../ports/sealed-spool.ts";
import { readRooms } from "./memory-rooms.ts";
import type { CheckWork } from "./start-check-thread.ts";
import { sealedBlockBytes, sealedNonce, sealedTagBytes } from "./sealed-block.ts";
import { toRecoveryError } from "./to-recovery-error.ts";

/** Opened blocks that are kept: a walk over a tree comes back to its branches, and pages that follow each other share a block. */
const keptBlocks = 256;
/** It was written a moment ago by this program alone, and was whole then: its age says nothing about a copy under way. */
const longAgoSeconds = 86_400;

/** `startCheckThread`, where threads are wanted. */
type StartChecks = (work: CheckWork) => PendingChecks | undefined;

/** The files of a sealed spool, by their names; the directories are those that the names imply. */
export class SealedByteFiles implements ByteFiles {
  private readonly reading: SealedReading;
  private readonly startChecks: StartChecks;

  /** Without `startChecks` all is done in the caller's thread. */
  constructor(reading: SealedReading, startChecks: StartChecks = () => undefined) {
    this.reading = reading;
    this.startChecks = startChecks;
  }

  kindOf(path: string): "file" | "directory" {
    if (this.reading.files.some(({ name }) => name === path)) return "file";
    if (this.below(path).length > 0) return "directory";
    throw absent(path);
  }

  list(path: string): readonly string[] {
    return [...new Set(this.below(path).map((rest) => rest.split("/")[0] ?? ""))].sort();
  }

  open(path: string): OpenByteFile {
    const file = this.reading.files.find(({ name }) => name === path);
    if (file === undefined) throw absent(path);
    const begin = (asked: ChecksAsked): PendingChecks | undefined => this.startChecks({ ...asked, sealed: this.reading, name: path });
    return "rooms" in file ? new OpenMemoryFile(file, begin) : new OpenSealedFile(file, this.reading.key, begin);
  }

  identityOf(path: string): string {
    this.kindOf(path);
    return path.replace(/\/+$/, "");
  }

  lockHolder(): undefined {
    return undefined;
  }

  private below(path: string): readonly string[] {
    const prefix = `${path.replace(/\/+$/, "")}/`;
    return this.reading.files.flatMap(({ name }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  }
}

abstract class OpenSpooledFile implements OpenByteFile {
  readonly name: string;
  readonly size: number;
  readonly secondsSinceWrite = longAgoSeconds;
  private readonly begin: (asked: ChecksAsked) => PendingChecks | undefined;

  constructor(facts: FileInMemory | FileOnDisk, begin: (asked: ChecksAsked) => PendingChecks | undefined) {
    this.name = facts.name;
    this.size = facts.sizeBytes;
    this.begin = begin;
  }

  readInto(offset: number, into: Uint8Array): void {
    if (offset < 0 || offset + into.length > this.size)
      throw new RangeError(`${this.name}: bytes ${String(offset)}+${String(into.length)} of ${String(this.size)}`);
    this.fill(offset, into);
  }

  /** Nothing but this program can change what is in memory, and every block on disk is checked when it is opened. */
  assertUnchanged(): void {
    return undefined;
  }

  startChecks(asked: ChecksAsked): PendingChecks | undefined {
    return this.begin(asked);
  }

  abstract close(): void;

  protected abstract fill(offset: number, into: Uint8Array): void;
}

class OpenMemoryFile extends OpenSpooledFile {
  private readonly rooms: FileInMemory["rooms"];

  constructor(facts: FileInMemory, begin: (asked: ChecksAsked) => PendingChecks | undefined) {
    super(facts, begin);
    this.rooms = facts.rooms;
  }

  /** Whoever made it takes it away. */
  close(): void {
    return undefined;
  }

  protected fill(offset: number, into: Uint8Array): void {
    readRooms(this.rooms, offset, into);
  }
}

class OpenSealedFile extends OpenSpooledFile {
  private readonly facts: FileOnDisk;
  private readonly key: KeyObject;
  private readonly handle: number;
  /** A block as it lies on the disk. */
  private readonly sealed = Buffer.allocUnsafeSlow(sealedBlockBytes + sealedTagBytes);
  /**
   * By number; the one that was asked for longest ago comes first. Their rooms
   * are used again: what deciphering gives dies young then, and the collector
   * need not mark the whole heap for it.
   */
  private readonly opened = new Map<number, Uint8Array>();

  constructor(facts: FileOnDisk, key: Uint8Array, begin: (asked: ChecksAsked) => PendingChecks | undefined) {
    super(facts, begin);
    this.facts = facts;
    this.key = createSecretKey(key);
    try {
      this.handle = openSync(facts.place, "r");
    } catch (error) {
      throw toRecoveryError(error, facts.place, "open it", []);
    }
  }

  protected fill(offset: number, into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      const at = offset + done;
      const number = Math.floor(at / sealedBlockBytes);
      const inBlock = at - number * sealedBlockBytes;
      const part = this.block(number).subarray(inBlock, inBlock + into.length - done);
      into.set(part, done);
      done += part.length;
    }
  }

  close(): void {
    for (const { buffer } of this.opened.values()) new Uint8Array(buffer).fill(0);
    this.opened.clear();
    closeSync(this.handle);
  }

  private block(number: number): Uint8Array {
    const kept = this.opened.get(number);
    if (kept !== undefined) {
      this.opened.delete(number);
      this.opened.set(number, kept);
      return kept;
    }
    const plain = this.unsealed(number);
    const room = this.freeRoom();
    room.set(plain);
    plain.fill(0);
    const block = room.subarray(0, plain.length);
    this.opened.set(number, block);
    return block;
  }

  /** That of the block that was asked for longest ago, when so many are kept. */
  private freeRoom(): Uint8Array {
    const [oldest] = this.opened.size < keptBlocks ? [] : this.opened;
    if (oldest === undefined) return new Uint8Array(sealedBlockBytes);
    this.opened.delete(oldest[0]);
    return new Uint8Array(oldest[1].buffer);
  }

  private unsealed(number: number): Uint8Array {
    const plainBytes = Math.min(sealedBlockBytes, this.size - number * sealedBlockBytes);
    const sealed = this.sealed.subarray(0, plainBytes + sealedTagBytes);
    const from = number * (sealedBlockBytes + sealedTagBytes);
    for (let done = 0; done < sealed.length;) {
      const read = this.readSome(sealed, done, from + done);
      if (read === 0) throw this.changed(number);
      done += read;
    }
    const decipher = createDecipheriv("aes-256-gcm", this.key, sealedNonce(this.facts.number, number));
    decipher.setAuthTag(sealed.subarray(plainBytes));
    const plain = decipher.update(sealed.subarray(0, plainBytes));
    try {
      decipher.final();
    } catch {
      throw this.changed(number);
    }
    return plain;
  }

  private readSome(into: Uint8Array, done: number, position: number): number {
    try {
      return readSync(this.handle, into, done, into.length - done, position);
    } catch (error) {
      throw toRecoveryError(error, this.facts.place, `read at byte ${String(position)}`, []);
    }
  }

  private changed(block: number): RecoveryError {
    return new RecoveryError("FILE_CHANGED", {
      subject: `file ${this.facts.place}`,
      detail: `block ${String(block)} is not what this program wrote: something else changed it, or the disk did`,
    });
  }
}

/** In the words by which the engine knows that nothing is there. */
function absent(path: string): RecoveryError {
  return new RecoveryError("LOCAL_FILE_FAILED", { subject: path, detail: "could not look at it: ENOENT, nothing of this name was copied" });
}
