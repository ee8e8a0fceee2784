import type { ExitName } from "../model/error-catalogue.ts";
import type { CliContext } from "./cli-context.ts";

/**
 * What a verb looks like from outside, as data. commander, the help, the
 * completion scripts and the tests (hints against the CLI, exit codes against
 * the help) all read this and nothing else. Loading a verb's code is left to
 * `load`, so that `--help` costs only this table.
 */
export interface CommandSpec {
  /** `["runs", "list"]` for `requorum runs list`. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly description?: readonly string[];
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly ExampleSpec[];
  /** Every way that it can end; `done` and `bug` and `usage` go without saying and are added. */
  readonly exits: readonly ExitName[];
  /** What these mean for this verb, where `exitMeanings` says it too generally. */
  readonly exitWords?: { readonly [name in ExitName]?: string };
  /** Exits that stay what they are after Ctrl-C: they are true by then, and say more than that it was interrupted. `done` always does. */
  readonly exitsKept?: readonly ExitName[];
  /** It carries out runs: it stops between two steps, however long that takes, and what was stopped or failed can be resumed. */
  readonly carriesOutRuns?: true;
  readonly load: () => Promise<CommandModule>;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isVariadic?: boolean;
  readonly describes: string;
  /** For completion and checking. */
  readonly choices?: readonly string[];
}

export interface OptionSpec {
  /** Without the dashes: "attest-lost". */
  readonly name: string;
  readonly short?: string;
  /** Name of its value; a flag when absent. */
  readonly value?: string;
  readonly isRepeatable?: boolean;
  readonly choices?: readonly string[];
  /** What completion offers where other values are taken, too. */
  readonly offers?: readonly string[];
  /** Words for the default, shown in the help. */
  readonly defaultWords?: string;
  readonly describes: string;
}

export interface ExampleSpec {
  readonly command: string;
  readonly why: string;
}

/** What a file of `commands/` exports, under the name `command`. */
export interface CommandModule {
  readonly run: (invocation: Invocation) => Promise<ExitName | ProgramExit>;
}

/** The exit code of a program that the verb handed the terminal to. It is passed on as it is, and means what that program means. */
export interface ProgramExit {
  readonly programExit: number;
}

/** One call of one verb, parsed. Values are read with the functions below, never by casting. */
export interface Invocation {
  /** The verb's path in words: "runs list". */
  readonly verb: string;
  readonly cli: CliContext;
  /** Every verb, for those that speak about all of them. */
  readonly table: readonly CommandSpec[];
  readonly args: { readonly [name: string]: unknown };
  /** By the option's name with dashes, as in its spec. */
  readonly options: { readonly [name: string]: unknown };
}

export function textArgument(invocation: Invocation, name: string): string | undefined {
  const value = invocation.args[name];
  return typeof value === "string" ? value : undefined;
}

export function listArgument(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.args[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function textOption(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === "string" ? value : undefined;
}

export function listOption(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function hasFlag(invocation: Invocation, name: string): boolean {
  return invocation.options[name] === true;
}
