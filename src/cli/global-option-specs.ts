import type { OptionSpec } from "./command-spec.ts";

/** Words for verbs that only group others. */
export const groupSummaries: { readonly [name: string]: string } = {
  snapshot: "what is in a snapshot, a database or a data dir; objects out of it, and new data dirs from it",
  backup: "sets of all that a recovery needs: made, proven, kept, read, put back, on a schedule",
  runs: "the runs known on this machine and their journals",
  lab: "a real cluster on machines of its own, to practise on",
};

/** Options that every verb takes. */
export const globalOptions: readonly OptionSpec[] = [
  {
    name: "output",
    short: "o",
    value: "FORMAT",
    choices: ["text", "json", "yaml"],
    defaultWords: "text",
    describes: "form of the result on standard output",
  },
  { name: "config", value: "FILE", describes: "the configuration", defaultWords: "requorum.yaml here, else in ~/.config/requorum" },
  {
    name: "cluster",
    value: "NAME",
    describes: "the cluster to work on: NAME.yaml in ~/.config/requorum, or the name that must be in the configuration",
  },
  { name: "no-color", describes: "no colours (NO_COLOR works too)" },
  { name: "timeout", value: "TIME", describes: "give up after this time: 30s, 5m", defaultWords: "each part has its own limit" },
];
