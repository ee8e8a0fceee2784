import type { CommandSpec, OptionSpec } from "../command-spec.ts";
import { setKeyOptions } from "./backup-key-options.ts";
import { storeOption } from "./backup-specs.ts";
import { objectOptions } from "./object-options.ts";

const committedOnly: OptionSpec = {
  name: "committed-only",
  describes: "of the copy of a data dir: leave out what lies above the recorded commit index",
};

const encryptionConfig: OptionSpec = {
  name: "encryption-config",
  value: "FILE",
  describes: "a further EncryptionConfiguration for values encrypted at rest, besides the one that is in the set",
};

const readWords: NonNullable<CommandSpec["exitWords"]> = {
  usage: "wrong usage, configuration or key file; also: no such set",
  failed: "the store failed, or etcd's data in the set cannot be read; also: the time of --timeout is over",
  verificationFailed: "the set is damaged or not signed by a known key, or the key does not open it",
};

/** Verbs that read objects out of a set. They write nothing, and bring only the chunks that they need. */
export const backupReadSpecs: readonly CommandSpec[] = [
  {
    path: ["backup", "get"],
    summary: "objects of Kubernetes out of a backup set, as YAML that kubectl apply takes",
    description: [
      "What `snapshot get` does with a file, without the whole set being fetched: only the chunks are read that are needed. Objects that are named one by one are looked for from the newest revision back, until they are found; anything else takes a walk over etcd's data, and none over the rest of the set. Nothing is written to a disk.",
      "What is encrypted at rest is opened with the set's own encryption configuration, which is named on standard error. Secrets are printed as they are.",
      "Exit code 3: something that was asked for is not there or cannot be read as a whole; all the rest is printed.",
    ],
    arguments: [
      {
        name: "set",
        isRequired: true,
        describes: "the set's name, or how it begins; latest: the newest trusted one of this cluster",
      },
      {
        name: "what",
        isRequired: false,
        isVariadic: true,
        describes: "as kubectl names it: namespace/shop, secret/app-login, cm,deploy, all, widget/one; or an etcd key",
      },
    ],
    options: [
      storeOption,
      ...objectOptions("for objects by name the one of the set's API server, else the one with most objects"),
      encryptionConfig,
      committedOnly,
      ...setKeyOptions,
    ],
    examples: [
      { command: "requorum backup get latest configmap/settings -n shop", why: "one deleted object; append `| kubectl apply -f -`" },
      { command: "requorum backup get latest --namespace shop", why: "a whole namespace" },
      {
        command:
          "requorum backup get 20261122-031500-3fa9c1 secret/app-login -n shop --store /mnt/usb/sets --identity escrow.txt --trust-signer KEY",
        why: "on any machine, with a recipient's identity; KEY is what `backup list` shows on the machine that makes the backups",
      },
    ],
    exits: ["findings", "factsIncomplete", "failed", "verificationFailed", "refused", "interrupted"],
    exitWords: {
      ...readWords,
      findings: "an object is not there, or was left out or is not whole; each is named; or the last of a log or the database is lost",
      factsIncomplete: "the store could not be reached",
      refused: "a machine of the store is not the known one",
    },
    load: async () => (await import("../commands/backup-get.ts")).command,
  },
  {
    path: ["backup", "diff"],
    summary: "which objects differ between a backup set and the running cluster, another set, or a file",
    description: [
      "What a restore of the set would lose, revert and bring back. Leases, events and what every write changes are left aside; --all counts them too. Values are not shown, only the names of fields.",
      "Of sets only the chunks of etcd's data are read. The encryption configuration in the sets opens what is encrypted at rest; where the running cluster has newer keys, give its own with --encryption-config.",
    ],
    arguments: [
      {
        name: "set",
        isRequired: true,
        describes: "the set's name, or how it begins; latest: the newest trusted one of this cluster",
      },
      {
        name: "to",
        isRequired: false,
        describes:
          "live for the running cluster, or live://HOST for the own state of one member, as where there is no quorum; another set; or a snapshot, database or data dir, as a path with a slash or a point in it (./NAME), or ssh://HOST/PATH; left out: the same set at another revision",
      },
    ],
    options: [
      storeOption,
      { name: "from-revision", value: "N", describes: "the set's revision", defaultWords: "the newest" },
      { name: "to-revision", value: "N", describes: "the other one's revision", defaultWords: "the newest" },
      { name: "namespace", short: "n", value: "NAME", describes: "only this namespace" },
      { name: "only", value: "WHAT", describes: "only these objects, named as for `backup get`" },
      { name: "all", describes: "leases, events, managedFields and resourceVersion too" },
      encryptionConfig,
      committedOnly,
      ...setKeyOptions,
    ],
    examples: [
      { command: "requorum backup diff latest live", why: "what a restore of the newest set would lose" },
      { command: "requorum backup diff 20261121-031500-91be04 20261122-031500-3fa9c1", why: "what changed between two sets" },
      { command: "requorum backup diff latest ./snapshot.db --namespace shop", why: "of one namespace, against a snapshot" },
    ],
    exits: ["findings", "factsIncomplete", "failed", "outcomeUnknown", "verificationFailed", "refused", "interrupted"],
    exitWords: {
      ...readWords,
      usage: `${readWords.usage ?? ""} or file, or nothing in either is named so`,
      findings: "there are differences, or objects that could not be compared, or the last of a log or a database is lost",
      factsIncomplete: "the store, a machine, or the running cluster could not be reached",
      outcomeUnknown: "a machine stopped answering",
      refused: "a machine is not the known one",
    },
    load: async () => (await import("../commands/backup-diff.ts")).command,
  },
];
