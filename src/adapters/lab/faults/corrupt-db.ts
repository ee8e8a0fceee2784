import { open } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { etcdDirectory } from "./etcd-disk.ts";
import { flipBits, flipBitsBack } from "./flip-bits.ts";
import type { Fault } from "./fault.ts";

const backend = "member/snap/db";

export const corruptDbFault: Fault = {
  kind: "corrupt-db",
  addsUp: true,
  summary: "flips bytes in etcd's database file, under the running etcd; healing puts them back",
  settings: {
    offset: "byte offset in member/snap/db (default: keys or values of the first leaf page after the middle)",
    count: "bytes to invert (default 64)",
  },
  async inject(context) {
    const directory = etcdDirectory(context);
    const offset =
      context.settings["offset"] === undefined ? await leafOffset(join(directory, backend)) : Number(context.settings["offset"]);
    return flipBits(directory, backend, { offset, count: Number(context.settings["count"] ?? "64") });
  },
  heal: (context, details) => flipBitsBack(etcdDirectory(context), details),
};

/** bbolt's page size is the system's; its page header is id (u64), flags (u16), count (u16), overflow (u32) (bbolt internal/common/page.go). */
const pageBytes = 4096;
const leafFlag = 0x02;

/** Where the data of a leaf page lies that has been written. It may be one that the freelist has given back: then nobody reads it, as with real damage. */
async function leafOffset(path: string): Promise<number> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const pages = Math.floor(size / pageBytes);
    for (let step = 0; step < pages; step++) {
      const pageId = (Math.floor(pages / 2) + step) % pages;
      const { buffer } = await file.read(Buffer.alloc(16), 0, 16, pageId * pageBytes);
      const count = buffer.readUInt16LE(10);
      if (buffer.readBigUInt64LE(0) === BigInt(pageId) && buffer.readUInt16LE(8) === leafFlag && count > 0)
        return pageId * pageBytes + pageBytes / 2;
    }
    throw new RecoveryError("LAB_FAILED", { subject: `file ${path}`, detail: "it has no leaf page; give an offset" });
  } finally {
    await file.close();
  }
}
