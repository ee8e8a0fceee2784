import type { ArgumentSpec, CommandSpec, OptionSpec } from "../command-spec.ts";
import { objectOptions } from "./object-options.ts";

const source: ArgumentSpec = {
  name: "file",
  isRequired: true,
  describes: "a snapshot, a db file, or the data dir of a stopped member; also ssh://HOST/PATH, and live for the running cluster",
};

/** A file that cannot be read, a machine that cannot be reached or is not the known one, Ctrl-C. */
const sourceExits = ["factsIncomplete", "failed", "outcomeUnknown", "refused", "interrupted"] as const;
const sourceWords: NonNullable<CommandSpec["exitWords"]> = {
  usage: "wrong usage or configuration; also: no such file, or none of etcd's",
  factsIncomplete: "a machine, or the running cluster, could not be reached",
  failed: "a file could not be used: damaged, in use by an etcd, or changed while it was read; also: the time of --timeout is over",
  outcomeUnknown: "a machine stopped answering",
  refused: "refused by a safety gate: a machine is not the known one",
};

const committedOnly: OptionSpec = {
  name: "committed-only",
  describes: "of a data dir: leave out what lies above the recorded commit index",
};

const skipHashCheck: OptionSpec = {
  name: "skip-hash-check",
  describes: "take a snapshot although its content does not have the sha256 at its end; values may be wrong",
};

const walDir: OptionSpec = {
  name: "wal-dir",
  value: "DIR",
  describes: "where the log of a data dir is, when its member ran with etcd's --wal-dir",
};

/** Of verbs on several. */
const walDirs: OptionSpec = {
  ...walDir,
  value: "DIR=LOGDIR",
  isRepeatable: true,
  describes: "where the log of one of the data dirs is, when its member ran with etcd's --wal-dir; may be repeated",
};

const acceptLogDamage: OptionSpec = {
  name: "accept-log-damage",
  describes:
    "of a data dir whose log is damaged, missing, too short or not to be applied, or whose database alone is given: take the database with what surely continues it, and lose the rest",
};

