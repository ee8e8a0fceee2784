import { stat } from "node:fs/promises";
import { join } from "node:path";
import { etcdDirectory } from "./etcd-disk.ts";
import { flipBits, flipBitsBack } from "./flip-bits.ts";
import type { Fault } from "./fault.ts";

const backend = "member/snap/db";

export const corruptDbFault: Fault = {
  kind: "corrupt-db",
  summary: "flips bytes in etcd's database file, under the running etcd; healing puts them back",
  settings: { offset: "byte offset in member/snap/db (default: the middle)", count: "bytes to invert (default 64)" },
  async inject(context) {
    const directory = etcdDirectory(context);
    const { size } = await stat(join(directory, backend));
    return flipBits(directory, backend, { offset: Number(context.settings["offset"] ?? Math.floor(size / 2)), count: Number(context.settings["count"] ?? "64") });
  },
  heal: (context, details) => flipBitsBack(etcdDirectory(context), details),
};
