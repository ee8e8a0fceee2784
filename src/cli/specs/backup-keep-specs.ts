import type { CommandSpec, OptionSpec } from "../command-spec.ts";
import { signerOption } from "./backup-key-options.ts";
import { setArgument, storeOption } from "./backup-specs.ts";

const storeWords: NonNullable<CommandSpec["exitWords"]> = {
  factsIncomplete: "a store could not be reached",
  locked: "somebody else works on the store at this moment",
  failed: "a store failed; also: the time of --timeout is over",
};

function countOption(name: string, describes: string): OptionSpec {
  return { name, value: "N", describes, defaultWords: `as \`backup.retention.${name}\` says` };
}

/** Verbs that keep stores in order. */
export const backupKeepSpecs: readonly CommandSpec[] = [
  {
    path: ["backup", "copy"],
    summary: "copy a backup set to another store, and read it back there",
    description: [
      "Every byte is checked where it comes from and read back where it went; the manifest is written last, so that a copy that was broken off is never listed. Called again, it goes on from there; what the other store has already is not sent again. No key is needed, and with --store no configuration.",
    ],
    arguments: [setArgument],
    options: [
      storeOption,
      signerOption,
      { name: "to", value: "PLACE", describes: "where to: a directory, s3://BUCKET/PREFIX or ssh://HOST/PATH (required)" },
      { name: "new-store", describes: "write there although this machine saw a store there before, and there is none now, or another one" },
    ],
    examples: [
      { command: "requorum backup copy latest --to /mnt/usb/sets", why: "the newest set, onto a disk that leaves the house" },
      { command: "requorum backup copy 20261122-031500-3fa9c1 --to ssh://nas/srv/sets", why: "one by its name" },
      {
        command: "requorum backup copy 20261122-031500-3fa9c1 --store s3://backups/prod --to /mnt/usb/sets --trust-signer KEY",
        why: "when nothing but the store is left: KEY is what `backup list` showed",
      },
    ],
    exits: ["locked", "outcomeUnknown", "verificationFailed", "refused", "factsIncomplete", "failed", "interrupted"],
    exitsKept: ["outcomeUnknown"],
    exitWords: {
      ...storeWords,
      usage: "wrong usage or configuration; also: no such set, or --to is the store that it is in",
      outcomeUnknown: "the store did not answer at the end: whether the set is listed there is not known, and the message says how to look",
      verificationFailed: "the set is damaged, or not signed by a known key",
      refused: "a machine of a store is not the known one",
      interrupted: "interrupted; call it again, and it goes on from there. Where the set may be listed there, it ends with 14",
    },
    load: async () => (await import("../commands/backup-copy.ts")).command,
  },
  {
    path: ["backup", "prune"],
    summary: "remove backup sets that no rule keeps: plan first, consent, then exactly that",
    description: [
      "Kept are: the newest ones, the young ones, the newest of each of so many days, weeks and months; always the newest one proven to each level from V2 up, the newest without a mark, and never fewer than `backup.retention.neverBelow` says. Damaged sets, sets of other clusters and sets that are not signed by a known key stay, and count for nothing.",
      "Refused when the newer sets look like an orphan's: another cluster id, a lower revision, far fewer keys. What is removed lies aside in the store at first (with object lock: as a hidden version), and is deleted for good by a later call.",
      "It needs the configuration, also with --store: of which cluster the sets are judged, what it never goes below and whose signatures count must not be a slip of the hand.",
    ],
    options: [
      storeOption,
      countOption("last", "keep so many newest sets"),
      countOption("daily", "keep the newest set of each of so many days (UTC)"),
      countOption("weekly", "keep the newest set of each of so many weeks"),
      countOption("monthly", "keep the newest set of each of so many months"),
      { name: "within", value: "AGE", describes: "keep every set that is younger: 36h, 30d, 8w" },
      { name: "aside", value: "AGE", describes: "delete for good what lies aside for so long", defaultWords: "7d" },
      {
        name: "accept-from",
        value: "SET",
        describes: "from this set on the sets are of the true cluster, as after a restore: do not refuse because of what was before",
      },
      {
        name: "future",
        value: "SET",
        describes: "remove this set, too: its date is of the future, by a clock that was wrong, and no rule would ever take it",
      },
      { name: "plan", describes: "show what would go and why, and stop" },
      { name: "approve", value: "DIGEST", describes: "agree to exactly this plan, by its digest or the first 12 digits of it" },
      { name: "yes", describes: "agree to whatever the rules remove: for timers" },
    ],
    examples: [
      { command: "requorum backup prune --plan", why: "what would go, what stays, and why each" },
      { command: "requorum backup prune", why: "the same, and then a question" },
      {
        command: "requorum backup prune --last 3 --daily 7 --monthly 12 --yes",
        why: "in a timer, by other rules than the configured ones",
      },
    ],
    exits: ["findings", "locked", "verificationFailed", "refused", "factsIncomplete", "failed", "interrupted"],
    exitsKept: ["findings"],
    exitWords: {
      ...storeWords,
      findings: "sets were removed, and this machine could not remember that it did so",
      verificationFailed: "sets were removed; packs were left, because what a damaged set needs is not known",
      refused: "refused: the newer sets may be an orphan's, nobody agreed, or the store changed meanwhile",
      interrupted:
        "interrupted; no listed set misses anything, and the next call ends the work. What was removed and could not be remembered ends with 3",
    },
    load: async () => (await import("../commands/backup-prune.ts")).command,
  },
];
