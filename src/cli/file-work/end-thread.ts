import { setTimeout as pause } from "node:timers/promises";
import type { Worker } from "node:worker_threads";

/** A thread ends between two steps of its JavaScript, within milliseconds; one that has not by then hangs in a call of the system. */
const defaultLimitMs = 2000;

let underWay = 0;

/** Node's own end of the process waits for every thread: with one that hangs, on a network disk that is gone, it never comes. */
export function isThreadHanging(): boolean {
  return underWay > 0;
}

/** Ends a thread; after `limitMs` it is left alone, and `isThreadHanging` from then on, until it ends after all. */
export async function endThread(worker: Worker, limitMs = defaultLimitMs): Promise<void> {
  underWay += 1;
  const ended = worker.terminate().then(() => {
    underWay -= 1;
  });
  await Promise.race([ended, pause(limitMs, undefined, { ref: false })]);
}
