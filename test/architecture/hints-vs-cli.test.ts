/**
 * Every command that the program tells somebody to type must be one that it
 * understands: remedies of the error catalogue, examples of the help, advice
 * of findings, and commands in the words of the sources and documents.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { parseCommandLine } from "../../src/cli/build-program.ts";
import { commandName, commandTable } from "../../src/cli/command-table.ts";
import { globalOptions } from "../../src/cli/global-option-specs.ts";
import { findingCatalogue } from "../../src/diagnose/finding-catalogue.ts";
import { errorCatalogue } from "../../src/model/error-catalogue.ts";

const root = resolve(import.meta.dirname, "../..");

/** As a shell would: quotes group, `#` and shell operators end the command. */
function wordsOf(command: string): readonly string[] {
  const words: string[] = [];
  for (const match of command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    const word = match[0].replace(
      /'([^']*)'|"([^"]*)"/g,
      (_all, single: string | undefined, double: string | undefined) => single ?? double ?? "",
    );
    if (/^(#|\||&&|>|;)/.test(match[0])) break;
    words.push(word);
  }
  return words;
}

/** Throws what the program would say. Words in capitals stand for a value; a verb's own choices are not checked for those. */
function parse(command: string): void {
  const [program, ...words] = wordsOf(command);
  assert.equal(program, "requorum", command);
  parseCommandLine(commandTable, words, { version: "0", helpWidth: 80, writeHelp: () => undefined });
  const attested = words[words.indexOf("--attest-lost") + 1];
  assert.ok(!words.includes("--attest-lost") || attested?.includes("=") === true, "--attest-lost needs HOST=STATEMENT");
}

function parsesAll(commands: readonly { readonly where: string; readonly command: string }[]): void {
  const problems = commands.flatMap(({ where, command }) => {
    try {
      parse(command);
      return [];
    } catch (error) {
      return [`${where}: ${command}\n    ${error instanceof Error ? error.message : String(error)}`];
    }
  });
  assert.deepEqual(problems, []);
}

test("hints: every remedy command of the error catalogue parses", () => {
  const commands = Object.entries(errorCatalogue).flatMap(([code, entry]) =>
    (entry.remedies ?? []).flatMap(({ command }) => (command?.startsWith("requorum") === true ? [{ where: code, command }] : [])),
  );
  assert.ok(commands.length > 5);
  parsesAll(commands);
});

test("hints: every example of every verb parses, and is an example of that verb", () => {
  parsesAll(commandTable.flatMap((spec) => spec.examples.map(({ command }) => ({ where: commandName(spec), command }))));
  for (const spec of commandTable) {
    assert.ok(spec.examples.length > 0, commandName(spec));
    for (const { command } of spec.examples) assert.ok(command.startsWith(`requorum ${commandName(spec)}`), command);
  }
});

const allOptions = [...globalOptions, ...commandTable.flatMap((spec) => spec.options ?? [])];
const valued = [
  ...new Set(
    allOptions
      .filter((option) => option.value !== undefined)
      .flatMap((option) => [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])]),
  ),
]
  .sort((a, b) => b.length - a.length) // the longer name is tried before one that it begins with
  .join("|");
const verbs = [...new Set(commandTable.flatMap((spec) => spec.path.slice(0, 1)))].join("|");
const seconds = [...new Set(commandTable.flatMap((spec) => spec.path.slice(1, 2)))].join("|");
const commandForm = new RegExp(
  `\\brequorum (?:${verbs})\\b(?: (?:(?:${valued})(?![a-z-])(?:[ =](?:'[^']*'|[^\\s'"\`),;]+(?:'[^']*')?))?|--?[a-z][a-z-]*|[A-Z]{2,}[A-Z_0-9]*\\b|(?:${seconds}|replace|recover)\\b))*`,
  "g",
);

/** `requorum VERB …` inside text: up to what cannot belong to a command. */
function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(commandForm)].map((match) => match[0].replace(/[.:]$/, ""));
}

test("hints: commands in the words of findings parse", () => {
  const commands = Object.entries(findingCatalogue).flatMap(([code, entry]) =>
    [entry.meaning, entry.tellApart, ...entry.doNext, ...entry.never].flatMap(commandsIn).map((command) => ({ where: code, command })),
  );
  parsesAll(commands);
});

test("hints: commands in the texts of sources and documents parse", () => {
  const files = [
    ...globSync("src/**/*.ts", { cwd: root }),
    ...globSync("*.md", { cwd: root }),
    ...globSync("docs/*.md", { cwd: root }),
  ].filter((path) => !path.endsWith(".test.ts"));
  const commands = files.flatMap((path) =>
    commandsIn(readFileSync(join(root, path), "utf8").replace(/\$\{[^}]*\}/g, "VALUE"))
      // Groups are named in prose ("requorum runs"); the verbs below them are what one types.
      .filter((command) => !/^requorum (?:runs|lab)$/.test(command))
      .map((command) => ({ where: path, command })),
  );
  assert.ok(commands.length > 20);
  parsesAll(commands.map(({ where, command }) => ({ where, command: completed(command) })));
});

/** Prose leaves a required argument out; then only the rest is checked. */
function completed(command: string): string {
  if (/^requorum apply$/.test(command)) return `${command} plan.json`;
  if (/^requorum completion$/.test(command)) return `${command} bash`;
  if (/^requorum lab (?:break|ssh)$/.test(command)) return `${command} ${command.endsWith("ssh") ? "cp1" : "power-off"}`;
  if (/^requorum backup (?:get|diff|restore)$/.test(command)) return `${command} latest`;
  if (/^requorum snapshot [a-z]+$/.test(command)) return `${command} backup.db${command.endsWith("diff") ? " newer.db" : ""}`;
  return command
    .replace(/^requorum completion [A-Z]+/, "requorum completion bash")
    .replace(/^requorum lab (break|heal) [A-Z]+/, "requorum lab $1 power-off");
}

test("help: every verb's exit codes are known, its help shows examples and exit codes, and its code loads", async () => {
  for (const spec of commandTable) {
    let help = "";
    const parsed = parseCommandLine(commandTable, [...spec.path, "--help"], {
      version: "0",
      helpWidth: 100,
      writeHelp: (text) => {
        help += text;
      },
    });
    assert.equal(parsed, undefined);
    if (spec.carriesOutRuns !== true)
      assert.doesNotMatch(help.slice(help.indexOf("Exit codes of")), /resumed|outcome of a step/, commandName(spec));
    if (spec.path[0] === "snapshot") assert.doesNotMatch(help, /wrong with the cluster/, commandName(spec));
    assert.ok(help.includes("Examples:") && help.includes(`Exit codes of ${commandName(spec)}:`), commandName(spec));
    assert.equal(typeof (await spec.load()).run, "function", commandName(spec));
  }
});
