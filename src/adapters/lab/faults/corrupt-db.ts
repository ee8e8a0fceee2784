import { stat } from "node:fs/promises";
import { join } from "node:path";
import { flipBits, flipBitsBack } from "./flip-bits.ts";
import type { Fault } from "./fault.ts";

export const corruptDbFault: Fault = {
  kind: "corrupt-db",
  summary: "flips bytes in etcd's database file, under the running etcd; healing puts them back",
  settings: { offset: "byte offset in member/snap/db (default: the middle)", count: "bytes to invert (default 64)" },
  async inject(context) {
    const file = join(context.paths.etcdMount, "member/snap/db");
    const { size } = await stat(file);
    return flipBits(file, Number(context.settings["offset"] ?? Math.floor(size / 2)), Number(context.settings["count"] ?? "64"));
  },
  heal: (_context, details) => flipBitsBack(details),
};
