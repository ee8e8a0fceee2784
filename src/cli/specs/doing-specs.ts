import type { CommandSpec, OptionSpec } from "../command-spec.ts";
import { setKeyOptions } from "./backup-key-options.ts";
import { storeOption } from "./backup-specs.ts";

const attestLost: OptionSpec = {
  name: "attest-lost",
  value: "HOST=STATEMENT",
  isRepeatable: true,
  describes: "your word, kept in the journal, that this machine will never come back (repeat)",
};
const approve: OptionSpec = {
  name: "approve",
  value: "DIGEST",
  describes: "consent without a terminal: the plan's digest, at least its first 12 hex digits",
};

const breakLock: OptionSpec = {
  name: "break-lock",
  describes: "take over the lock of a run whose program is gone for good; it is journalled",
};

/** For plans that put files of a backup set back: the content is in the set alone. */
const setOptions: readonly OptionSpec[] = [
  storeOption,
  ...setKeyOptions.map((option) => ({ ...option, describes: `of a plan of backup restore: ${option.describes}` })),
];

/** Verbs that plan, and the ones that change things after consent. */
export const doingSpecs: readonly CommandSpec[] = [
  {
    path: ["plan"],
    summary: "what to do, step by step, with the quorum after each; changes nothing",
    description: [
      "Goals: `recover` (the default) and `replace HOST`. The alternatives are shown side by side, with what each would lose.",
      "When something is wrong, the machines are looked at twice, at least six seconds apart, before a plan is made.",
    ],
    arguments: [
      { name: "goal", isRequired: false, describes: "what for", choices: ["recover", "replace"] },
      { name: "host", isRequired: false, describes: "the machine to replace" },
    ],
    options: [
      { name: "with", value: "HOST", describes: "the machine that takes its place", defaultWords: "the same one" },
      attestLost,
      {
        name: "out",
        value: "FILE",
        describes: "where to write the plan; never over another file",
        defaultWords: "plan-DIGEST.json in this directory",
      },
    ],
    examples: [
      { command: "requorum plan", why: "recover from whatever is wrong" },
      { command: "requorum plan replace cp2", why: "cp2 gets its place back after it was reinstalled" },
      { command: "requorum plan replace cp2 --with cp4", why: "another machine takes the place of cp2" },
      { command: "requorum plan --attest-lost cp2='the board burnt, seen by me'", why: "say what cannot be observed" },
    ],
    exits: ["factsIncomplete", "blocked", "failed", "refused", "interrupted"],
    load: async () => (await import("../commands/plan.ts")).command,
  },
  {
    path: ["apply"],
    summary: "carry out a plan, after consent; verify and report",
    description: ["The plan is refused when it is damaged, too old, or the cluster no longer looks as it did when the plan was made."],
    arguments: [{ name: "plan", isRequired: true, describes: "the plan file" }],
    options: [approve, breakLock, ...setOptions],
    examples: [
      { command: "requorum apply plan-3f9a1c04b27e.json", why: "you are asked to type the cluster's name" },
      { command: "requorum apply plan-3f9a1c04b27e.json --approve 3f9a1c04b27e", why: "without a terminal" },
    ],
    carriesOutRuns: true,
    exits: ["factsIncomplete", "locked", "blocked", "failed", "outcomeUnknown", "verificationFailed", "refused", "interrupted"],
    load: async () => (await import("../commands/apply.ts")).command,
  },
  {
    path: ["recover"],
    summary: "diagnose, plan, consent, apply and verify in one sitting",
    options: [attestLost, breakLock],
    examples: [{ command: "requorum recover", why: "at 3 a.m.: it shows everything, and asks once before it changes anything" }],
    carriesOutRuns: true,
    exits: ["factsIncomplete", "locked", "blocked", "failed", "outcomeUnknown", "verificationFailed", "refused", "interrupted"],
    load: async () => (await import("../commands/recover.ts")).command,
  },
  {
    path: ["resume"],
    summary: "go on with a run that was stopped; looks before it acts",
    arguments: [{ name: "run", isRequired: false, describes: "the run; without it the newest, if it is not finished" }],
    options: [approve, breakLock, ...setOptions],
    examples: [
      { command: "requorum resume", why: "the newest run, if it is not finished" },
      { command: "requorum resume 20261121-031502-k3f9", why: "a certain run" },
    ],
    carriesOutRuns: true,
    exits: ["factsIncomplete", "locked", "blocked", "failed", "outcomeUnknown", "verificationFailed", "refused", "interrupted"],
    load: async () => (await import("../commands/resume.ts")).command,
  },
  {
    path: ["runs", "list"],
    summary: "the runs known on this machine",
    examples: [{ command: "requorum runs list", why: "newest first" }],
    exits: ["failed", "verificationFailed", "interrupted"],
    load: async () => (await import("../commands/runs-list.ts")).command,
  },
  {
    path: ["runs", "show"],
    summary: "what one run did",
    arguments: [{ name: "run", isRequired: false, describes: "the run, or how its name begins; the newest one without it" }],
    examples: [
      { command: "requorum runs show", why: "the newest" },
      { command: "requorum runs show 20261121-031502-k3f9 -o json", why: "for a program" },
    ],
    exits: ["failed", "verificationFailed", "interrupted"],
    load: async () => (await import("../commands/runs-show.ts")).command,
  },
  {
    path: ["runs", "report"],
    summary: "write the report for the post-mortem: one HTML file and one Markdown file",
    arguments: [{ name: "run", isRequired: false, describes: "the run, or how its name begins; the newest one without it" }],
    options: [{ name: "out", value: "DIRECTORY", describes: "where to write", defaultWords: "the run's own directory" }],
    examples: [
      { command: "requorum runs report", why: "of the newest run" },
      { command: "requorum runs report 20261121-031502-k3f9 --out /tmp", why: "of a certain run, somewhere else" },
    ],
    exits: ["failed", "verificationFailed", "interrupted"],
    load: async () => (await import("../commands/runs-report.ts")).command,
  },
  {
    path: ["runs", "verify-journal"],
    summary: "check the hash chain and the order of events of a run's journal",
    arguments: [{ name: "run", isRequired: false, describes: "the run, or how its name begins; the newest one without it" }],
    examples: [
      {
        command: "requorum runs verify-journal 20261121-031502-k3f9",
        why: "exit code 15 when it is damaged, 10 when it may have been cut",
      },
    ],
    exits: ["factsIncomplete", "failed", "verificationFailed", "interrupted"],
    load: async () => (await import("../commands/runs-verify-journal.ts")).command,
  },
];
