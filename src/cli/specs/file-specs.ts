import type { ArgumentSpec, CommandSpec } from "../command-spec.ts";

const source: ArgumentSpec = { name: "file", isRequired: true, describes: "a snapshot, a db file, or the data dir of a stopped member" };

/** Verbs on snapshots, databases and data dirs. None needs a cluster, and none writes to what it reads. */
export const fileSpecs: readonly CommandSpec[] = [
  {
    path: ["snapshot", "inspect"],
    summary: "what a snapshot, database or data dir holds, and what fills it",
    description: [
      "The numbers of `etcdutl snapshot status`, the checksum that it does not look at, the structure of the file, members, leases, and sizes by resource.",
    ],
    arguments: [source],
    examples: [
      { command: "requorum snapshot inspect backup.db", why: "a snapshot" },
      { command: "requorum snapshot inspect /var/lib/etcd -o json", why: "a stopped member's data dir, for a program" },
    ],
    exits: ["findings", "failed", "interrupted"],
    load: async () => (await import("../commands/snapshot-inspect.ts")).command,
  },
  {
    path: ["snapshot", "check"],
    summary: "is this file whole? checksum, every page, every record, every object",
    description: ["Exit code 0 only when everything that can be checked is good, 15 when something is damaged."],
    arguments: [source],
    examples: [{ command: "requorum snapshot check backup.db", why: "before you rely on it" }],
    exits: ["verificationFailed", "failed", "interrupted"],
    load: async () => (await import("../commands/snapshot-check.ts")).command,
  },
];
