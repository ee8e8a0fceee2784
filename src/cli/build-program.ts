import { Command, CommanderError, Option, Argument } from "commander";
import { exitCodes } from "../model/error-catalogue.ts";
import { RecoveryError, type Remedy } from "../model/recovery-error.ts";
import { commandName, exitMeaningOf, exitsOf } from "./command-table.ts";
import { globalOptions, groupSummaries } from "./global-option-specs.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { choiceHint, usageHint } from "./usage-hint.ts";

/** What commander understood. Carrying it out is somebody else's business. */
export interface ParsedCommand {
  readonly spec: CommandSpec;
  readonly args: { readonly [name: string]: unknown };
  /** Global options and the verb's own, by their names with dashes. */
  readonly options: { readonly [name: string]: unknown };
}

export interface ProgramOptions {
  readonly version: string;
  readonly helpWidth: number;
  readonly writeHelp: (text: string) => void;
  /** The help of a program or group that was called without a verb, before USAGE is thrown; absent: it is left out. */
  readonly writeMissedHelp?: (text: string) => void;
}

/**
 * Parses arguments (without node and script). undefined: help or version was
 * asked for and has been written. USAGE with a did-you-mean otherwise.
 */
export function parseCommandLine(
  table: readonly CommandSpec[],
  words: readonly string[],
  options: ProgramOptions,
): ParsedCommand | undefined {
  let parsed: ParsedCommand | undefined;
  const program = buildProgram(table, options, (found) => {
    parsed = found;
  });
  try {
    program.parse([...unhelped(table, words)], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw notBuiltYet(words) ?? toUsageError(table, error, words);
  }
  return parsed;
}

/** `help lab up` as `lab up --help`: commander's own help command knows only one word. What is no verb is left to be found wrong. */
function unhelped(table: readonly CommandSpec[], words: readonly string[]): readonly string[] {
  const [first, ...names] = words;
  if (first !== "help" || names.length === 0) return words;
  const path = pathIn(table, names);
  const isVerb = table.some((spec) => commandName(spec) === path.join(" "));
  return path[0] === names[0] && (isVerb || names.length === 1) ? [...path, "--help"] : names.slice(0, 2);
}

/** The longest beginning of a verb in these words: `["lab", "up"]`, `["lab"]`, or nothing. */
function pathIn(table: readonly CommandSpec[], words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => table.some(({ path }) => path[0] === word));
  const [first, second] = words.slice(at);
  if (at < 0 || first === undefined) return [];
  return second !== undefined && table.some(({ path }) => path[0] === first && path[1] === second) ? [first, second] : [first];
}

/** Where the help of the verb in these words is, or that of the program. */
export function helpRemedy(table: readonly CommandSpec[], words: readonly string[]): Remedy {
  const path = pathIn(table, words);
  return path.length === 0
    ? { why: "see what there is", command: "requorum --help" }
    : { why: "see what it takes", command: `requorum help ${path.join(" ")}` };
}

/** The whole program as commander sees it; `onParsed` is called instead of running anything. */
export function buildProgram(table: readonly CommandSpec[], options: ProgramOptions, onParsed: (parsed: ParsedCommand) => void): Command {
  const program = new Command("requorum");
  const configure = (command: Command): Command =>
    command
      .exitOverride()
      .configureOutput({
        writeOut: options.writeHelp,
        writeErr: (text) => options.writeMissedHelp?.(text),
        // Errors are thrown and become ours.
        outputError: () => undefined,
        getOutHelpWidth: () => options.helpWidth,
        getErrHelpWidth: () => options.helpWidth,
      })
      .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
      .helpOption("-h, --help", "show this help");
  configure(program)
    .description(
      "Watches, backs up, diagnoses and recovers highly available Kubernetes control planes. Needs SSH to the machines and nothing else.",
    )
    .version(options.version, "-V, --version", "print the version")
    .helpCommand("help [verb]", "show the help of a verb")
    .addHelpText("after", "\nSomething is broken right now?  requorum recover\nHelp of a verb:                 requorum help VERB");
  for (const option of globalOptions) program.addOption(commanderOption(option));
  const groups = new Map<string, Command>();
  for (const spec of table) {
    const [first, second] = spec.path;
    if (first === undefined) continue;
    let parent = program;
    if (second !== undefined) {
      parent = groups.get(first) ?? configure(program.command(first)).description(groupSummaries[first] ?? first);
      groups.set(first, parent);
    }
    addVerb(configure(parent.command(second ?? first)), spec, onParsed);
  }
  return program;
}

function addVerb(command: Command, spec: CommandSpec, onParsed: (parsed: ParsedCommand) => void): void {
  command.summary(spec.summary).description([`${capital(spec.summary)}.`, ...(spec.description ?? [])].join("\n"));
  const specs = spec.arguments ?? [];
  for (const argument of specs) {
    const dots = argument.isVariadic === true ? "..." : "";
    const made = new Argument(argument.isRequired ? `<${argument.name}${dots}>` : `[${argument.name}${dots}]`, argument.describes);
    if (argument.choices !== undefined) made.choices(argument.choices);
    command.addArgument(made);
  }
  for (const option of spec.options ?? []) command.addOption(commanderOption(option));
  command.addHelpText("after", () => `\n${globalHelp()}\n\n${endOfHelp(spec)}`);
  command.action(() => {
    const byName: { [name: string]: unknown } = {};
    const values: Record<string, unknown> = command.optsWithGlobals();
    for (const option of [...globalOptions, ...(spec.options ?? [])]) byName[option.name] = values[attributeOf(option)];
    const args = Object.fromEntries(specs.map((argument, index): [string, unknown] => [argument.name, command.processedArgs[index]]));
    refuseEmpty(spec, args, byName);
    onParsed({ spec, args, options: byName });
  });
}

