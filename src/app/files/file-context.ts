import type { OnBytes } from "../../formats/byte-source.ts";
import type { HashSeed } from "../../formats/etcd/mvcc/key-hasher.ts";
import type { SealCiphers } from "../../formats/kubernetes/sealed-value.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import type { ByteFiles } from "../../ports/byte-files.ts";
import type { DataDirWriter } from "../../ports/data-dir-writer.ts";
import type { Hashing } from "../../ports/hashing.ts";

/** What work on files is given. All of it is synchronous: it runs beside the screen, in a thread of its own. */
export interface FileContext {
  readonly files: ByteFiles;
  readonly dataDirs: DataDirWriter;
  readonly hashing: Hashing;
  /** etcd's member and cluster ids are made with it. */
  readonly sha1: (data: Uint8Array) => Uint8Array;
  readonly report: ReportProgress;
  /** Of the API server's encryption at rest. */
  readonly ciphers: SealCiphers;
}

/** For one pass over the keys of a file: nobody who made the file knows it. */
export function newHashSeed({ hashing }: FileContext): HashSeed {
  const hex = hashing.randomHex(16);
  const word = (at: number): number => Number.parseInt(hex.slice(8 * at, 8 * at + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

/** Progress of one pass over a file, in words for the screen. */
export function showing(context: FileContext, text: string): OnBytes {
  return (done, total) => {
    context.report({ kind: "bytes", text, done: BigInt(Math.round(done)), total: BigInt(Math.round(total)) });
  };
}
