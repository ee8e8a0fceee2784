/**
 * Keeps the thread that makes text from running ahead of whoever reads it:
 * a pager that waits, a slow pipe. Only so many pieces are on their way; each
 * is counted when it was sent, and again when it was taken.
 */
export interface TextFlow {
  /** Seen by both threads. */
  readonly underWay: SharedArrayBuffer;
}

/** Two of them keep both threads busy; more are memory only. */
const underWayMax = 4;
/** The other thread wakes this one; a wait is only cut in parts so that it never depends on that alone. */
const lookEveryMs = 1000;

export function newTextFlow(): TextFlow {
  return { underWay: new SharedArrayBuffer(4) };
}

/** For who takes: one piece has left. */
export function noteTaken({ underWay }: TextFlow): void {
  const count = new Int32Array(underWay);
  Atomics.sub(count, 0, 1);
  Atomics.notify(count, 0);
}

/** For who makes, after each piece: waits while too many are on their way. Without limit, as a pager may wait for days; who reads no more ends this thread. */
export function noteSent({ underWay }: TextFlow): void {
  const count = new Int32Array(underWay);
  Atomics.add(count, 0, 1);
  for (let now = Atomics.load(count, 0); now >= underWayMax; now = Atomics.load(count, 0)) Atomics.wait(count, 0, now, lookEveryMs);
}

/** Thrown instead of a result: nobody takes what is written any more, so that nothing is left to do. No failure by itself. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}
