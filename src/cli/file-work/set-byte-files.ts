import { receiveMessageOnPort } from "node:worker_threads";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ByteFiles, ChecksAsked, OpenByteFile, PendingChecks } from "../../ports/byte-files.ts";
import { restored } from "./carried-error.ts";
import type { SetMount, SetReadAnswer, SetReadRequest, SetReads } from "./set-mount.ts";

/** As the chunks of a set: what is asked for is always whole ones. */
export const blockBytes = 64 * 1024;
/** 32 MiB: a walk over a tree comes back to its branches, and most questions take several walks. */
const keptBlocks = 512;
/** Of one question; a larger range is asked for in several. */
const askedBlocksMax = 16;
/** The other thread wakes this one; a wait is only cut in parts so that it never depends on that alone. */
const lookEveryMs = 1000;
/** Nobody writes to it, and its age says nothing about a copy under way. */
const longAgoSeconds = 86_400;

/** Backup sets under their names; all other paths are those of `others`. */
export class SetByteFiles implements ByteFiles {
  readonly #others: ByteFiles;
  readonly #reads: SetReads;

  constructor(reads: SetReads, others: ByteFiles) {
    this.#reads = reads;
    this.#others = others;
  }

  kindOf(path: string): "file" | "directory" {
    const found = this.#mountOf(path);
    if (found === undefined) return this.#others.kindOf(path);
    if (found.mount.files.some(({ name }) => name === found.rest)) return "file";
    if (below(found).length > 0) return "directory";
    throw absent(path);
  }

  list(path: string): readonly string[] {
    const found = this.#mountOf(path);
    if (found === undefined) return this.#others.list(path);
    return [...new Set(below(found).map((rest) => rest.split("/")[0] ?? ""))].sort();
  }

  open(path: string): OpenByteFile {
    const found = this.#mountOf(path);
    if (found === undefined) return this.#others.open(path);
    const file = found.mount.files.findIndex(({ name }) => name === found.rest);
    const facts = found.mount.files[file];
    if (facts === undefined) throw absent(path);
    return new OpenSetFile(path, facts, (offset, length, next) =>
      ask(this.#reads, { mount: this.#reads.mounts.indexOf(found.mount), file, offset, length, next }),
    );
  }

  identityOf(path: string): string {
    const found = this.#mountOf(path);
    if (found === undefined) return this.#others.identityOf(path);
    return `set ${found.mount.name} ${found.rest}`;
  }

  lockHolder(path: string): { readonly pid: number } | undefined {
    return this.#mountOf(path) === undefined ? this.#others.lockHolder(path) : undefined;
  }

  #mountOf(path: string): Mounted | undefined {
    for (const mount of this.#reads.mounts) {
      if (path !== mount.name && !path.startsWith(`${mount.name}/`)) continue;
      return { mount, rest: path.slice(mount.name.length).replace(/^\/+|\/+$/g, "") };
    }
    return undefined;
  }
}

interface Mounted {
  readonly mount: SetMount;
  /** Below the mount; "": itself. */
  readonly rest: string;
}

