import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { RateWatch, type Expected, type Least } from "./least-rate.ts";
import { CallFailure, grpcCancelled } from "./snapshot-call.ts";
import {
  slotBytes,
  slotCount,
  type SlotFree,
  type SnapshotNews,
  type SnapshotThreadData,
  type SnapshotWork,
} from "./snapshot-thread-messages.ts";

/** What it makes is gone by the next piece: without a limit the room for it grows with the snapshot. */
const youngGenerationMb = 2;

/**
 * The content of a snapshot stream in order, taken by a thread of its own.
 * etcd sends 32 KiB at a time; what arrived while the reader was busy is
 * handed over as one piece, so that a disk sees few large writes. A piece is
 * valid until the next one is asked for: its room is used again. ETCD_TIMEOUT
 * when nothing comes for `idleTimeoutMs` while the reader waits, or what comes
 * is too slow for what is `expected` (RateWatch); CallFailure.
 * The connection is gone when the reader leaves.
 */
export async function* snapshotPieces(
  work: SnapshotWork,
  options: {
    readonly idleTimeoutMs: number;
    readonly host: HostName;
    readonly expected: Expected;
    readonly signal?: AbortSignal;
    readonly least?: Least;
  },
): AsyncGenerator<Uint8Array> {
  const thread = new SnapshotThread(work);
  const giveUp = (): void => thread.giveUp(new CallFailure(grpcCancelled, "Cancelled on client"));
  options.signal?.addEventListener("abort", giveUp, { once: true });
  const rate = new RateWatch(options.expected, options.least);
  const beganMs = performance.now();
  const slow = (what: string): RecoveryError =>
    new RecoveryError("ETCD_TIMEOUT", { subject: `etcd on ${options.host}`, detail: `Snapshot: ${what}`, retry: "transient" });
  try {
    for (;;) {
      const news = await thread.next(options.idleTimeoutMs);
      if (news === undefined) throw slow(`nothing came for ${String(options.idleTimeoutMs)} ms`);
      if (news.kind === "end") {
        if (news.failure !== undefined) throw new CallFailure(news.failure.code, news.failure.details);
        return;
      }
      const came = rate.tooSlow({ bytes: news.length, waitedMs: thread.waitedMs, passedMs: performance.now() - beganMs });
      if (came !== undefined)
        throw slow(
          `only ${String(came.bytes)} bytes came in ${String(came.waitedMs)} ms of waiting, of ${String(options.expected.bytes)} that it says it has: that is too slow to go on with`,
        );
      yield thread.contentOf(news);
      thread.release(news.slot);
    }
  } finally {
    options.signal?.removeEventListener("abort", giveUp);
    await thread.end();
  }
}

class SnapshotThread {
  readonly #slots = new SharedArrayBuffer(slotBytes * slotCount);
  readonly #worker: Worker;
  readonly #news: SnapshotNews[] = [];
  #failure: Error | undefined;
  /** For the latest news. */
  waitedMs = 0;
  #wake: () => void = () => undefined;

  constructor(work: SnapshotWork) {
    const workerData: SnapshotThreadData = { work, slots: this.#slots };
    this.#worker = new Worker(new URL(`snapshot-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    });
    this.#worker.on("message", (news: SnapshotNews) => {
      this.#news.push(news);
      this.#wake();
    });
    this.#worker.on("error", (error) => this.fail(error));
    this.#worker.on("exit", () => this.fail(new Error("the thread that takes a snapshot has ended")));
  }

  /** At once: what came before is not told any more. */
  giveUp(failure: Error): void {
    this.#news.length = 0;
    this.#worker.removeAllListeners("message");
    this.fail(failure);
  }

  /** What came before is still told. */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(`the thread that takes a snapshot failed: ${String(error)}`);
    this.#wake();
  }

  /** undefined: nothing came in that time. */
  async next(timeoutMs: number): Promise<SnapshotNews | undefined> {
    const beganMs = performance.now();
    if (this.#news.length === 0 && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    // A program that stood still (Ctrl-Z) meets its timer before the message that lies there.
    if (this.#news.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // Nor did the member keep anybody waiting while this program stood still.
    this.waitedMs = Math.min(performance.now() - beganMs, timeoutMs);
    const news = this.#news.shift();
    if (news === undefined && this.#failure !== undefined) throw this.#failure;
    return news;
  }

  contentOf({ slot, length }: Extract<SnapshotNews, { readonly kind: "piece" }>): Uint8Array {
    return new Uint8Array(this.#slots, slot * slotBytes, length);
  }

  release(slot: number): void {
    this.#worker.postMessage({ free: slot } satisfies SlotFree);
  }

  async end(): Promise<void> {
    this.#worker.removeAllListeners("message");
    await this.#worker.terminate();
  }
}
