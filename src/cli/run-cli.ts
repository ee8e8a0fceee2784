import { jsonLine } from "./json-line.ts";
import { exitCodes, type ExitName } from "../model/error-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { parseCommandLine, type ParsedCommand } from "./build-program.ts";
import type { CliContext } from "./cli-context.ts";
import type { GlobalOptions, OutputFormat } from "./global-options.ts";
import type { CommandSpec } from "./command-spec.ts";
import { commandName, commandTable } from "./command-table.ts";
import { parseDurationMs } from "./parse-duration.ts";
import type { Terminal } from "./terminal/terminal.ts";

export interface CliRequest {
  /** Arguments without node and script. */
  readonly words: readonly string[];
  readonly version: string;
  readonly makeTerminal: (global: { readonly noColor: boolean }) => Terminal;
  readonly makeContext: (terminal: Terminal, global: GlobalOptions) => Promise<CliContext>;
  /** Keeps the stack of a bug and says where. */
  readonly saveBug: (error: unknown) => Promise<string>;
  readonly table?: readonly CommandSpec[];
}

/** One call of the program, from words to exit code. Never throws. */
export async function runCli(request: CliRequest): Promise<number> {
  const plain = request.makeTerminal({ noColor: request.words.includes("--no-color") });
  const table = request.table ?? commandTable;
  let parsed: ParsedCommand | undefined;
  try {
    parsed = parseCommandLine(table, request.words, {
      version: request.version,
      helpWidth: Math.min(plain.outColumns, 110),
      writeHelp: (text) => {
        plain.result(text);
      },
    });
    if (parsed === undefined) return exitCodes.done;
    plain.isForProgram = formatOf(parsed.options["output"]) !== "text";
    const global = globalOptionsOf(parsed);
    const context = await request.makeContext(plain, global);
    const module = await parsed.spec.load();
    const exit = await module.run({ verb: commandName(parsed.spec), cli: context, table, args: parsed.args, options: parsed.options });
    return exitCodes[exit];
  } catch (error) {
    if (isInterruption(error) && parsed?.spec.exits.includes("outcomeUnknown") !== true) {
      // A verb that changes nothing has nothing to say about being stopped.
      if (plain.errIsTty) plain.problem("interrupted; nothing was changed\n");
      return exitCodes.interrupted;
    }
    return exitCodes[await reportError(error, plain, parsed?.options["output"] ?? formatInWords(request.words), request)];
  }
}

function isInterruption(error: unknown): boolean {
  return error instanceof RecoveryError && error.code === "INTERRUPTED";
}

function globalOptionsOf(parsed: ParsedCommand): GlobalOptions {
  const text = (name: string): string | undefined => {
    const value = parsed.options[name];
    return typeof value === "string" ? value : undefined;
  };
  const timeout = text("timeout");
  return {
    output: formatOf(text("output")),
    configFile: text("config"),
    cluster: text("cluster"),
    timeoutMs: timeout === undefined ? undefined : parseDurationMs(timeout, "option --timeout"),
  };
}

function formatOf(value: unknown): OutputFormat {
  return value === "json" || value === "yaml" ? value : "text";
}

/** For errors of the command line itself: was JSON wanted? */
function formatInWords(words: readonly string[]): string | undefined {
  const joined = words.find((word) => /^(?:--output=|-o=?)(?:json|yaml|text)$/.test(word));
  if (joined !== undefined) return joined.replace(/^(?:--output=|-o=?)/, "");
  const index = words.findIndex((word) => word === "-o" || word === "--output");
  return index < 0 ? undefined : words[index + 1];
}

/** Prints what, why and what next; returns the exit. A bug is saved with its stack and said to be one. */
async function reportError(error: unknown, terminal: Terminal, format: unknown, request: CliRequest): Promise<ExitName> {
  const [{ errorDocument }, { errorPage, bugPage }, { drawPage }, { errorCatalogue }] = await Promise.all([
    import("../render/error-document.ts"),
    import("../render/error-page.ts"),
    import("./terminal/draw-page.ts"),
    import("../model/error-catalogue.ts"),
  ]);
  const recoveryError = error instanceof RecoveryError ? error : undefined;
  const savedAt = recoveryError === undefined ? await request.saveBug(error) : "";
  if (formatOf(format) === "text") {
    const page = recoveryError === undefined ? bugPage(error, savedAt) : errorPage(recoveryError);
    terminal.problem(drawPage(page, { columns: terminal.errColumns, hasColor: terminal.errHasColor }));
  } else {
    terminal.problem(jsonLine(errorDocument(error, savedAt), 2));
  }
  return recoveryError === undefined ? "bug" : errorCatalogue[recoveryError.code].exit;
}
