/**
 * The thread that cuts, names, compresses and seals the content of a set, so
 * that it can be done while the next bytes come from etcd. The store belongs
 * to the other thread, which does what is asked here.
 */
import { parentPort, workerData } from "node:worker_threads";
import { nodeSetCiphers } from "../../adapters/system/node-set-ciphers.ts";
import { SetContent } from "../../catalogue/set-content.ts";
import { deriveSetKeys } from "../../formats/backup-set/set-keys.ts";
import { slotBytes, type ContentAnswer, type ContentOrder, type ContentWork } from "./set-content-messages.ts";

/** The other thread keeps the reason. */
class PutFailed extends Error {}

function main(): void {
  const port = parentPort;
  if (port === null) throw new Error("content-worker.ts is a thread of requorum, not a program");
  const { dataKey, known, slots } = workerData as ContentWork; // made by ThreadedSetContent
  const say = (answer: ContentAnswer, transferred: ArrayBuffer[] = []): void => {
    port.postMessage(answer, transferred);
  };
  const puts = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let begun = 0;
  const put = (name: string, content: Uint8Array): Promise<void> => {
    const number = (begun += 1);
    const copy = content.slice(); // the pack's room is filled again
    const asked = new Promise<void>((resolve, reject) => puts.set(number, { resolve, reject }));
    say({ kind: "put", number, name, content: copy }, [copy.buffer]);
    return asked;
  };
  const keys = deriveSetKeys(nodeSetCiphers, dataKey);
  const content = new SetContent({ store: { put }, ciphers: nodeSetCiphers, keys, known, signal: new AbortController().signal });
  let pieces: ContentPieces | undefined;
  const answering = (work: Promise<ContentAnswer>): void => {
    work.then(say, (error: unknown) =>
      say({ kind: "failed", error: error instanceof PutFailed ? undefined : error, isPut: error instanceof PutFailed }),
    );
  };
  port.on("message", (order: ContentOrder) => {
    switch (order.kind) {
      case "part":
        pieces = new ContentPieces(slots, (slot) => say({ kind: "taken", slot }));
        answering(content.add(pieces.read(), order).then((stored) => ({ kind: "stored", content: stored })));
        return;
      case "piece":
      case "end-of-part":
      case "give-up":
        pieces?.come(order);
        return;
      case "finish":
        answering(content.finish().then((found) => ({ kind: "finished", ...found })));
        return;
      case "put-done": {
        const waiting = puts.get(order.number);
        puts.delete(order.number);
        if (order.isThere) waiting?.resolve();
        else waiting?.reject(new PutFailed());
        return;
      }
      default:
        order satisfies never;
    }
  });
}

type PieceOrder = Extract<ContentOrder, { readonly kind: "piece" | "end-of-part" | "give-up" }>;

/** The pieces of one part, as they come. */
class ContentPieces {
  readonly #slots: SharedArrayBuffer;
  readonly #onTaken: (slot: number) => void;
  readonly #waiting: PieceOrder[] = [];
  #wake: () => void = () => undefined;

  constructor(slots: SharedArrayBuffer, onTaken: (slot: number) => void) {
    this.#slots = slots;
    this.#onTaken = onTaken;
  }

  come(order: PieceOrder): void {
    this.#waiting.push(order);
    this.#wake();
  }

  async *read(): AsyncIterable<Uint8Array> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (next.kind === "end-of-part") return;
      if (next.kind === "give-up") throw new Error("the content was not had");
      yield new Uint8Array(this.#slots, next.slot * slotBytes, next.length);
      this.#onTaken(next.slot);
    }
  }
}

main();
