import { extname } from "node:path";
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import type { OnBytes } from "../../formats/byte-source.ts";
import type { SealedReading } from "../../ports/sealed-spool.ts";
import type { ChecksAsked, ContentChecks, PendingChecks } from "../../ports/byte-files.ts";

/** What the thread is given. It opens the file by itself: a descriptor of ours could be closed under it. */
export type CheckWork = ChecksAsked & (PlainFile | SealedFile);

interface PlainFile {
  readonly place: string;
  /** It must be this file, and not one that took its place. */
  readonly device: bigint;
  readonly inode: bigint;
}

/** Every block of it is checked when it is opened. */
interface SealedFile {
  readonly sealed: SealedReading;
  /** In it. */
  readonly name: string;
}

/** `shared` are the `checkWords`, which both threads see; the answer, ContentChecks, comes through the port before the state says so. */
export interface CheckThreadData {
  readonly work: CheckWork;
  readonly shared: SharedArrayBuffer;
  readonly port: MessagePort;
}

export const checkWords = { state: 0, doneBlocks: 1, count: 2 } as const;
export const checkState = { running: 0, done: 1, failed: 2 } as const;
export const checkBlockBytes = 256 * 1024;

/** A smaller file is checked in less time than a thread needs to start twice (25 ms each; sha256 1.5 GB/s, structure 4 GB/s). */
const defaultMinBytes = 64 * 1024 * 1024;
/** What it makes is gone by the next page: without a limit the room for it grows with the file. */
const youngGenerationMb = 8;
/** How often the progress is shown while somebody waits. */
const lookEveryMs = 100;
/** Without one block more in this time the thread did not start, or the disk hangs: the caller goes on by itself. */
const stallMs = 10_000;

export interface CheckThreadOptions {
  /** For tests. */
  readonly minBytes?: number;
  readonly script?: URL;
}

/**
 * Checks of the first bytes of a file of this machine, in a thread beside the
 * caller, who waits for it when he has nothing else to do. undefined for a
 * file that is too small to be worth it.
 */
export function startCheckThread(work: CheckWork, options: CheckThreadOptions = {}): PendingChecks | undefined {
  if (work.sizeBytes < (options.minBytes ?? defaultMinBytes)) return undefined;
  const shared = new SharedArrayBuffer(4 * checkWords.count);
  const script = options.script ?? new URL(`check-worker${extname(import.meta.url)}`, import.meta.url);
  const { port1: answers, port2: port } = new MessageChannel();
  const workerData: CheckThreadData = { work, shared, port };
  const worker = new Worker(script, { workerData, transferList: [port], resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb } });
  // A thread that could not start says so here, while the caller waits and cannot listen: to him it has stalled.
  worker.on("error", () => undefined);
  worker.unref();
  answers.unref();
  const words = new Int32Array(shared, 0, checkWords.count);
  const totalBytes = work.sizeBytes * (Number(work.sha256) + Number(work.structure));
  let answer: ContentChecks | undefined;
  return {
    wait: (onBytes) => {
      if (!hasEnded(words, totalBytes, onBytes)) void worker.terminate();
      if (Atomics.load(words, checkWords.state) !== checkState.done) return undefined;
      answer ??= (receiveMessageOnPort(answers) as { readonly message: ContentChecks } | undefined)?.message;
      return answer;
    },
  };
}

/** Waits; false when nothing goes on any more. */
function hasEnded(words: Int32Array<SharedArrayBuffer>, totalBytes: number, onBytes: OnBytes | undefined): boolean {
  let [doneBlocks, movedMs] = [-1, performance.now()];
  while (Atomics.load(words, checkWords.state) === checkState.running) {
    const now = Atomics.load(words, checkWords.doneBlocks);
    if (now !== doneBlocks) [doneBlocks, movedMs] = [now, performance.now()];
    else if (performance.now() - movedMs > stallMs) return false;
    onBytes?.(Math.min(totalBytes, now * checkBlockBytes), totalBytes);
    Atomics.wait(words, checkWords.state, checkState.running, lookEveryMs);
  }
  onBytes?.(totalBytes, totalBytes);
  return true;
}
