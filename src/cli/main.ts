/**
 * Where the program begins and ends: the only file of the CLI that reads the
 * environment, and the only one that ends the process.
 */
import module from "node:module";
import { writeSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { emptyCoreFiles } from "../adapters/system/core-files.ts";
import { exitCodes } from "../model/error-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { isChangingCall } from "./changing-call.ts";
import type { CliContext } from "./cli-context.ts";
import { isThreadHanging } from "./file-work/end-thread.ts";
import { findDirectories } from "./find-directories.ts";
import type { Directories, GlobalOptions } from "./global-options.ts";
import { programVersion } from "./program-version.ts";
import { runCli } from "./run-cli.ts";
import { processSink } from "./terminal/process-sink.ts";
import { Terminal } from "./terminal/terminal.ts";

// Before there is a key, or anything of a cluster, in memory: Ctrl-\ writes all of it into the working directory where cores are allowed.
emptyCoreFiles();
// bin/requorum.js does so before this file is read; started directly, what is loaded from here on is still kept compiled.
module.enableCompileCache();

const interrupt = new AbortController();
let interrupts = 0;
let interruptedAtMs = 0;
/** One Ctrl-C reaches this process from the terminal, and again through npm or another Node that started it. A person is slower. */
const sameInterruptMs = 300;
/** A run stops between two steps, however long that takes. Everything else has said so by now, unless nobody takes what it writes. */
const lastGraceMs = 6000;
const isChanging = isChangingCall(process.argv.slice(2));

function onSignal(name: string): void {
  if (interrupts > 0 && performance.now() - interruptedAtMs < sameInterruptMs) return;
  interruptedAtMs = performance.now();
  interrupts += 1;
  if (interrupts > 1) end(exitCodes.interrupted);
  if (process.stderr.isTTY && isChanging)
    process.stderr.write("\nstopping as soon as it is safe; once more to stop at once (a run stays resumable)\n");
  if (!isChanging) setTimeout(() => end(exitCodes.interrupted), lastGraceMs).unref();
  interrupt.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: `stopped by ${name}` }));
}
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // bin/requorum.js listens until now. It goes when there is another: a signal on its way while nobody listens would be lost.
  const earlier = process.listeners(name);
  process.on(name, () => {
    onSignal(name);
  });
  for (const listener of earlier) process.removeListener(name, listener);
}
// An older Node that started this one, and was killed: what it began must not go on behind its back.
if (process.channel) {
  process.removeAllListeners("disconnect");
  process.once("disconnect", () => {
    onSignal("the end of the process that started it");
  });
}

const out = processSink(process.stdout);
const err = processSink(process.stderr);
const env = process.env;

function directories(): Directories {
  return findDirectories({ environment: env, home: homedir(), work: workDirectory() });
}

/** Throws LOCAL_FILE_FAILED where somebody removed it: every relative path would lead nowhere. */
function workDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new RecoveryError("LOCAL_FILE_FAILED", {
      subject: "working directory",
      detail: "it was removed while this shell was in it",
      cause: error,
      remedies: [{ why: "change to one that exists", command: "cd" }],
    });
  }
}

/** A user that only has a number, as in containers, has that for a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${String(process.getuid?.() ?? "unknown")}`;
  }
}

let terminal: Terminal | undefined;
function restoreTerminal(): void {
  if (terminal !== undefined && terminal.restoreText !== "") writeSync(1, terminal.restoreText);
}
process.on("exit", restoreTerminal);

/** `process.exit` waits for all threads. Where one hangs, only a signal ends them: a shell shows 130 for this one, too. */
function end(code: number): void {
  if (!isThreadHanging()) process.exit(code);
  restoreTerminal();
  process.removeAllListeners("SIGINT");
  process.kill(process.pid, "SIGINT");
}

function makeTerminal(given: { readonly noColor: boolean }): Terminal {
  terminal = new Terminal({
    out,
    err,
    canAsk: process.stdin.isTTY && process.stderr.isTTY,
    noColor: given.noColor || (env["NO_COLOR"] ?? "") !== "",
    isDumb: env["TERM"] === "dumb",
    readAnswer: async (question, signal) => {
      const { createInterface } = await import("node:readline/promises");
      const reader = createInterface({ input: process.stdin, output: process.stderr });
      // In raw mode readline sees Ctrl-C before the process does.
      reader.on("SIGINT", () => {
        onSignal("SIGINT");
      });
      try {
        return await reader.question(question, { signal });
      } catch (error) {
        signal.throwIfAborted();
        // Ctrl-D: readline ends the question with its own abort. No answer is no consent.
        if (error instanceof Error && error.name === "AbortError") return "";
        throw error;
      } finally {
        reader.close();
      }
    },
  });
  return terminal;
}

function makeContext(shown: Terminal, global: GlobalOptions): Promise<CliContext> {
  const { timeoutMs } = global;
  const limit = new AbortController();
  if (timeoutMs !== undefined) {
    const reason = new RecoveryError("TIMED_OUT_WAITING", {
      subject: "requorum",
      detail: `--timeout ${String(timeoutMs / 1000)} s is over`,
    });
    setTimeout(() => {
      limit.abort(reason);
    }, timeoutMs).unref();
  }
  const where = directories();
  const operator = `${userName()}@${hostname()}`;
  const program = `requorum ${programVersion}`;
  const signal = AbortSignal.any([interrupt.signal, limit.signal]);
  const configFromEnvironment = env["REQUORUM_CONFIG"];
  return Promise.resolve({
    terminal: shown,
    global,
    directories: where,
    configFromEnvironment,
    operator,
    program,
    signal,
    openCluster: async () => {
      const { openCluster } = await import("./wiring.ts");
      return openCluster({ global, directories: where, configFromEnvironment });
    },
  });
}

async function saveBug(error: unknown): Promise<string> {
  const { saveBugReport } = await import("./save-bug-report.ts");
  return saveBugReport(error, {
    directory: join(directories().state, "bugs"),
    program: `requorum ${programVersion}`,
    words: process.argv.slice(2),
  });
}

const exitCode = await runCli({
  words: process.argv.slice(2),
  version: programVersion,
  makeTerminal,
  makeContext,
  saveBug,
  isInterrupted: () => interrupt.signal.aborted,
});
await Promise.all([out.settled(), err.settled()]);
// Idle connections (gRPC, shared ssh masters) would keep the process; everything that matters is written.
end(exitCode);
