/** The thread that checks a file beside the one that reads its content, see `startCheckThread`. */
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { checkBolt } from "../../formats/bbolt/check-bolt.ts";
import { sliceSource, type ByteSource } from "../../formats/byte-source.ts";
import type { ChecksAsked, ContentChecks } from "../../ports/byte-files.ts";
import { SealedByteFiles } from "./sealed-byte-files.ts";
import { checkBlockBytes, checkState, checkWords, type CheckThreadData, type CheckWork } from "./start-check-thread.ts";

function main(): void {
  const { work, shared, port } = workerData as CheckThreadData; // made by startCheckThread
  const words = new Int32Array(shared, 0, checkWords.count);
  let state: number = checkState.failed;
  try {
    const answer = checksOf(work, (doneBytes) => Atomics.store(words, checkWords.doneBlocks, Math.floor(doneBytes / checkBlockBytes)));
    port.postMessage(answer);
    state = checkState.done;
  } finally {
    // Whoever waits does it all by himself then, and meets what went wrong here.
    Atomics.store(words, checkWords.state, state);
    Atomics.notify(words, checkWords.state);
    port.close();
  }
}

function checksOf(work: CheckWork, onDone: (doneBytes: number) => void): ContentChecks {
  if ("sealed" in work) {
    const file = new SealedByteFiles(work.sealed).open(work.name);
    try {
      return checksOfSource(sliceSource(file, 0, work.sizeBytes), work, onDone);
    } finally {
      file.close();
    }
  }
  const file = openSync(work.place, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { dev, ino } = fstatSync(file, { bigint: true });
    if (dev !== work.device || ino !== work.inode) throw new Error("it is another file");
    return checksOfSource(sourceOf(file, work), work, onDone);
  } finally {
    closeSync(file);
  }
}

function checksOfSource(source: ByteSource, asked: ChecksAsked, onDone: (doneBytes: number) => void): ContentChecks {
  const before = asked.structure ? asked.sizeBytes : 0;
  return {
    structure: asked.structure ? checkBolt(source, { onBytes: onDone }) : undefined,
    sha256: asked.sha256 ? sha256Of(source, (doneBytes) => onDone(before + doneBytes)) : undefined,
  };
}

function sourceOf(file: number, { place, sizeBytes }: { readonly place: string; readonly sizeBytes: number }): ByteSource {
  return {
    name: place,
    size: sizeBytes,
    readInto: (offset, into) => {
      for (let done = 0; done < into.length;) {
        const read = readSync(file, into, done, into.length - done, offset + done);
        if (read === 0) throw new Error("it became shorter");
        done += read;
      }
    },
  };
}

function sha256Of(source: ByteSource, onBytes: (doneBytes: number) => void): string {
  const hash = createHash("sha256");
  const block = new Uint8Array(checkBlockBytes);
  for (let at = 0; at < source.size; at += block.length) {
    const part = block.subarray(0, Math.min(block.length, source.size - at));
    source.readInto(at, part);
    hash.update(part);
    onBytes(at + part.length);
  }
  return hash.digest("hex");
}

main();
