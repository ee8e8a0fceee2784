import type { CommandSpec } from "../command-spec.ts";
import { keptWords } from "./backup-specs.ts";

/** Verbs that make backups without a person. */
export const backupScheduleSpecs: readonly CommandSpec[] = [
  {
    path: ["backup", "run"],
    summary: "one scheduled backup: make a set, prove it and an older one, prune if configured, and tell how it went",
    description: [
      "What a timer calls: requorum's own (`backup timer`), or any other scheduler. The new set is proven up to `backup.schedule.verify`, and then the one that nobody looked at for longest up to `backup.schedule.reverify`; pruning follows only after that, and only where `backup.schedule.prune` says so. No mark that refuses a set is accepted here.",
      "However it ends is kept in the state directory, where `status` and `backup list` read it, written to `backup.metrics.textfile`, and sent to `backup.webhook`. A webhook that fails is said, and does not fail the backup.",
    ],
    options: [
      {
        name: "credential",
        value: "FILE",
        describes: "read the passphrase here, where systemd put it, and not from `backup.passphraseFile`",
      },
    ],
    examples: [{ command: "requorum backup run", why: "as the timer does it" }],
    exits: ["findings", "locked", "outcomeUnknown", "verificationFailed", "refused", "factsIncomplete", "failed", "interrupted"],
    exitsKept: ["findings", "outcomeUnknown"],
    exitWords: {
      done: "a set was made, and is proven to the configured level",
      findings: "so it was, and has marks; or how it went could not be kept",
      factsIncomplete: "the store, or a machine, could not be reached",
      locked: "another scheduled backup of this cluster is at work here, or another program takes away sets in the store at this moment",
      failed: "a machine, the store or this one's disk failed; also: the time of --timeout is over",
      outcomeUnknown:
        "a machine stopped answering; or the store did at the end, and whether the set is listed is not known: the message names it",
      verificationFailed: "the new set, or the older one, is not proven to the configured level; or what etcd gave is damaged",
      refused: "refused: a mark that nobody accepts in a timer, a machine that is not the known one, or what pruning must not remove",
      interrupted: keptWords,
    },
    load: async () => (await import("../commands/backup-run.ts")).command,
  },
  {
    path: ["backup", "timer"],
    summary: "install, remove or show the systemd timer that makes backups on this machine",
    description: [
      "install writes a hardened service and a timer (system units for root, units of the user otherwise), which call `backup run`; remove takes away what install wrote, and nothing else; show says when it ran last, how that went, and what comes next.",
      "The plan is shown first, and agreed to by typing the cluster's name. A unit of somebody else is never touched; one of requorum's that was changed by hand is kept beside. Drop-ins stay.",
    ],
    arguments: [{ name: "action", isRequired: false, choices: ["install", "remove", "show"], describes: "what to do; show, as without" }],
    options: [
      { name: "every", value: "TIME", describes: "install: so long after each other, from when the machine is up: 6h, 1d" },
      { name: "on-calendar", value: "WHEN", describes: "install: at these times, as systemd.time(7) writes them: '*-*-* 03:00'" },
      { name: "files-only", describes: "install: write the files, and ask nothing of systemd, as for an image" },
      { name: "plan", describes: "show what would be done, and stop" },
      { name: "yes", describes: "agree without being asked" },
    ],
    examples: [
      { command: "requorum backup timer install --every 6h", why: "every six hours; the first in two minutes" },
      { command: "requorum backup timer install --on-calendar '*-*-* 03:00' --plan", why: "see the units first" },
      { command: "requorum backup timer show", why: "how scheduled backups stand here" },
      { command: "requorum backup timer remove", why: "take the units away again; sets stay" },
    ],
    exits: ["findings", "failed", "refused", "interrupted"],
    exitWords: {
      usage: "wrong usage or configuration; also: a time that systemd does not understand, or no systemd",
      findings: "show: the last scheduled backup failed, was not complete, or is overdue",
      failed: "a unit could not be written, or systemd did not take it",
      refused: "nobody agreed, or a unit is of somebody else",
    },
    load: async () => (await import("../commands/backup-timer.ts")).command,
  },
];
