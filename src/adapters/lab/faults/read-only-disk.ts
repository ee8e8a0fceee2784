import { writeFile } from "node:fs/promises";
import { etcdBlockDevice, repairEtcdDisk } from "./etcd-disk.ts";
import type { Fault } from "./fault.ts";

export const readOnlyDiskFault: Fault = {
  kind: "read-only-disk",
  summary: "the file system of etcd's data meets an error and turns read-only; healing repairs it (off, fsck, on)",
  settings: {},
  async inject(context) {
    // ext4 treats it as a found inconsistency; the file system is made with errors=remount-ro (kernel Documentation/ABI/testing/sysfs-fs-ext4).
    await writeFile(`/sys/fs/ext4/${await etcdBlockDevice(context)}/trigger_fs_error`, "1");
    return {};
  },
  heal: repairEtcdDisk,
};
