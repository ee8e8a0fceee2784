import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { etcdDirectory } from "./etcd-disk.ts";
import { flipBits, flipBitsBack } from "./flip-bits.ts";
import type { Fault } from "./fault.ts";

/** etcd preallocates WAL files with zeros: their written part ends at the last byte that is none. Read in pieces of this size. */
const pieceBytes = 1024 * 1024;

export const corruptWalFault: Fault = {
  kind: "corrupt-wal",
  addsUp: true,
  summary: "flips bytes in the newest file of etcd's write-ahead log; healing puts them back",
  settings: { offset: "byte offset (default: the middle of its written part)", count: "bytes to invert (default 16)" },
  async inject(context) {
    const directory = etcdDirectory(context);
    const newest = (await readdir(join(directory, "member/wal")))
      .filter((name) => name.endsWith(".wal"))
      .sort()
      .at(-1);
    if (newest === undefined)
      throw new RecoveryError("LAB_FAILED", { subject: `machine ${context.machine.name}`, detail: `there is no WAL in ${directory}` });
    const name = join("member/wal", newest);
    const offset =
      context.settings["offset"] === undefined
        ? Math.floor((await writtenBytes(join(directory, name))) / 2)
        : Number(context.settings["offset"]);
    return flipBits(directory, name, { offset, count: Number(context.settings["count"] ?? "16") });
  },
  heal: (context, details) => flipBitsBack(etcdDirectory(context), details),
};

async function writtenBytes(path: string): Promise<number> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    for (let start = Math.floor((size - 1) / pieceBytes) * pieceBytes; start >= 0; start -= pieceBytes) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(pieceBytes), 0, pieceBytes, start);
      for (let at = bytesRead - 1; at >= 0; at--) if (buffer[at] !== 0) return start + at + 1;
    }
    return 0;
  } finally {
    await file.close();
  }
}
