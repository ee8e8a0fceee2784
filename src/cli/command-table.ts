import type { CommandSpec } from "./command-spec.ts";
import { exitCodes, type ExitName } from "../model/error-catalogue.ts";
import { backupKeepSpecs } from "./specs/backup-keep-specs.ts";
import { backupReadSpecs } from "./specs/backup-read-specs.ts";
import { restoreSpec } from "./specs/backup-restore-spec.ts";
import { backupScheduleSpecs } from "./specs/backup-schedule-specs.ts";
import { backupSpecs } from "./specs/backup-specs.ts";
import { doingSpecs } from "./specs/doing-specs.ts";
import { fileSpecs } from "./specs/file-specs.ts";
import { labSpecs } from "./specs/lab-specs.ts";
import { lookingSpecs } from "./specs/looking-specs.ts";

/** Every verb that exists, in the order of the help. */
export const commandTable: readonly CommandSpec[] = [
  ...lookingSpecs.slice(0, 5),
  ...doingSpecs,
  ...backupSpecs,
  ...backupReadSpecs,
  restoreSpec,
  ...backupKeepSpecs,
  ...backupScheduleSpecs,
  ...fileSpecs,
  ...labSpecs,
  ...lookingSpecs.slice(5),
];

/** What exit codes mean, in the help's words. docs/exit-codes.md has the same table. */
const exitMeanings: { readonly [name in ExitName]: string } = {
  done: "done",
  bug: "a bug in requorum",
  usage: "wrong usage or configuration",
  findings: "finished, and something is wrong with the cluster",
  factsIncomplete: "not enough could be seen",
  locked: "another run holds the lock",
  blocked: "blocked by a precondition, or waiting is right",
  failed: "an operation failed",
  outcomeUnknown: "the outcome of a step is unknown; look before anything else",
  verificationFailed: "plan, journal, snapshot or result failed verification",
  refused: "refused by a safety gate",
  interrupted: "interrupted",
};

/** What an exit code means for one verb. */
export function exitMeaningOf(spec: CommandSpec, name: ExitName): string {
  const words = spec.exitWords?.[name] ?? exitMeanings[name];
  return spec.carriesOutRuns === true && (name === "failed" || name === "interrupted") ? `${words}; the run can be resumed` : words;
}

/** All exit codes of a verb, ascending: its own and those that every verb has. */
export function exitsOf(spec: CommandSpec): readonly ExitName[] {
  const names = new Set<ExitName>(["done", "bug", "usage", ...spec.exits]);
  return [...names].sort((a, b) => exitCodes[a] - exitCodes[b]);
}

export function commandName(spec: CommandSpec): string {
  return spec.path.join(" ");
}
