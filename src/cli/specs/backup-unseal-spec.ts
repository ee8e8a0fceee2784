import type { CommandSpec } from "../command-spec.ts";
import { setKeyOptions } from "./backup-key-options.ts";

export const unsealSpec: CommandSpec = {
  path: ["backup", "unseal"],
  summary: "write the files of a set as they were, for a person",
  description: [
    "Below the new directory: cluster/ with etcd's snapshot and the records, and a folder for each machine with its files under their paths. Modes and times are kept; owners stand in requorum-set.json. Every byte is checked before the directory gets its name. Links lead to what they led to, within the folder of their machine; one whose target is not in the set is not made, but told.",
    "With --store and a key no configuration is needed, and nothing else of requorum: docs/backup-format.md says how to do it without requorum at all.",
    "What is written are private keys and the cluster's secrets in clear. Choose a disk where they may lie, and remove them afterwards.",
  ],
  arguments: [
    {
      name: "set",
      isRequired: false,
      describes: "the set's name, or how it begins; latest: the newest trusted one of this cluster, as without",
    },
  ],
  options: [
    { name: "to", value: "DIR", describes: "the directory to be made; nothing, or an empty directory, is there" },
    {
      name: "store",
      value: "PLACE",
      describes: "another store than the configured one: a directory, s3://BUCKET/PREFIX or ssh://HOST/PATH",
    },
    ...setKeyOptions,
  ],
  examples: [
    { command: "requorum backup unseal --to /root/set", why: "the newest set, on the machine that makes the backups" },
    {
      command:
        "requorum backup unseal 20261122-031500-3fa9c1 --store /mnt/usb/sets --to /root/set --identity escrow.txt --trust-signer KEY",
      why: "on any machine, with a recipient's identity; KEY is what `backup list` shows on the machine that makes the backups",
    },
    {
      command:
        "requorum backup unseal 20261122-031500-3fa9c1 --store /mnt/usb/sets --to /root/set --passphrase-file passphrase --trust-signer KEY",
      why: "with the passphrase alone",
    },
  ],
  exits: ["factsIncomplete", "failed", "verificationFailed", "refused", "interrupted"],
  exitWords: {
    usage: "wrong usage, configuration or key file; also: no such set",
    factsIncomplete: "the store could not be reached",
    failed: "the store, or this machine's disk, failed; nothing was left",
    verificationFailed: "the set is damaged or not signed by a known key, or the key does not open it; nothing was left",
    refused: "something is at the target, or a machine of the store is not the known one",
    interrupted: "interrupted; nothing was left",
  },
  load: async () => (await import("../commands/backup-unseal.ts")).command,
};
