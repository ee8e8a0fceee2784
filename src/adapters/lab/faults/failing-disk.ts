import { repairEtcdDisk } from "./etcd-disk.ts";
import { faultTimeoutMs, type Fault } from "./fault.ts";

/** EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32); flag 2: no log flush (kernel fs/ext4/ext4.h). */
const script = `python3 - <<'PYTHON'
import fcntl, os, struct
directory = os.open("/var/lib/etcd", os.O_RDONLY)
fcntl.ioctl(directory, 0x8004587D, struct.pack("I", 2))
PYTHON
`;

export const failingDiskFault: Fault = {
  kind: "failing-disk",
  summary: "every read and write of etcd's data ends in an I/O error; healing repairs the file system (off, fsck, on)",
  settings: {},
  async inject(context) {
    await context.shell({ reason: "shutting down the etcd file system", script, timeoutMs: faultTimeoutMs });
    return {};
  },
  heal: repairEtcdDisk,
};