/** Verbs on snapshots, databases and data dirs. None needs a cluster, and none writes to what it reads. */
export const fileSpecs: readonly CommandSpec[] = [
  {
    path: ["snapshot", "inspect"],
    summary: "what a snapshot, database or data dir holds, and what fills it",
    description: [
      "The numbers of `etcdutl snapshot status`, the checksum that it does not look at, the structure of the file, members, leases, and sizes by resource.",
    ],
    arguments: [source],
    options: [walDir],
    examples: [
      { command: "requorum snapshot inspect backup.db", why: "a snapshot" },
      { command: "requorum snapshot inspect /var/lib/etcd -o json", why: "a stopped member's data dir, for a program" },
      { command: "requorum snapshot inspect ssh://cp1/var/lib/etcd", why: "one of another machine: copied here, compared, and removed" },
    ],
    exits: ["findings", ...sourceExits],
    exitWords: { ...sourceWords, findings: "shown, and something is wrong with the file" },
    load: async () => (await import("../commands/snapshot-inspect.ts")).command,
  },
  {
    path: ["snapshot", "check"],
    summary: "is this file whole? checksum, every page, every record, every object",
    description: [
      "Exit code 0 only when everything that can be checked is good, 15 when something is damaged, 3 when nothing wrong was seen and a part, as a log, could not be judged. With -o json one file gives the same document as several.",
    ],
    arguments: [{ ...source, name: "files", isVariadic: true }],
    options: [walDir],
    examples: [
      { command: "requorum snapshot check backup.db", why: "before you rely on it" },
      { command: "requorum snapshot check backups/*.db", why: "a row each, and the highest exit code of them" },
    ],
    exits: ["findings", "verificationFailed", ...sourceExits],
    exitWords: {
      ...sourceWords,
      findings: "nothing wrong was seen, and a part could not be judged; it is named",
      verificationFailed: "damaged; of several, at least one",
    },
    load: async () => (await import("../commands/snapshot-check.ts")).command,
  },
  {
    path: ["snapshot", "get"],
    summary: "objects of Kubernetes out of a file, as YAML that kubectl apply takes",
    description: [
      "What the cluster itself writes (status, uid, resourceVersion, …) is left out and named in a comment; --raw keeps it. Secrets are printed as they are.",
      "Exit code 3: something that was asked for is not there or cannot be read as a whole; all the rest is printed. Objects are printed while they are read: of one that ends with another error than 3, what was printed is not whole, and the error says where it ends.",
      "Where no resource is named, what the cluster makes again by itself is left out and counted in a comment at the end: events, leases, endpoints, and what a controller owns (but for its secrets, configmaps and volume claims).",
    ],
    arguments: [
      source,
      {
        name: "what",
        isRequired: false,
        isVariadic: true,
        describes: "as kubectl names it: secrets, secret/app-login, secret app-login, cm,deploy, all, widget/one; or an etcd key",
      },
    ],
    options: [
      ...objectOptions("the one with most objects"),
      { name: "encryption-config", value: "FILE", describes: "the EncryptionConfiguration, where values are encrypted at rest" },
      committedOnly,
      walDir,
      skipHashCheck,
    ],
    examples: [
      { command: "requorum snapshot get backup.db configmap/settings -n shop", why: "one deleted object; append `| kubectl apply -f -`" },
      { command: "requorum snapshot get backup.db cm,secrets,deploy -n shop", why: "all objects of these resources" },
      { command: "requorum snapshot get backup.db --namespace shop", why: "a whole namespace" },
    ],
    exits: ["findings", ...sourceExits],
    exitWords: {
      ...sourceWords,
      findings: "an object is not there, or was left out or is not whole; each is named; or the last of a log or the database is lost",
    },
    load: async () => (await import("../commands/snapshot-get.ts")).command,
  },
  {
    path: ["snapshot", "diff"],
    summary: "which objects were added, removed or changed between two files, or two revisions of one",
    description: [
      "Leases, events and what every write changes are left aside; --all counts them too. Values are not shown, only the names of fields.",
    ],
    arguments: [
      {
        name: "from",
        isRequired: true,
        describes: "the older snapshot, database or data dir; also ssh://HOST/PATH, and live for the running cluster",
      },
      { name: "to", isRequired: false, describes: "the newer one; left out: the same file at another revision" },
    ],
    options: [
      { name: "from-revision", value: "N", describes: "the older one's revision", defaultWords: "the newest" },
      { name: "to-revision", value: "N", describes: "the newer one's revision", defaultWords: "the newest" },
      { name: "namespace", short: "n", value: "NAME", describes: "only this namespace" },
      { name: "only", value: "WHAT", describes: "only these objects, named as for `snapshot get`" },
      { name: "all", describes: "leases, events, managedFields and resourceVersion too" },
      { name: "encryption-config", value: "FILE", describes: "the EncryptionConfiguration, where values are encrypted at rest" },
      committedOnly,
      walDirs,
      skipHashCheck,
    ],
    examples: [
      { command: "requorum snapshot diff monday.db tuesday.db", why: "what a restore of Monday's would lose" },
      { command: "requorum snapshot diff backup.db live", why: "what a restore of it would lose, of the cluster that runs" },
      { command: "requorum snapshot diff backup.db --from-revision 48000 --to-revision 48210", why: "within one file" },
    ],
    exits: ["findings", ...sourceExits],
    exitWords: {
      ...sourceWords,
      usage: `${sourceWords.usage}; nothing in either is named so`,
      findings: "there are differences, or objects that could not be compared, or the last of a log or a database is lost",
    },
    load: async () => (await import("../commands/snapshot-diff.ts")).command,
  },
  {
    path: ["snapshot", "hashkv"],
    summary: "the number that `etcdctl endpoint hashkv` gives on a server with the same data",
    description: [
      "Of a data dir with its log replayed; refused where that is damaged, missing or too short, as the number would be of a state that never was the newest. Compare at one revision: the newest one moves.",
    ],
    arguments: [source],
    options: [
      { name: "revision", value: "N", describes: "at this revision", defaultWords: "the newest" },
      { name: "etcd-version", value: "VERSION", describes: "whose rules to follow, as 3.6.16", defaultWords: "what the file says" },
      walDir,
      acceptLogDamage,
      skipHashCheck,
    ],
    examples: [{ command: "requorum snapshot hashkv backup.db --revision 48210", why: "to compare with a server at that revision" }],
    exits: ["findings", ...sourceExits],
    exitWords: { ...sourceWords, findings: "hashed, and the last of the log or the database is lost" },
    load: async () => (await import("../commands/snapshot-hashkv.ts")).command,
  },
  {
    path: ["snapshot", "rank"],
    summary: "which of several survivors' data dirs holds the newest state, and what is missing in each",
    description: [
      "Ordered as raft would: by the term of the last entry, then by its index. The log counts to its last whole entry: acknowledged writes are regularly found above the commit index that it recorded.",
      "What each lacks against the newest is said in entries and revisions. What is damaged is never the newest, and of different clusters or histories none is.",
    ],
    arguments: [
      { name: "dirs", isRequired: true, isVariadic: true, describes: "data dirs of stopped members, or files, here or as ssh://HOST/PATH" },
    ],
    options: [walDirs],
    examples: [
      { command: "requorum snapshot rank cp1-etcd cp2-etcd cp3-etcd", why: "before you choose the one to restore from" },
      {
        command: "requorum snapshot rank ssh://cp1/var/lib/etcd ssh://cp2/var/lib/etcd",
        why: "where they lie; HOST as in requorum.yaml, or USER@HOST for any other machine",
      },
    ],
    exits: ["findings", ...sourceExits],
    exitWords: {
      ...sourceWords,
      findings: "ranked as far as it can be told; what stands in the way is named",
      factsIncomplete: "none of several could be read",
    },
    load: async () => (await import("../commands/snapshot-rank.ts")).command,
  },
  {
    path: ["snapshot", "restore"],
    summary: "make a new data dir that etcd starts from",
    description: [
      "From a snapshot, a db file, or a data dir, whose log is replayed over its database. Only ever into a path where nothing is. The options are those of `etcdutl snapshot restore`, but for --wal-dir, which is where the source has its log: the new one is always in member/wal below --data-dir.",
      "A data dir whose log is damaged, missing, too short or not to be applied (as where it changes users or roles) is refused with what would be missing, unless --accept-log-damage is given. What a kill leaves of the last write is no damage.",
      "With several members, run it once for each: the same source, token and options, and --name of the member.",
    ],
    arguments: [source],
    options: [
      { name: "data-dir", value: "DIR", describes: "where to write", defaultWords: "NAME.etcd" },
      { name: "name", value: "NAME", describes: "the member that it is for", defaultWords: "default" },
      {
        name: "initial-cluster",
        value: "NAME=URL,…",
        describes: "all members of the new cluster with their peer URLs",
        defaultWords: "NAME=http://localhost:2380",
      },
      {
        name: "initial-advertise-peer-urls",
        value: "URL,…",
        describes: "of this member; it must be what --initial-cluster says, which alone is enough",
      },
      {
        name: "initial-cluster-token",
        value: "TOKEN",
        describes: "never used before, the same for all members",
        defaultWords: "a random one for a single member",
      },
      {
        name: "bump-revision",
        value: "N",
        describes: "add to the revision and mark all before it compacted, so that watchers find out; 1000000000 is usual",
      },
      { name: "mark-compacted", describes: "with --bump-revision, which always does it" },
      {
        name: "etcd-version",
        value: "MINOR",
        describes: "the etcd that will start on it: 3.4, 3.5, 3.6 or 3.7",
        defaultWords: "as the source",
      },
      { name: "clear-alarms", describes: "leave alarms behind: with a space alarm the restored cluster refuses writes" },
      committedOnly,
      walDir,
      acceptLogDamage,
      skipHashCheck,
    ],
    examples: [
      { command: "requorum snapshot restore backup.db --data-dir restored", why: "one member, to look into it" },
      {
        command:
          "requorum snapshot restore backup.db --name cp1 --initial-cluster cp1=https://10.0.0.11:2380,cp2=https://10.0.0.12:2380,cp3=https://10.0.0.13:2380 --initial-cluster-token restored-1 --bump-revision 1000000000 --data-dir /var/lib/etcd-new",
        why: "one of three members; it prints the calls for the two others",
      },
    ],
    exits: ["findings", ...sourceExits],
    exitWords: {
      ...sourceWords,
      findings: "restored, and a meta page of the database is damaged: its last commit may be lost, and no log gives it again",
      refused: "refused by a safety gate: something is where it is to go, or a machine is not the known one",
    },
    load: async () => (await import("../commands/snapshot-restore.ts")).command,
  },
];
