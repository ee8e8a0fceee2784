import type { FindingEntry } from "../finding-entry.ts";

/** Alarms before disk, disk before stale objects. (E17-E19, N03-N06) */
export const alarmAndDiskFindings = {
  E17_NOSPACE_ALARM: {
    catalogueId: "E17",
    title: "etcd's space quota is used up: writes are refused",
    meaning: "The database reached its quota. The API is read-only until space was made and the alarm is taken back.",
    tellApart: "A full filesystem raises no alarm; compare database size and quota.",
    doNext: [
      "Take a snapshot.",
      "Find who writes.",
      "Compact, defragment one member at a time with the leader last, then disarm and test a write.",
    ],
    never: ["Disarm first.", "Defragment all members at once.", "Delete the database file."],
    probes: ["PB2", "PB5"],
  },
  E18_CORRUPT_ALARM: {
    catalogueId: "E18",
    title: "etcd found that a member's data differs from the others'",
    meaning: "The named member answers from damaged data. The majority is right.",
    tellApart: "If etcd cannot name the member, there is no majority to trust (E19).",
    doNext: [
      "Compare the key hash of all members at one revision.",
      "Stop the odd member, move its data aside and replace it; disarm afterwards.",
    ],
    never: ["Disarm without replacing it.", "Take a snapshot from it."],
    probes: ["PB5", "PB6"],
  },
  E19_CORRUPT_WITHOUT_MAJORITY: {
    catalogueId: "E19",
    title: "Members' data differs and etcd cannot tell which is right",
    meaning: "The alarm names no member: no majority of equal hashes exists. Only people can choose.",
    tellApart: "The alarm's member id is 0.",
    doNext: ["Stop writes.", "Compare the histories and decide which member to trust, then restore all from its snapshot."],
    never: ["Let a program pick."],
    probes: ["PB5", "PB6"],
  },
  N03_FILESYSTEM_READ_ONLY: {
    catalogueId: "N03",
    title: "The filesystem below etcd's data is read-only",
    meaning:
      "Mostly the kernel's answer to I/O errors. etcd cannot keep its promises on it; a process that still runs is living on borrowed time.",
    tellApart: "A full disk says ENOSPC, a wrong owner EACCES; here the mount itself is read-only or the write test says EROFS.",
    doNext: ["Fence etcd on this machine.", "Replace the disk and the member rather than repairing in place."],
    never: ["Remount writable and restart etcd as if nothing had happened."],
    probes: ["PB7"],
  },
  N04_DISK_FAILING: {
    catalogueId: "N04",
    title: "The disk below etcd hangs or reports I/O errors",
    meaning: "The process may live and even keep its leadership while writes hang. It is not a healthy voter.",
    tellApart: "A local read works, a read that needs agreement hangs; the write test fails or the process waits in state D.",
    doNext: [
      "If it is the leader and answers, move leadership away.",
      "Power the machine off or cut its network, then replace the member.",
    ],
    never: ["Trust its liveness.", "Rely on a graceful stop."],
    probes: ["PB3", "PB7"],
  },
  N04_MEMBER_DOES_NOT_FOLLOW: {
    catalogueId: "N04",
    title: "A member answers from its own data, but not through the quorum",
    meaning:
      "It names a leader and serves local reads, while reads that need agreement hang on it. Its disk or its log output may be stuck, although the process looks alive.",
    tellApart: "Cut off from its peers it would name no leader. A hung disk shows in the write test, a stuck log output does not.",
    doNext: ["Look at the disk and at whatever takes up its log output.", "If it stays so: fence the machine, then replace the member."],
    never: ["Count it as a healthy voter because it answers."],
    probes: ["PB2", "PB3", "PB7"],
  },
  N05_SLOW_DISK: {
    catalogueId: "N05",
    title: "A synced write beside etcd's data took more than a second",
    meaning: "Slow syncs delay every write and lead to changes of leader. One sample is a hint, not a measurement.",
    tellApart: "Network and processor are idle while the write waits.",
    doNext: ["Look at the WAL sync histogram of this member.", "Move leadership away, remove other load from the disk."],
    never: ["Restore from backup.", "Set other timeouts on one member only."],
    probes: ["PB7"],
  },
  N06_FILESYSTEM_FULL: {
    catalogueId: "N06",
    title: "The filesystem below etcd's data is full",
    meaning: "etcd cannot write its log and stops, or will within minutes.",
    tellApart: "Free space and inodes of the filesystem, not etcd's quota alarm.",
    doNext: ["Free space outside `member/` or extend the volume, then start the member."],
    never: ["Delete files below `member/`."],
    probes: ["PB7"],
  },
} as const satisfies Readonly<Record<string, FindingEntry>>;
