import { exitCodes, type ExitName } from "../model/error-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { helpRemedy, parseCommandLine, type ParsedCommand } from "./build-program.ts";
import type { CliContext } from "./cli-context.ts";
import { optionsOfSets, type GlobalOptions, type OutputFormat } from "./global-options.ts";
import type { CommandSpec, ProgramExit } from "./command-spec.ts";
import { commandName, commandTable } from "./command-table.ts";
import { parseDurationMs } from "./parse-duration.ts";
import { stoppedError } from "./stopped-error.ts";
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
  /** Absent: nobody can. */
  readonly isInterrupted?: () => boolean;
  /** How long a verb that was stopped may take to end by itself; for tests. */
  readonly graceMs?: number;
}

/** Probes and files end within a moment of being stopped. What does not is left to itself: the process ends. */
const usualGraceMs = 3000;

/** One call of the program, from words to exit code. Never throws. */
export async function runCli(request: CliRequest): Promise<number> {
  const plain = request.makeTerminal({ noColor: request.words.includes("--no-color") });
  const table = request.table ?? commandTable;
  let parsed: ParsedCommand | undefined;
  let signal: AbortSignal | undefined;
  try {
    parsed = parseCommandLine(table, request.words, {
      version: request.version,
      helpWidth: Math.min(plain.outColumns, 110),
      writeHelp: (text) => {
        plain.result(text);
      },
      writeMissedHelp: (text) => {
        if (globalInWords(request.words).output === "text") plain.problem(`${text}\n`);
      },
    });
    if (parsed === undefined) {
      await assertWritten(plain, undefined);
      return exitCodes.done;
    }
    plain.isForProgram = chosenOf(parsed).output !== "text";
    const global = globalOptionsOf(parsed);
    const context = await request.makeContext(plain, global);
    ({ signal } = context);
    const module = await parsed.spec.load();
    const running = module.run({ verb: commandName(parsed.spec), cli: context, table, args: parsed.args, options: parsed.options });
    // A run stops between two steps, however long that takes.
    const exit = await (parsed.spec.carriesOutRuns === true ? running : endedOrLeft(running, signal, request.graceMs ?? usualGraceMs));
    await assertWritten(plain, parsed.spec);
    return codeOf(request, exit, parsed.spec);
  } catch (error) {
    const stop = parsed === undefined ? undefined : stopOf(error, parsed.spec, signal);
    const shown =
      parsed === undefined ? error : stop === undefined ? withHelp(error, parsed, table) : stoppedError(stop, parsed, request.words);
    const global = parsed === undefined ? globalInWords(request.words) : chosenOf(parsed);
    return codeOf(request, await reportError(shown, plain, { ...request, global }), parsed?.spec);
  }
}

/** What was done in spite of Ctrl-C is done; what failed after it, failed because of it, but for what the verb says otherwise of. */
function codeOf({ isInterrupted }: CliRequest, exit: ExitName | ProgramExit, spec: CommandSpec | undefined): number {
  const code = typeof exit === "string" ? exitCodes[exit] : exit.programExit;
  const isKept = code === exitCodes.done || (typeof exit === "string" && spec?.exitsKept?.includes(exit) === true);
  return isInterrupted?.() === true && !isKept ? exitCodes.interrupted : code;
}

/** Wrong usage that says no better names the verb's help. */
function withHelp(error: unknown, { spec }: ParsedCommand, table: readonly CommandSpec[]): unknown {
  if (!(error instanceof RecoveryError) || error.code !== "USAGE" || error.remedies.length > 0) return error;
  const { code, subject, detail } = error;
  return new RecoveryError(code, { subject, detail, cause: error.cause, remedies: [helpRemedy(table, spec.path)] });
}

/** A result that nobody can read is none: LOCAL_DISK_FULL, LOCAL_FILE_FAILED. */
async function assertWritten(terminal: Terminal, spec: CommandSpec | undefined): Promise<void> {
  const failure = await terminal.outFailure();
  if (failure === undefined) return;
  const { code, detail } = failure;
  throw new RecoveryError(code, {
    subject: "standard output",
    detail: `${detail}; the result is cut off there`,
    cause: failure,
    remedies:
      spec?.carriesOutRuns === true
        ? [{ why: "a run went on all the same; see how it ended", command: "requorum runs show" }]
        : [{ why: "free space there, or write somewhere else" }],
  });
}

