import { proofLevels, refusingMarkCodes } from "../../model/backup-set.ts";
import type { CommandSpec, OptionSpec } from "../command-spec.ts";
import { setKeyOptions, signerOption } from "./backup-key-options.ts";
import { keygenSpec } from "./backup-keygen-spec.ts";
import { unsealSpec } from "./backup-unseal-spec.ts";

export const storeOption: OptionSpec = {
  name: "store",
  value: "PLACE",
  describes: "another store than the configured one: a directory, s3://BUCKET/PREFIX or ssh://HOST/PATH",
};

/** A set by name, in every verb on one. */
export const setArgument = {
  name: "set",
  isRequired: false,
  describes: "the set's name, or how it begins; latest: the newest trusted one of this cluster, as without",
} as const;

/** Of 130, by verbs that make a set. */
export const keptWords =
  "interrupted; a set that was not finished is listed nowhere. What was made by then ends with 0 or 3, what may be listed with 14";
const storeExits = ["factsIncomplete", "failed", "interrupted"] as const;
const storeWords: NonNullable<CommandSpec["exitWords"]> = {
  factsIncomplete: "the store, or a machine, could not be reached",
  failed: "the store, or a file of this machine, failed; also: the time of --timeout is over",
  refused: "a machine of the store is not the known one",
};

