import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { readMeta } from "../../src/formats/etcd/schema/read-meta.ts";
import type { RaftEntry } from "../../src/formats/etcd/raft/raft-messages.ts";
import { databaseBytes, type DatabaseShape } from "./kube-database.ts";
import { makeWal } from "./make-wal.ts";

export interface DataDirShape extends DatabaseShape {
  /** Requests that the log holds above the database. */
  readonly requests: readonly Uint8Array[];
  /** Of those, how many the recorded commit index covers; all when left out. */
  readonly committed?: number;
}

/** A stopped member's data dir, by path below its own; its log begins at entry 1. */
export function dataDirFilesOf(shape: DataDirShape): Readonly<Record<string, Uint8Array>> {
  const database = databaseBytes(shape);
  const { consistentIndex = 0n, term = 0n } = readMeta(openBolt(new MemoryByteSource(database)));
  const older = Array.from({ length: Number(consistentIndex) }, (_, at): RaftEntry => ({
    kind: "normal",
    term,
    index: BigInt(at + 1),
    data: new Uint8Array(0),
  }));
  const newer = shape.requests.map((data, at): RaftEntry => ({ kind: "normal", term, index: consistentIndex + BigInt(at + 1), data }));
  const wal = makeWal(
    (writer) => {
      for (const entry of [...older, ...newer]) writer.entry(entry);
      writer.state({ term, vote: 0n, commit: consistentIndex + BigInt(shape.committed ?? newer.length) });
    },
    { memberId: shape.memberId ?? 0xa1n },
  );
  return {
    "member/snap/db": database,
    ...Object.fromEntries([...wal].map(([name, bytes]) => [`member/wal/${name}`, bytes])),
  };
}

export function below(directory: string, files: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, Uint8Array>> {
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${directory}/${path}`, bytes]));
}
