import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { ContentReading, MakeSetContent, SetContentOptions, SetContentWork, StoredContent } from "../../catalogue/set-content-work.ts";
import { slotBytes, slotCount, type ContentAnswer, type ContentOrder, type ContentWork } from "./set-content-messages.ts";

/** What it makes is gone by the next chunk: without a limit the room for it grows with the content. */
const youngGenerationMb = 8;

/** Content that is cut, named, compressed and sealed in a thread of its own; the store is reached from here. */
export const threadedSetContent: MakeSetContent = (options) => new ThreadedSetContent(options);

type Waiting = Extract<ContentAnswer, { readonly kind: "stored" | "finished" }>;

class ThreadedSetContent implements SetContentWork {
  readonly #store: SetContentOptions["store"];
  readonly #signal: AbortSignal;
  readonly #worker: Worker;
  readonly #slots = new SharedArrayBuffer(slotBytes * slotCount);
  readonly #free = Array.from({ length: slotCount }, (_, slot) => slot);
  /** Names of all objects whose put was begun: one that failed may be there all the same. */
  readonly #begun: string[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #putFailure: Error | undefined;
  /** Whoever waits for a slot or for the thread's answer. */
  #failure: Error | undefined;
  #onFree: () => void = () => undefined;
  #answer: ((answer: Waiting) => void) | undefined;
  #onFailure: (error: Error) => void = () => undefined;

  constructor({ store, signal, dataKey, known }: Parameters<MakeSetContent>[0]) {
    this.#store = store;
    this.#signal = signal;
    const workerData: ContentWork = { dataKey, known, slots: this.#slots };
    this.#worker = new Worker(new URL(`content-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    });
    this.#worker.on("message", (answer: ContentAnswer) => this.#hear(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the thread that seals a set's content has ended")));
  }

  async add(content: AsyncIterable<Uint8Array> | Uint8Array, { signal, trailerBytes }: ContentReading): Promise<StoredContent> {
    const stored = this.#asked();
    stored.catch(() => undefined); // met below
    this.#order({ kind: "part", trailerBytes });
    try {
      await this.#send(content, signal);
    } catch (error) {
      this.#order({ kind: "give-up" });
      await stored.catch(() => undefined);
      throw error;
    }
    this.#order({ kind: "end-of-part" });
    const answer = await stored;
    if (answer.kind !== "stored") throw new Error(`the thread answered ${answer.kind} to a part`);
    return answer.content;
  }

  async finish(): ReturnType<SetContentWork["finish"]> {
    const asked = this.#asked();
    this.#order({ kind: "finish" });
    const answer = await asked;
    if (answer.kind !== "finished") throw new Error(`the thread answered ${answer.kind} to the end`);
    await this.#end();
    return { packs: answer.packs, chunks: answer.chunks };
  }

  async quiet(): Promise<readonly string[]> {
    await this.#end();
    await Promise.all(this.#underWay);
    return this.#begun;
  }

  async #end(): Promise<void> {
    this.#worker.removeAllListeners("message");
    await this.#worker.terminate();
  }

  /** Slots are filled to their end, whatever the pieces are: then no chunk lies in two of them. */
  async #send(content: AsyncIterable<Uint8Array> | Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    let slot: number | undefined;
    let used = 0;
    for await (const piece of content instanceof Uint8Array ? [content] : content) {
      signal?.throwIfAborted();
      for (let at = 0; at < piece.length;) {
        slot ??= await this.#freeSlot();
        const taken = piece.subarray(at, at + slotBytes - used);
        new Uint8Array(this.#slots, slot * slotBytes + used, taken.length).set(taken);
        [used, at] = [used + taken.length, at + taken.length];
        if (used < slotBytes) continue;
        this.#order({ kind: "piece", slot, length: used });
        [slot, used] = [undefined, 0];
      }
    }
    if (slot !== undefined) this.#order({ kind: "piece", slot, length: used });
  }

  async #freeSlot(): Promise<number> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const slot = this.#free.pop();
      if (slot !== undefined) return slot;
      await new Promise<void>((resolve) => (this.#onFree = resolve));
    }
  }

  #asked(): Promise<Waiting> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#onFailure = reject;
      if (this.#failure !== undefined) reject(this.#failure);
    });
  }

  #order(order: ContentOrder): void {
    this.#worker.postMessage(order);
  }

  #hear(answer: ContentAnswer): void {
    switch (answer.kind) {
      case "taken":
        this.#free.push(answer.slot);
        this.#onFree();
        return;
      case "put":
        this.#put(answer);
        return;
      case "stored":
      case "finished":
        this.#answer?.(answer);
        return;
      case "failed":
        this.#fail(answer.isPut ? this.#putFailure : answer.error);
        return;
      default:
        answer satisfies never;
    }
  }

  #put({ name, content, number }: Extract<ContentAnswer, { readonly kind: "put" }>): void {
    this.#begun.push(name);
    const put = this.#store.put(name, content, { signal: this.#signal }).then(
      () => this.#order({ kind: "put-done", number, isThere: true }),
      (error: unknown) => {
        this.#putFailure ??= asError(error);
        this.#order({ kind: "put-done", number, isThere: false });
      },
    );
    this.#underWay.add(put);
    void put.then(() => this.#underWay.delete(put));
  }

  /** For good: of a set of which something failed nothing more is written. */
  #fail(error: unknown): void {
    this.#failure ??= asError(error);
    this.#onFailure(this.#failure);
    this.#onFree();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(`the thread that seals a set's content failed: ${String(error)}`);
}