/** Verbs on backup sets. */
export const backupSpecs: readonly CommandSpec[] = [
  {
    path: ["backup", "create"],
    summary: "make a backup set: etcd, keys, certificates, manifests and settings of every machine",
    description: [
      "A snapshot of a healthy member, and from every control-plane machine what a recovery needs: certificates and keys, encryption configuration, static pods, kubelet, container runtime and load balancer; encrypted, deduplicated, signed. The members' data is compared first; what was stored is read again before the set counts.",
      "It works with the API down, and without quorum. What is not as it should be is a mark of the set, and exit code 3. With some marks a set may be worth less than one that is there: then it is refused, and made with --accept and the mark's name.",
    ],
    options: [
      storeOption,
      {
        name: "from",
        value: "HOST",
        describes: "take the snapshot of the member on this machine",
        defaultWords: "as `backup.source` says",
      },
      {
        name: "accept",
        value: "MARK",
        isRepeatable: true,
        choices: refusingMarkCodes,
        describes: "make the set although it gets this mark (repeat)",
      },
      { name: "new-store", describes: "write there although this machine saw a store there before, and there is none now, or another one" },
    ],
    examples: [
      { command: "requorum backup create", why: "to the configured store" },
      { command: "requorum backup create --store /mnt/usb/sets", why: "to another place" },
      {
        command: "requorum backup create --accept NO_QUORUM --accept OFFLINE_COPY",
        why: "everything is down: copy the data dir of a stopped member",
      },
    ],
    exits: ["findings", "locked", "outcomeUnknown", "verificationFailed", "refused", ...storeExits],
    exitsKept: ["findings", "outcomeUnknown"],
    exitWords: {
      ...storeWords,
      findings: "the set was made, and has marks",
      locked: "another program takes away sets in the store at this moment",
      failed: "a machine, the store or this one's disk failed; nothing of the set is listed",
      outcomeUnknown:
        "a machine stopped answering; or the store did at the end, and whether the set is listed is not known: the message names it",
      verificationFailed: "what etcd gave is damaged",
      refused: "refused: a mark that was not accepted, or a machine that is not the known one",
      interrupted: keptWords,
    },
    load: async () => (await import("../commands/backup-create.ts")).command,
  },
  {
    path: ["backup", "list"],
    summary: "all backup sets of the store: age, revision, marks, and what is proven of each",
    description: ["With --store no configuration is needed."],
    options: [storeOption, signerOption],
    examples: [
      { command: "requorum backup list", why: "newest first" },
      { command: "requorum backup list -o json", why: "for a program" },
    ],
    exits: ["findings", "refused", ...storeExits],
    exitWords: {
      ...storeWords,
      findings:
        "listed, and a set is damaged, proven not to restore, not to be read, gone since the last look, dated in the future, or not signed by a known key; or the store's own file is gone, what is there could not be remembered, or scheduled backups of this machine fail or are overdue",
    },
    load: async () => (await import("../commands/backup-list.ts")).command,
  },
  {
    path: ["backup", "show"],
    summary: "one backup set: what is in it, of which member and machines, who can open it",
    description: [
      "It reads the signed manifest alone; no key is needed, and with --store no configuration. The files of a machine, by --host, are in the sealed index: for them a key is needed, that of this machine or one that is given.",
    ],
    arguments: [setArgument],
    options: [storeOption, { name: "host", value: "HOST", describes: "list the files of this machine, too" }, ...setKeyOptions],
    examples: [
      { command: "requorum backup show", why: "the newest one" },
      { command: "requorum backup show latest --host cp1", why: "which files of cp1 it has" },
      { command: "requorum backup show 20261122-031500-3fa9c1", why: "one by its name" },
    ],
    exits: ["findings", "verificationFailed", "refused", ...storeExits],
    exitWords: {
      ...storeWords,
      usage: "wrong usage or configuration; also: no such set",
      findings:
        "shown, and it has marks, is proven not to restore or not to be read, is dated in the future, or is not signed by a known key",
      verificationFailed: "its manifest is damaged; with --host also: it is not signed by a known key, or no key opens it",
    },
    load: async () => (await import("../commands/backup-show.ts")).command,
  },
  unsealSpec,
  keygenSpec,
  {
    path: ["backup", "verify"],
    summary: "prove that a backup set can be restored, level by level, and write the proof beside it",
    description: [
      "V0: everything is stored. V1: hashes and signature. V2: etcd's pages, records and every object read, and agree with the manifest. V3: the parts belong together: authorities and certificates, service account keys, encryption keys, members, revision, times. V4: a real etcd started from it on this machine serves the same data. V5: a real kube-apiserver lists the same objects and reads a secret.",
      "A level is tried only when all before it hold; V4 and V5 also where V3 is unknown (a machine was off when the set was made), and then they do not count as reached. What could not be tried says why, and never counts. V4 and V5 run on loopback behind certificates of their own, in memory where there is room, unprivileged, and leave nothing. No cluster is asked, and with --store no configuration is needed.",
    ],
    arguments: [setArgument],
    options: [
      storeOption,
      { name: "level", value: "LEVEL", choices: proofLevels, describes: "the highest level to try", defaultWords: "V3" },
      ...setKeyOptions,
    ],
    examples: [
      { command: "requorum backup verify", why: "the newest set, up to V3" },
      { command: "requorum backup verify latest --level V4", why: "start a real etcd from it" },
      {
        command: "requorum backup verify latest --level V5 --identity ./escrow.txt",
        why: "all of it, with the key that a person would have",
      },
    ],
    exits: ["verificationFailed", "refused", ...storeExits],
    exitWords: {
      ...storeWords,
      done: "every level that was asked for holds",
      usage: "wrong usage or configuration; also: no such set",
      factsIncomplete: "nothing wrong was found, and a level could not be tried; also: the store could not be reached",
      failed:
        "every level holds, and the proof could not be written; also: a file of this machine failed, or the time of --timeout is over",
      verificationFailed: "a level fails: the reasons are shown",
      interrupted: "interrupted; no proof was written, and nothing of the sandbox is left",
    },
    load: async () => (await import("../commands/backup-verify.ts")).command,
  },
  {
    path: ["backup", "drill"],
    summary: "restore a backup set into a sandbox, as after a disaster, and measure how long it takes",
    description: [
      "All levels of `backup verify` up to V5, with the time until etcd and the API answered kept as evidence: `backup list` shows it as the recovery time to expect.",
    ],
    arguments: [setArgument],
    options: [storeOption, ...setKeyOptions],
    examples: [
      { command: "requorum backup drill", why: "the newest set" },
      { command: "requorum backup drill latest --identity ./escrow.txt", why: "with the key that a person would have" },
      {
        command: "requorum backup drill 20261122-031500-3fa9c1 --store /mnt/usb/sets --identity ./escrow.txt --trust-signer KEY",
        why: "when nothing but the store is left: KEY is what `backup list` showed",
      },
    ],
    exits: ["verificationFailed", "refused", ...storeExits],
    exitWords: {
      ...storeWords,
      done: "etcd and the API came up with the same objects",
      usage: "wrong usage or configuration; also: no such set",
      factsIncomplete: "nothing wrong was found, and a level could not be tried; also: the store could not be reached",
      failed:
        "every level holds, and the proof could not be written; also: a file of this machine failed, or the time of --timeout is over",
      verificationFailed: "a level fails: the reasons are shown",
      interrupted: "interrupted; no proof was written, and nothing of the sandbox is left",
    },
    load: async () => (await import("../commands/backup-drill.ts")).command,
  },
];
