import { rm } from "node:fs/promises";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { ProgressDisplay } from "../terminal/progress-display.ts";
import { endThread } from "./end-thread.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import type { SealedReading } from "../../ports/sealed-spool.ts";
import { withRest } from "../../app/files/discarded.ts";
import { answerSetReads, type ReadableSet } from "./answer-set-reads.ts";
import { restored } from "./carried-error.ts";
import type { FileMessage, FileWork } from "./file-messages.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { newTextFlow, noteTaken, ReaderGone } from "./text-flow.ts";
import type { FileTaskName, FileTaskRequest, FileTaskResult } from "./file-tasks.ts";
import { sourcesOf } from "./sources-of.ts";
import type { SpoolingCli } from "./spool-sources.ts";
import { withSpooledSources } from "./with-spooled-sources.ts";

/**
 * Does one piece of work on files in a thread of its own, shows its progress,
 * and stops it when the call is aborted. Sources on other machines are copied
 * here first; results and errors name them as they were given. What it writes
 * in pieces goes to standard output at once. `sets` are read of under their
 * names, only where it is needed. Rejects with ReaderGone when that
 * is not taken any more.
 */
export function runFileTask<Name extends FileTaskName>(
  cli: SpoolingCli,
  name: Name,
  request: FileTaskRequest<Name>,
  options: { readonly sets?: readonly ReadableSet[] } = {},
): Promise<FileTaskResult<Name>> {
  // Of several survivors one that cannot be reached is expected: the others are ranked.
  return withSpooledSources(cli, sourcesOf[name](request), { goesOn: name === "rank" }, (spooled) =>
    withSets(cli.signal, options.sets ?? [], (sets) => runInThread(cli, { name, request, spooled, flow: newTextFlow(), ...sets })),
  );
}

/** The thread has ended when the work is over: nobody waits for an answer any more. */
async function withSets<Result>(
  signal: AbortSignal,
  sets: readonly ReadableSet[],
  work: (sets: Pick<FileWork, "sets">) => Promise<Result>,
): Promise<Result> {
  if (sets.length === 0) return work({});
  const answering = answerSetReads(sets, signal);
  try {
    return await work({ sets: answering.reads });
  } finally {
    await answering.stop();
  }
}

/** Records and objects die young: without a limit the room for new ones grows to 200 MB and stays, with one it costs 5 % of the time at most (`get` of 800 000 objects). */
const youngGenerationMb = 16;

/** The same for a task on copies of this program that lie sealed on this machine; progress goes to `report`. */
export function runSealedFileTask<Name extends FileTaskName>(
  cli: SpoolingCli,
  name: Name,
  request: FileTaskRequest<Name>,
  sealed: { readonly reading: SealedReading; readonly report: ReportProgress },
): Promise<FileTaskResult<Name>> {
  return runInThread(cli, { name, request, spooled: [], flow: newTextFlow(), sealed: sealed.reading }, sealed.report);
}

async function runInThread<Name extends FileTaskName>(
  cli: SpoolingCli,
  work: FileWork<Name>,
  report?: ReportProgress,
): Promise<FileTaskResult<Name>> {
  cli.signal.throwIfAborted();
  const display = new ProgressDisplay(cli.terminal, { isQuiet: report !== undefined });
  const worker = new Worker(new URL(`file-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: work,
    ...(work.sets === undefined ? {} : { transferList: [work.sets.port] }),
    resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
  });
  let temporary: string | undefined;
  const ended = Promise.withResolvers<FileTaskResult<Name>>();
  let isPrinting = false;
  worker.on("message", (message: FileMessage) => {
    switch (message.kind) {
      case "progress":
        // On a terminal both would be in each other's lines.
        if (!isPrinting || !cli.terminal.outIsTty) (report ?? display.report)(message.event);
        return;
      case "text":
        isPrinting = true;
        if (cli.terminal.outIsTty) display.stop();
        void print(cli, message.text).then(() => {
          noteTaken(work.flow);
        }, ended.reject);
        return;
      case "temporary":
        temporary = message.path;
        return;
      case "result":
        ended.resolve(message.result as FileTaskResult<Name>); // by the table of tasks
        return;
      case "error":
        ended.reject(restored(message.error));
        return;
      default:
        message satisfies never;
    }
  });
  worker.on("error", (error) => {
    ended.reject(outOfMemory(error) ?? error);
  });
  worker.on("exit", (code) => {
    ended.reject(new Error(`the thread that works on files ended with ${String(code)} and without a result`));
  });
  const abort = () => {
    ended.reject(cli.signal.reason as Error);
  };
  cli.signal.addEventListener("abort", abort, { once: true });
  const stop = async (): Promise<void> => {
    cli.signal.removeEventListener("abort", abort);
    display.stop();
    await endThread(worker);
  };
  try {
    const result = await ended.promise;
    await stop();
    return result;
  } catch (error) {
    await stop();
    // What was half written when the thread was stopped, and nobody has seen.
    if (temporary !== undefined)
      await rm(temporary, { recursive: true, force: true }).catch((rest: unknown) => {
        throw withRest(error, rest);
      });
    throw error;
  }
}

/** Until the piece has left this process. */
async function print({ terminal }: SpoolingCli, text: string): Promise<void> {
  terminal.objects(text);
  await terminal.outFailure();
  if (terminal.outGone?.aborted === true) throw new ReaderGone();
}
