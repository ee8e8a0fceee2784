import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { OnBytes } from "../../formats/byte-source.ts";
import type { PendingSha256 } from "../../ports/byte-files.ts";

/** What the thread is given. It opens the file by itself: a descriptor of ours could be closed under it. */
export interface Sha256Work {
  readonly place: string;
  /** It must be this file, and not one that took its place. */
  readonly device: bigint;
  readonly inode: bigint;
  /** From the start of the file. */
  readonly sizeBytes: number;
  /** `sha256Words` of it, then the 32 bytes of the hash. */
  readonly shared: SharedArrayBuffer;
}

/** Words of 32 bits that both threads see. */
export const sha256Words = { state: 0, doneBlocks: 1, count: 2 } as const;
export const sha256State = { running: 0, done: 1, failed: 2 } as const;
export const sha256BlockBytes = 256 * 1024;
export const sha256HashBytes = 32;

/** A smaller file is hashed in less time than a thread needs to start twice (25 ms each, 1.5 GB/s). */
const defaultMinBytes = 64 * 1024 * 1024;
/** How often the progress is shown while somebody waits. */
const lookEveryMs = 100;
/** Without one block more in this time the thread did not start, or the disk hangs: the caller goes on by itself. */
const stallMs = 10_000;

export interface Sha256ThreadOptions {
  /** For tests. */
  readonly minBytes?: number;
  readonly script?: URL;
}

/**
 * The sha256 of the first bytes of a file of this machine, in a thread beside
 * the caller, who waits for it when he has nothing else to do. undefined for
 * a file that is too small to be worth it.
 */
export function startSha256Thread(work: Omit<Sha256Work, "shared">, options: Sha256ThreadOptions = {}): PendingSha256 | undefined {
  if (work.sizeBytes < (options.minBytes ?? defaultMinBytes)) return undefined;
  const shared = new SharedArrayBuffer(4 * sha256Words.count + sha256HashBytes);
  const script = options.script ?? new URL(`sha256-worker${extname(import.meta.url)}`, import.meta.url);
  const workerData: Sha256Work = { ...work, shared };
  const worker = new Worker(script, { workerData });
  // A thread that could not start says so here, while the caller waits and cannot listen: to him it has stalled.
  worker.on("error", () => undefined);
  worker.unref();
  const words = new Int32Array(shared, 0, sha256Words.count);
  return {
    wait: (onBytes) => {
      if (!hasEnded(words, work.sizeBytes, onBytes)) void worker.terminate();
      if (Atomics.load(words, sha256Words.state) !== sha256State.done) return undefined;
      return Buffer.from(shared, 4 * sha256Words.count, sha256HashBytes).toString("hex");
    },
  };
}

/** Waits; false when nothing goes on any more. */
function hasEnded(words: Int32Array<SharedArrayBuffer>, sizeBytes: number, onBytes: OnBytes | undefined): boolean {
  let [doneBlocks, movedMs] = [-1, performance.now()];
  while (Atomics.load(words, sha256Words.state) === sha256State.running) {
    const now = Atomics.load(words, sha256Words.doneBlocks);
    if (now !== doneBlocks) [doneBlocks, movedMs] = [now, performance.now()];
    else if (performance.now() - movedMs > stallMs) return false;
    onBytes?.(Math.min(sizeBytes, now * sha256BlockBytes), sizeBytes);
    Atomics.wait(words, sha256Words.state, sha256State.running, lookEveryMs);
  }
  onBytes?.(sizeBytes, sizeBytes);
  return true;
}
