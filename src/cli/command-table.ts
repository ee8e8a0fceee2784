import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { exitCodes, type ExitName } from "../model/error-catalogue.ts";
import { doingSpecs } from "./specs/doing-specs.ts";
import { labSpecs } from "./specs/lab-specs.ts";
import { lookingSpecs } from "./specs/looking-specs.ts";

/** Every verb that exists, in the order of the help. */
export const commandTable: readonly CommandSpec[] = [...lookingSpecs.slice(0, 5), ...doingSpecs, ...labSpecs, ...lookingSpecs.slice(5)];

/** Words for verbs that only group others. */
export const groupSummaries: { readonly [name: string]: string } = {
  runs: "the runs known on this machine and their journals",
  lab: "a real cluster on machines of its own, to practise on",
};

/** Options that every verb takes. */
export const globalOptions: readonly OptionSpec[] = [
  { name: "output", short: "o", value: "FORMAT", choices: ["text", "json", "yaml"], defaultWords: "text", describes: "form of the result on standard output" },
  { name: "config", value: "FILE", describes: "the configuration", defaultWords: "requorum.yaml here, else in ~/.config/requorum" },
  { name: "cluster", value: "NAME", describes: "the cluster to work on: NAME.yaml in ~/.config/requorum, or the name that must be in the configuration" },
  { name: "no-color", describes: "no colours (NO_COLOR works too)" },
  { name: "timeout", value: "TIME", describes: "give up after this time: 30s, 5m", defaultWords: "each part has its own limit" },
];

/** What exit codes mean, in the help's words. docs/exit-codes.md has the same table. */
export const exitMeanings: { readonly [name in ExitName]: string } = {
  done: "done",
  bug: "a bug in requorum",
  usage: "wrong usage or configuration",
  findings: "finished, and something is wrong with the cluster",
  factsIncomplete: "not enough could be seen",
  locked: "another run holds the lock",
  blocked: "blocked by a precondition, or waiting is right",
  failed: "an operation failed; a run can be resumed",
  outcomeUnknown: "the outcome of a step is unknown; look before anything else",
  verificationFailed: "plan, journal, snapshot or result failed verification",
  refused: "refused by a safety gate",
  interrupted: "interrupted; a run can be resumed",
};

/** All exit codes of a verb, ascending: its own and those that every verb has. */
export function exitsOf(spec: CommandSpec): readonly ExitName[] {
  const names = new Set<ExitName>(["done", "bug", "usage", ...spec.exits]);
  return [...names].sort((a, b) => exitCodes[a] - exitCodes[b]);
}

export function commandName(spec: CommandSpec): string {
  return spec.path.join(" ");
}
