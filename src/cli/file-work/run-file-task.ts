import { rm } from "node:fs/promises";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { CliContext } from "../cli-context.ts";
import { ProgressDisplay } from "../terminal/progress-display.ts";
import { restored, type FileMessage } from "./file-messages.ts";
import type { FileTaskName, FileTaskRequest, FileTaskResult } from "./file-tasks.ts";

/** Does one piece of work on files in a thread of its own, shows its progress, and stops it when the call is aborted. */
export async function runFileTask<Name extends FileTaskName>(
  cli: Pick<CliContext, "terminal" | "signal">,
  name: Name,
  request: FileTaskRequest<Name>,
): Promise<FileTaskResult<Name>> {
  cli.signal.throwIfAborted();
  const display = new ProgressDisplay(cli.terminal, { isQuiet: false });
  const worker = new Worker(new URL(`file-worker${extname(import.meta.url)}`, import.meta.url), { workerData: { name, request } });
  let temporary: string | undefined;
  const ended = Promise.withResolvers<FileTaskResult<Name>>();
  worker.on("message", (message: FileMessage) => {
    switch (message.kind) {
      case "progress":
        display.report(message.event);
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
  worker.on("error", ended.reject);
  worker.on("exit", (code) => {
    ended.reject(new Error(`the thread that works on files ended with ${String(code)} and without a result`));
  });
  const abort = () => {
    ended.reject(cli.signal.reason as Error);
  };
  cli.signal.addEventListener("abort", abort, { once: true });
  try {
    return await ended.promise;
  } finally {
    cli.signal.removeEventListener("abort", abort);
    display.stop();
    await worker.terminate();
    // What was half written when the thread was stopped, and nobody has seen.
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}