/** What a variable that is not set leaves in a script. As a path it would be the working directory. */
function refuseEmpty(spec: CommandSpec, args: ParsedCommand["args"], options: ParsedCommand["options"]): void {
  const named = [
    ...Object.entries(args).map(([name, value]) => [`argument ${name.toUpperCase()}`, value] as const),
    ...Object.entries(options).map(([name, value]) => [`option --${name}`, value] as const),
  ];
  for (const [subject, value] of named)
    if (value === "" || (Array.isArray(value) && value.includes("")))
      throw new RecoveryError("USAGE", {
        subject,
        detail: "it is empty: is a variable not set?",
        remedies: [{ why: "see what it takes", command: `requorum help ${commandName(spec)}` }],
      });
}

function commanderOption(spec: OptionSpec): Option {
  const value = spec.value === undefined ? "" : ` <${spec.value}>`;
  const words = spec.defaultWords === undefined ? spec.describes : `${spec.describes} (default: ${spec.defaultWords})`;
  const option = new Option(`${spec.short === undefined ? "" : `-${spec.short}, `}--${spec.name}${value}`, words);
  if (spec.choices !== undefined) option.choices(spec.choices);
  if (spec.isRepeatable === true)
    option.argParser((next: string, before: unknown) => [...(Array.isArray(before) ? before.map(String) : []), next]);
  return option;
}

/** commander's name for an option's value: camel case, and `color` for `no-color`. */
function attributeOf(spec: OptionSpec): string {
  const name = spec.name.startsWith("no-") ? spec.name.slice(3) : spec.name;
  return name.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

function globalHelp(): string {
  const rows = globalOptions.map((option) => {
    const flags = `${option.short === undefined ? "    " : `-${option.short}, `}--${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
    return `  ${flags.padEnd(24)}${option.describes}`;
  });
  return ["Options of every verb:", ...rows].join("\n");
}

function endOfHelp(spec: CommandSpec): string {
  const examples = spec.examples.flatMap(({ command, why }) => [`  # ${why}`, `  ${command}`]);
  const codes = exitsOf(spec).map((name) => `  ${String(exitCodes[name]).padStart(3)}  ${exitMeaningOf(spec, name)}`);
  return ["Examples:", ...examples, "", `Exit codes of ${commandName(spec)}:`, ...codes].join("\n");
}

/** Verbs and goals of the design that this version does not have. They are in no help; who types one is told so. */
const plannedVerbs: readonly string[] = ["rehearse", "build", "node", "certificates", "inventory", "server"];
const plannedGoals: { readonly [verb: string]: readonly string[] } = {
  plan: ["remove", "add", "restore", "renew-certificates", "build", "upgrade-backup"],
};

function notBuiltYet(words: readonly string[]): RecoveryError | undefined {
  const [verb = "", goal = ""] = words.filter((word) => !word.startsWith("-"));
  const what = plannedVerbs.includes(verb) ? verb : plannedGoals[verb]?.includes(goal) === true ? `${verb} ${goal}` : undefined;
  if (what === undefined) return undefined;
  return new RecoveryError("NOT_BUILT_YET", {
    subject: `requorum ${what}`,
    detail: "it is planned and does not exist in this version",
    remedies: [{ why: "see what there is", command: "requorum --help" }],
  });
}

/** commander's message as an error of ours: what was probably meant becomes a remedy that can be copied. */
function toUsageError(table: readonly CommandSpec[], error: CommanderError, words: readonly string[]): RecoveryError {
  const message = error.message.replace(/^error: /, "");
  const suggested = /\(Did you mean (?:one of )?([^)?]+)\?\)/.exec(message)?.[1]?.split(", ") ?? [];
  const detail = message.replace(/\s*\(Did you mean [^)]*\)/, "").replace(/\.$/, "");
  const wrong = /'([^']+)'/.exec(detail)?.[1];
  const isUnknown = error.code === "commander.unknownOption" || error.code === "commander.unknownCommand";
  const path = pathIn(table, words).join(" ");
  const hint = isUnknown && wrong !== undefined ? usageHint({ words, path, wrong, suggested, homes: homesOf(table, wrong) }) : undefined;
  return new RecoveryError("USAGE", {
    subject: "command line",
    detail: error.code === "commander.help" ? "a verb is missing" : hint === undefined ? detail : `${detail}; ${hint.detail}`,
    remedies: [...(hint?.remedies ?? choiceHint(words, message)), helpRemedy(table, words)],
  });
}

function homesOf(table: readonly CommandSpec[], word: string): readonly (readonly string[])[] {
  return table.map(({ path }) => path).filter((path) => path.length > 1 && path.at(-1) === word);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
