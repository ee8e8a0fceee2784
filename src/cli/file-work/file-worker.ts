/**
 * The thread that works on files. The engine is synchronous; here it can be
 * stopped by Ctrl-C at any point, and the screen stays alive beside it.
 */
import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import type { FileContext } from "../../app/files/file-context.ts";
import { SealedByteFiles } from "../../adapters/local-fs/sealed-byte-files.ts";
import { LocalByteFiles } from "../../adapters/local-fs/local-byte-files.ts";
import { startCheckThread } from "../../adapters/local-fs/start-check-thread.ts";
import { LocalDataDirWriter } from "../../adapters/local-fs/local-data-dir-writer.ts";
import type { ByteFiles } from "../../ports/byte-files.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import { nodeSealCiphers } from "../../adapters/system/node-seal-ciphers.ts";
import { carried } from "./carried-error.ts";
import type { FileMessage, FileWork } from "./file-messages.ts";
import { fileTasks, type FileTaskName, type FileTaskRequest } from "./file-tasks.ts";
import type { WriteText } from "./print-objects.ts";
import { SetByteFiles } from "./set-byte-files.ts";
import { noteSent } from "./text-flow.ts";

/** Screens need no more. */
const showEveryMs = 100;

function main(): void {
  const port = parentPort;
  if (port === null) throw new Error("file-worker.ts is a thread of requorum, not a program");
  const say = (message: FileMessage): void => {
    port.postMessage(message);
  };
  const work = workerData as FileWork; // made by run-file-task.ts
  const { name, request, flow } = work;
  let shownMs = 0;
  const context: FileContext = {
    files: filesOf(work),
    ciphers: nodeSealCiphers,
    dataDirs: new LocalDataDirWriter((path) => {
      say({ kind: "temporary", path });
    }),
    hashing: new NodeHashing(),
    sha1: (data) => createHash("sha1").update(data).digest(),
    report: (event) => {
      const nowMs = performance.now();
      if (nowMs - shownMs < showEveryMs) return;
      shownMs = nowMs;
      say({ kind: "progress", event });
    },
  };
  try {
    const write: WriteText = (text) => {
      say({ kind: "text", text });
      noteSent(flow);
    };
    const task = fileTasks[name] as (context: FileContext, request: FileTaskRequest<FileTaskName>, write: WriteText) => unknown; // name and request were paired by the types there
    say({ kind: "result", result: task(context, request, write) });
  } catch (error) {
    say({ kind: "error", error: carried(error) });
  }
}

function filesOf({ spooled, sealed, sets }: FileWork): ByteFiles {
  if (sealed !== undefined) return new SealedByteFiles(sealed, startCheckThread);
  const local = new LocalByteFiles(
    spooled.map((one) => ("path" in one ? one : { name: one.name, error: new RecoveryError(one.error.code, one.error) })),
    startCheckThread,
  );
  return sets === undefined ? local : new SetByteFiles(sets, local);
}

main();
