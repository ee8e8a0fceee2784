/** The thread that hashes a file beside the one that reads its content, see `startSha256Thread`. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { sha256BlockBytes, sha256HashBytes, sha256State, sha256Words, type Sha256Work } from "./start-sha256-thread.ts";

function main(): void {
  const work = workerData as Sha256Work; // made by startSha256Thread
  const words = new Int32Array(work.shared, 0, sha256Words.count);
  let state: number = sha256State.failed;
  try {
    const digest = digestOf(work, words);
    if (digest !== undefined) {
      new Uint8Array(work.shared, 4 * sha256Words.count, sha256HashBytes).set(digest);
      state = sha256State.done;
    }
  } finally {
    // Whoever waits hashes the file by himself then, and meets what went wrong here.
    Atomics.store(words, sha256Words.state, state);
    Atomics.notify(words, sha256Words.state);
  }
}

/** undefined: it is not that file, or it became shorter. */
function digestOf(work: Sha256Work, words: Int32Array): Uint8Array | undefined {
  const file = openSync(work.place, "r");
  try {
    const { dev, ino } = fstatSync(file, { bigint: true });
    if (dev !== work.device || ino !== work.inode) return undefined;
    const hash = createHash("sha256");
    const block = new Uint8Array(sha256BlockBytes);
    for (let at = 0; at < work.sizeBytes;) {
      const wanted = Math.min(block.length, work.sizeBytes - at);
      const read = readSync(file, block, 0, wanted, at);
      if (read === 0) return undefined;
      hash.update(read === block.length ? block : block.subarray(0, read));
      at += read;
      Atomics.store(words, sha256Words.doneBlocks, Math.floor(at / sha256BlockBytes));
    }
    return hash.digest();
  } finally {
    closeSync(file);
  }
}

main();
