import { setTimeout as pause } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { carried } from "./carried-error.ts";
import type { SetMount, SetReadAnswer, SetReadRequest, SetReads } from "./set-mount.ts";

/** A set that the thread may read of. */
export interface ReadableSet {
  readonly mount: SetMount;
  /** Bytes of one of its files, by position in `mount.files`; what the store and the set throw. */
  readonly read: (file: number, offset: number, length: number, signal: AbortSignal) => Promise<Uint8Array>;
}

/** A call on a store ends at once when it is aborted; one that hangs in a call of the system, on a network disk that is gone, is left alone. */
const defaultLimitMs = 2000;

/**
 * The other end of SetByteFiles: answers one question after the other with
 * what the store gives, be it an error, and fetches meanwhile what will be
 * asked for next. `stop` ends what is under way, and resolves when no call on
 * the store is left, or after `limitMs`.
 */
export function answerSetReads(
  sets: readonly ReadableSet[],
  signal: AbortSignal,
  limitMs = defaultLimitMs,
): { readonly reads: SetReads; stop(): Promise<void> } {
  const { port1: own, port2: port } = new MessageChannel();
  const answered = new SharedArrayBuffer(4);
  const count = new Int32Array(answered);
  const stopped = new AbortController();
  const ending = AbortSignal.any([signal, stopped.signal]);
  const underWay = new Set<Promise<unknown>>();
  let ahead: { readonly of: string; readonly bytes: Promise<Uint8Array> } | undefined;

  const fetch = (
    { mount, file }: SetReadRequest,
    { offset, length }: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array> => {
    const set = sets[mount];
    const bytes =
      set === undefined
        ? Promise.reject(new Error(`set ${String(mount)} of ${String(sets.length)}`))
        : set.read(file, offset, length, ending);
    const settled: Promise<unknown> = bytes.catch(() => undefined); // who asks for it meets the failure
    underWay.add(settled);
    void settled.then(() => underWay.delete(settled));
    return bytes;
  };
  const nameOf = ({ mount, file }: SetReadRequest, { offset, length }: { readonly offset: number; readonly length: number }): string =>
    [mount, file, offset, length].join(" ");
  const answer = async (request: SetReadRequest): Promise<void> => {
    let message: SetReadAnswer;
    try {
      const fetched = ahead?.of === nameOf(request, request) ? ahead.bytes : fetch(request, request);
      if (request.next !== undefined) ahead = { of: nameOf(request, request.next), bytes: fetch(request, request.next) };
      message = { kind: "bytes", bytes: await fetched };
    } catch (error) {
      message = { kind: "error", error: carried(error) };
    }
    own.postMessage(message);
    Atomics.add(count, 0, 1);
    Atomics.notify(count, 0);
  };
  own.on("message", (request: SetReadRequest) => {
    void answer(request);
  });
  return {
    reads: { mounts: sets.map(({ mount }) => mount), port, answered },
    stop: async () => {
      own.close();
      stopped.abort();
      await Promise.race([Promise.all(underWay), pause(limitMs, undefined, { ref: false })]);
    },
  };
}
