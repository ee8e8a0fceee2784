import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SnapshotCall, SnapshotListener } from "./snapshot-call.ts";

/** Held here at most (and one piece): the stream pauses then, and HTTP/2's window holds etcd back. */
const gatheredBytesMax = 4 * 1024 * 1024;

/**
 * The blobs of a snapshot stream in order. etcd sends 32 KiB at a time; what
 * arrived while the reader was busy is handed over as one piece, so that a
 * disk sees few large writes. A piece is valid until the next one is asked
 * for: its room is used again. ETCD_TIMEOUT when nothing comes for
 * `idleTimeoutMs` while the reader waits; the call's failure as it is. The
 * call is closed when the reader leaves.
 */
export async function* gatherSnapshot(
  open: (listener: SnapshotListener) => SnapshotCall,
  options: { readonly idleTimeoutMs: number; readonly host: HostName },
): AsyncGenerator<Uint8Array> {
  const gathered = new GatheredBytes();
  let end: "not-yet" | "complete" | Error = "not-yet";
  let wake: () => void = () => undefined;
  const call = open({
    onBlob: (blob) => {
      const isFirst = gathered.size === 0;
      gathered.add(blob);
      if (gathered.size >= gatheredBytesMax) call.pause();
      if (isFirst) setImmediate(() => wake()); // whatever else this turn of the event loop brings comes along
    },
    onEnd: (failure) => {
      end = failure ?? "complete";
      wake();
    },
  });
  try {
    for (;;) {
      if (gathered.size > 0) {
        const piece = gathered.take();
        call.resume();
        yield piece;
        continue;
      }
      const state = stateOf(end);
      if (state instanceof Error) throw state;
      if (state === "complete") return;
      const arrived = await somethingComes((onArrival) => (wake = onArrival), options.idleTimeoutMs);
      if (!arrived) {
        throw new RecoveryError("ETCD_TIMEOUT", {
          subject: `etcd on ${options.host}`,
          detail: `Snapshot: nothing came for ${String(options.idleTimeoutMs)} ms`,
          retry: "transient",
        });
      }
    }
  } finally {
    call.close();
  }
}

/** Two rooms in turns: one is read while the other is filled. New room for each piece would be most of what the garbage collector has to do. */
class GatheredBytes {
  size = 0;
  #filled = new Uint8Array(gatheredBytesMax);
  #read = new Uint8Array(gatheredBytesMax);

  add(blob: Uint8Array): void {
    const needed = this.size + blob.length;
    if (needed > this.#filled.length) {
      const larger = new Uint8Array(needed + gatheredBytesMax / 4);
      larger.set(this.#filled.subarray(0, this.size));
      this.#filled = larger;
    }
    this.#filled.set(blob, this.size);
    this.size = needed;
  }

  /** Valid until it is called again. */
  take(): Uint8Array {
    const piece = this.#filled.subarray(0, this.size);
    [this.#filled, this.#read] = [this.#read, this.#filled];
    this.size = 0;
    return piece;
  }
}

/** The compiler does not see that the listeners change it. */
function stateOf(end: "not-yet" | "complete" | Error): "not-yet" | "complete" | Error {
  return end;
}

/** false: it did not, within the limit. */
function somethingComes(onWake: (call: () => void) => void, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    onWake(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