/** Rejects with the signal's reason when the verb goes on for longer than this after it was stopped. */
async function endedOrLeft<T>(running: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  const overdue = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => {
      overdue.reject(signal.reason as Error);
    }, graceMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([running, overdue.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Why the call was stopped, when that is why it failed. What fails after it was stopped, failed because of it; a run knows better. */
function stopOf(error: unknown, spec: CommandSpec, signal: AbortSignal | undefined): RecoveryError | undefined {
  // That a set may be listed, and which, is what must be known then.
  if (error instanceof RecoveryError && error.code === "BACKUP_SET_UNDECIDED") return undefined;
  const reason: unknown = signal?.aborted === true ? signal.reason : undefined;
  if (!(reason instanceof RecoveryError)) return undefined;
  return spec.carriesOutRuns !== true || error === reason || (error instanceof RecoveryError && error.code === reason.code)
    ? reason
    : undefined;
}

function globalOptionsOf(parsed: ParsedCommand): GlobalOptions {
  const timeout = parsed.options["timeout"];
  return { ...chosenOf(parsed), timeoutMs: typeof timeout === "string" ? parseDurationMs(timeout, "option --timeout") : undefined };
}

/** What of the global options is understood whatever they say. */
type ChosenOptions = Omit<GlobalOptions, "timeoutMs">;

function chosenOf({ options }: ParsedCommand): ChosenOptions {
  const text = (name: string): string | undefined => (typeof options[name] === "string" ? options[name] : undefined);
  const ofSets = optionsOfSets.flatMap((name) => {
    const given = options[name];
    const values: readonly unknown[] = Array.isArray(given) ? given : [given];
    const verbs = commandTable.filter((spec) => (spec.options ?? []).some((option) => option.name === name)).map(commandName);
    return values.flatMap((value) => (typeof value === "string" && value !== "-" ? [{ name, value, verbs }] : []));
  });
  return { output: formatOf(text("output")), configFile: text("config"), cluster: text("cluster"), ofSets };
}

function formatOf(value: unknown): OutputFormat {
  return value === "json" || value === "yaml" ? value : "text";
}

/** For errors of the command line itself: was JSON wanted? */
function globalInWords(words: readonly string[]): ChosenOptions {
  const joined = words.find((word) => /^(?:--output=|-o=?)(?:json|yaml|text)$/.test(word));
  const index = words.findIndex((word) => word === "-o" || word === "--output");
  const output = joined === undefined ? (index < 0 ? undefined : words[index + 1]) : joined.replace(/^(?:--output=|-o=?)/, "");
  return { output: formatOf(output), configFile: undefined, cluster: undefined };
}

/** Prints what, why and what next; returns the exit. A bug is saved with its stack and said to be one. */
async function reportError(
  error: unknown,
  terminal: Terminal,
  request: Pick<CliRequest, "saveBug"> & { readonly global: ChosenOptions },
): Promise<ExitName> {
  const [{ errorLine }, { errorPage, bugPage }, { drawPage }, { errorCatalogue }, { pageOnChosenCluster }] = await Promise.all([
    import("./error-line.ts"),
    import("../render/error-page.ts"),
    import("./terminal/draw-page.ts"),
    import("../model/error-catalogue.ts"),
    import("./chosen-cluster.ts"),
  ]);
  const recoveryError = error instanceof RecoveryError ? error : undefined;
  const savedAt = recoveryError === undefined ? await request.saveBug(error) : "";
  if (request.global.output === "text") {
    const page = pageOnChosenCluster(recoveryError === undefined ? bugPage(error, savedAt) : errorPage(recoveryError), request.global);
    terminal.problem(drawPage(page, { columns: terminal.errColumns, hasColor: terminal.errHasColor }));
  } else {
    terminal.problem(errorLine(error, savedAt, request.global));
  }
  return recoveryError === undefined ? "bug" : errorCatalogue[recoveryError.code].exit;
}
