import type { ErrorEntry } from "./error-entry.ts";

/** The part of the error catalogue that is about backup sets, their keys and the places where they lie. */
export const backupErrorEntries = {
  BACKUP_NOT_CONFIGURED: {
    summary: "no backups are configured",
    retry: "permanent",
    exit: "usage",
    meaning:
      "The configuration of the cluster has no section `backup`: it says where sets are kept and for whom they are encrypted. docs/requorum.schema.json describes it.",
  },
  BACKUP_REFUSED: {
    summary: "a backup set of this would not be trusted",
    retry: "permanent",
    exit: "refused",
    meaning:
      "Without quorum, of members that disagree, of another cluster than before, older than what was seen before, or by a clock that went back, a set may be worth less than those that are there, and newer than them. Nothing was stored. With --accept and the mark's name it is made, and says what is wrong with it wherever it is shown.",
  },
  BACKUP_NO_SOURCE: {
    summary: "there is nothing that a backup set could be made of",
    retry: "permanent",
    exit: "factsIncomplete",
    meaning: "No etcd of the cluster answers, and no data dir of a stopped member can be read; the detail says what was seen.",
  },
  BACKUP_STORE_UNREACHABLE: {
    summary: "the backup store does not answer",
    retry: "transient",
    exit: "factsIncomplete",
    meaning: "No connection to the place where backup sets lie. What is stored there is neither lost nor proven by that.",
    remedies: [
      { why: "see that the disk is mounted, or the machine or service of the store answers; then the same call again" },
      { why: "if there is a copy of the sets elsewhere, name that place with --store" },
    ],
  },
  BACKUP_STORE_FAILED: {
    summary: "the backup store refused or failed",
    retry: "permanent",
    exit: "failed",
    meaning:
      "The store does not permit it, something that it asks for is missing on this machine, or it gave less than was asked; the detail names the object.",
    remedies: [
      { why: "set right what the detail names: permissions, keys, the disk of the store; then the same call again" },
      { why: "see which sets can be read there", command: "requorum backup list" },
    ],
  },
  BACKUP_STORE_FULL: {
    summary: "the backup store has no room",
    retry: "permanent",
    exit: "failed",
    meaning:
      "The disk, the quota or the bucket is full. What a set that was not finished had stored already is taken away again, by a later writer where it cannot be now; what a copy has stored stays, and the same copy goes on from there. Sets that are listed miss nothing. What a prune put aside takes room for another 7 days. With object lock, room comes when the bucket's lifecycle rule removes hidden versions.",
    remedies: [
      { why: "take away sets that the policy does not keep: they are put aside", command: "requorum backup prune" },
      {
        why: "then the same again: what lies aside by then is deleted, and only that gives room. It cannot be taken back after this",
        command: "requorum backup prune --aside 0h",
      },
      {
        why: "where not even that can begin, a few hundred KiB are enough: delete what else is on that disk, or files below aside/ in the store; never one below sets/, indexes/ or packs/",
      },
    ],
  },
  BACKUP_STORE_BUSY: {
    summary: "another program works on the backup store",
    retry: "transient",
    exit: "locked",
    meaning:
      "While one program takes away what is no longer needed, nobody writes new sets, and the other way round. The detail says who it is. A program that was killed is recognised on its own machine at once, elsewhere after a day, one that removed after two hours. Also: somebody took this program for dead, or it worked for too long, as on a machine that slept; it changed nothing after that.",
  },
  BACKUP_SET_UNDECIDED: {
    summary: "whether the backup set is in the store is not known",
    retry: "unknown-outcome",
    exit: "outcomeUnknown",
    meaning:
      "The last step of making or copying a set was begun, and the store did not answer it, or not well. The set may be listed, or appear there later; the detail names it. What it needs is kept for a day. Look before making another one.",
    remedies: [{ why: "see whether it is listed", command: "requorum backup list" }],
  },
  BACKUP_OBJECT_MISSING: {
    summary: "an object is not in the backup store",
    retry: "permanent",
    exit: "verificationFailed",
    meaning: "A set names an object that the store does not have. That set cannot be restored as a whole from this store.",
  },
  BACKUP_OBJECT_EXISTS: {
    summary: "the name is taken in the backup store",
    retry: "permanent",
    exit: "failed",
    meaning: "Objects of a store are written once and never changed. Nothing was written.",
  },
  BACKUP_STORE_INVALID: {
    summary: "this is not a backup store that requorum reads",
    retry: "permanent",
    exit: "usage",
    meaning: "The file requorum-store.json of the store is missing, damaged or of a newer format; or the place as given is none.",
    remedies: [
      { why: "see that --store, or `backup.store` in requorum.yaml, names the place that is meant, and that its disk is mounted" },
      { why: "if it is the right one, bring back its requorum-store.json from a copy of the store; nothing of the sets was changed" },
    ],
  },
  BACKUP_SET_NOT_FOUND: {
    summary: "no such backup set",
    retry: "permanent",
    exit: "usage",
    meaning: "There is no set of this name in the store.",
  },
  BACKUP_SET_LACKS_PARTS: {
    summary: "the backup set does not have what is to be put back",
    retry: "permanent",
    exit: "usage",
    meaning:
      "The machine could not be reached when the set was made, or had nothing of that kind then. Nothing was changed. The detail says which set has it, if one does: it is older, and may have keys or settings that were replaced since.",
  },
  BACKUP_SET_DAMAGED: {
    summary: "the backup set is damaged",
    retry: "permanent",
    exit: "verificationFailed",
    meaning:
      "Bytes of the set are not those that were written; the detail says which part of it. Another copy of it, or another set, is needed.",
    remedies: [
      { why: "see what was proven of every set there, and take another", command: "requorum backup list" },
      {
        why: "objects of this one that can still be read come out with `requorum backup get SET`; a copy of it in another store is read with --store",
      },
    ],
  },
  BACKUP_SET_UNTRUSTED: {
    summary: "the backup set is not signed by a known key",
    retry: "permanent",
    exit: "verificationFailed",
    meaning:
      "Its signature fits the key that it names, but that key is neither this machine's nor one of `backup.signers` in the configuration. Whoever can write to the store could have made it.",
  },
  BACKUP_SET_UNSUPPORTED: {
    summary: "a newer requorum made this backup set",
    retry: "permanent",
    exit: "usage",
    meaning: "The set is of a format that this version does not know. It does not guess.",
  },
  BACKUP_PRUNE_REFUSED: {
    summary: "no backup set is removed",
    retry: "permanent",
    exit: "refused",
    meaning:
      "The newer sets do not look like the older ones' continuation: another cluster id, a lower revision, far fewer keys. They may be of an orphan that a split brain left, and the older ones the only good ones. Nothing was changed.",
  },
  BACKUP_KEY_INVALID: {
    summary: "not a key for backup sets",
    retry: "permanent",
    exit: "usage",
    meaning:
      "A recipient, an identity, a passphrase file or a key file of the state directory is not what it must be; the detail says which.",
    remedies: [{ why: "how a key is made, and what its file holds", command: "requorum backup keygen --help" }],
  },
  BACKUP_KEY_WRONG: {
    summary: "this key does not open the backup set",
    retry: "permanent",
    exit: "verificationFailed",
    meaning: "None of the given identities is one of those that the set was sealed for, or the passphrase is another one.",
    remedies: [
      { why: "see the names of the sets; `requorum backup show SET` says for whom one is sealed", command: "requorum backup list" },
    ],
  },
  BACKUP_NOT_PROVEN: {
    summary: "the new backup set is not proven to the configured level",
    retry: "permanent",
    exit: "verificationFailed",
    meaning:
      "A scheduled backup made a set, and a level up to `backup.schedule.verify` fails or could not be tried; the detail says which, and why. The set stays in the store with what is known of it; nothing was pruned.",
  },
  BACKUP_RUN_KILLED: {
    summary: "a scheduled backup ended without a word",
    retry: "transient",
    exit: "failed",
    meaning:
      "Its start stands in the state directory, and its end does not: the process was killed, ran out of memory or time, or the machine went down. Nothing of its set is listed; the next one clears what it left.",
  },
  BACKUP_RECORD_DAMAGED: {
    summary: "the record of scheduled backups cannot be read",
    retry: "permanent",
    exit: "failed",
    meaning:
      "A file below backup-schedule/ of the state directory is not what requorum wrote. The sets themselves are not touched by that; the next scheduled backup begins a new record.",
  },
  BACKUP_WEBHOOK_FAILED: {
    summary: "the webhook was not told of the backup",
    retry: "transient",
    exit: "failed",
    meaning:
      "The address of `backup.webhook` did not take the message after some tries; what the backup did stands all the same. The address is not repeated here, as it may hold a token.",
  },
  BACKUP_TIMER_FOREIGN: {
    summary: "there is a unit of somebody else",
    retry: "permanent",
    exit: "refused",
    meaning: "A file of that name is not one that `backup timer install` wrote. It is neither overwritten nor removed.",
  },
  BACKUP_TIMER_UNSUPPORTED: {
    summary: "this machine has no systemd that could run a timer",
    retry: "permanent",
    exit: "usage",
    meaning:
      "systemd is not the running init system here, or has no manager for this user. Let another scheduler call `requorum backup run`, or write the units with --files-only for a machine that is still to boot.",
  },
  BACKUP_TIMER_FAILED: {
    summary: "systemd did not take the timer",
    retry: "permanent",
    exit: "failed",
    meaning: "systemctl or systemd-analyze failed; the detail has what it said. The files of the units are as the detail says.",
  },
  SANDBOX_FAILED: {
    summary: "a program of the sandbox did not do what it must",
    retry: "permanent",
    exit: "verificationFailed",
    meaning:
      "etcd or kube-apiserver was started from the set on this machine, and ended or answered wrongly; the detail has the last that it wrote. Nothing of the living cluster was touched, and the sandbox is gone.",
  },
  SANDBOX_UNDECIDED: {
    summary: "this machine did not let the sandbox come to an end",
    retry: "transient",
    exit: "factsIncomplete",
    meaning:
      "A program of the sandbox was not ready in time, took more memory than it may, was killed from outside, or found its ports taken. That says nothing of the set. Try again when the machine has less to do, or on a larger one.",
  },
  SANDBOX_UNSUPPORTED: {
    summary: "no sandbox can be made on this machine",
    retry: "permanent",
    exit: "usage",
    meaning:
      "Programs of the sandbox are kept apart and ended by means that this system does not have. The levels below V4 are proven everywhere.",
  },
} as const satisfies { readonly [code: string]: ErrorEntry };