function below({ mount, rest }: Mounted): readonly string[] {
  const prefix = rest === "" ? "" : `${rest}/`;
  return mount.files.flatMap(({ name }) => (name !== "" && name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
}

/** Waits without limit: the other thread always answers, with the store's error if need be, or ends this one. */
function ask({ port, answered }: SetReads, request: SetReadRequest): Uint8Array {
  const count = new Int32Array(answered);
  const before = Atomics.load(count, 0);
  port.postMessage(request);
  while (Atomics.load(count, 0) === before) Atomics.wait(count, 0, before, lookEveryMs);
  const { message } = receiveMessageOnPort(port) as { readonly message: SetReadAnswer }; // it was put there before it was counted
  switch (message.kind) {
    case "bytes":
      return message.bytes;
    case "error":
      throw restored(message.error);
    default:
      return message satisfies never;
  }
}

type Ask = (offset: number, length: number, next: SetReadRequest["next"]) => Uint8Array;

/** One file of a set. Only the chunks that are needed are asked for, and the ones after them where somebody reads on and on. */
class OpenSetFile implements OpenByteFile {
  readonly name: string;
  readonly size: number;
  readonly secondsSinceWrite = longAgoSeconds;
  readonly #contentSha256: string | undefined;
  readonly #ask: Ask;
  /** By number; the one that was used longest ago comes first. */
  readonly #kept = new Map<number, Uint8Array>();
  /** The block after the last one that was wanted. */
  #nextBlock = -1;
  /** How many are asked for at once, while they are wanted one after the other. */
  #ahead = 1;
  /** What the other thread fetches meanwhile: to be asked for just so. */
  #promised: { readonly block: number; readonly count: number } | undefined;

  constructor(name: string, facts: SetMount["files"][number], askFor: Ask) {
    this.name = name;
    this.size = facts.sizeBytes;
    this.#contentSha256 = facts.contentSha256;
    this.#ask = askFor;
  }

  readInto(offset: number, into: Uint8Array): void {
    if (offset < 0 || offset + into.length > this.size)
      throw new RangeError(`${this.name}: bytes ${String(offset)}+${String(into.length)} of ${String(this.size)}`);
    const last = Math.ceil((offset + into.length) / blockBytes) - 1;
    for (let done = 0; done < into.length;) {
      const at = offset + done;
      const block = Math.floor(at / blockBytes);
      const inBlock = at - block * blockBytes;
      const part = this.#block(block, last).subarray(inBlock, inBlock + into.length - done);
      into.set(part, done);
      done += part.length;
      this.#nextBlock = block + 1;
    }
  }

  /** Every chunk is checked when it is opened. */
  assertUnchanged(): void {
    return undefined;
  }

  close(): void {
    this.#kept.clear();
  }

  /** The checksum was compared when the set was made, and what is read is what was stored then. */
  startChecks({ sha256 }: ChecksAsked): PendingChecks | undefined {
    const content = this.#contentSha256;
    return sha256 && content !== undefined ? { wait: () => ({ sha256: content, structure: undefined }) } : undefined;
  }

  /** `last`: up to which block is wanted now. */
  #block(block: number, last: number): Uint8Array {
    const kept = this.#kept.get(block);
    if (kept === undefined) return this.#fetch(block, last);
    this.#kept.delete(block);
    this.#kept.set(block, kept);
    return kept;
  }

  #fetch(block: number, last: number): Uint8Array {
    const isGoingOn = block === this.#nextBlock;
    this.#ahead = isGoingOn ? Math.min(askedBlocksMax, this.#ahead * 2) : 1;
    const promised = this.#promised?.block === block ? this.#promised.count : undefined;
    const count = promised ?? this.#countFrom(block, Math.max(last - block + 1, this.#ahead));
    this.#promised = isGoingOn && !this.#kept.has(block + count) ? this.#promise(block + count) : undefined;
    const next = this.#promised === undefined ? undefined : this.#range(this.#promised);
    const { offset, length } = this.#range({ block, count });
    const bytes = this.#ask(offset, length, next);
    for (let at = count - 1; at >= 0; at -= 1) this.#keep(block + at, bytes.slice(at * blockBytes, (at + 1) * blockBytes)); // its own memory: one that stays must not hold all
    return bytes.subarray(0, blockBytes);
  }

  /** How many from this one on are to be asked for: up to one that is here already. */
  #countFrom(block: number, wanted: number): number {
    let count = 1;
    while (count < Math.min(wanted, askedBlocksMax) && (block + count) * blockBytes < this.size && !this.#kept.has(block + count))
      count += 1;
    return count;
  }

  #promise(block: number): { readonly block: number; readonly count: number } | undefined {
    if (block * blockBytes >= this.size) return undefined;
    return { block, count: this.#countFrom(block, this.#ahead * 2) };
  }

  #range({ block, count }: { readonly block: number; readonly count: number }): { readonly offset: number; readonly length: number } {
    const offset = block * blockBytes;
    return { offset, length: Math.min(count * blockBytes, this.size - offset) };
  }

  #keep(block: number, bytes: Uint8Array): void {
    this.#kept.set(block, bytes);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptBlocks) break;
      this.#kept.delete(oldest);
    }
  }
}

/** In the words by which the engine knows that nothing is there. */
function absent(path: string): RecoveryError {
  return new RecoveryError("LOCAL_FILE_FAILED", {
    subject: path,
    detail: "could not look at it: ENOENT, the set has nothing of this name",
  });
}
