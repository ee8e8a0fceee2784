import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../run-program.ts";
import { etcdDirectory } from "./etcd-disk.ts";
import { faultTimeoutMs, type Fault } from "./fault.ts";

const fillName = ".requorum-lab-fill";

export const fullDiskFault: Fault = {
  kind: "full-disk",
  summary: "the file system of etcd's data has no free block left; healing frees it",
  settings: { leave: "bytes left free (default 0)" },
  async inject(context) {
    const leave = Number(context.settings["leave"] ?? "0");
    const { bavail, bsize } = await statfs(etcdDirectory(context));
    const file = join(etcdDirectory(context), fillName);
    const bytes = Math.max(0, bavail * bsize - leave);
    // Reserves blocks without writing them; the last few, which extents' own blocks may need, by writing until it is full.
    await runProgram({
      reason: "filling the etcd disk",
      program: "fallocate",
      args: ["-l", String(Math.max(4096, bytes - 1024 * 1024)), file],
      timeoutMs: faultTimeoutMs,
    });
    if (leave === 0) {
      await runProgram({
        reason: "filling the etcd disk",
        program: "dd",
        args: ["if=/dev/zero", `of=${file}.rest`, "bs=4096"],
        timeoutMs: faultTimeoutMs,
        acceptsFailure: true,
      });
    }
    return {};
  },
  async heal(context) {
    await rm(join(etcdDirectory(context), fillName), { force: true });
    await rm(join(etcdDirectory(context), `${fillName}.rest`), { force: true });
  },
};
