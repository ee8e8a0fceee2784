import type { WriteStream } from "node:tty";
import { errnoOf, toRecoveryError } from "../../adapters/local-fs/to-recovery-error.ts";
import type { RecoveryError } from "../../model/recovery-error.ts";
import type { TextSink } from "./terminal.ts";

/** The reader has gone, which is the reader's choice: `| head -1`. A terminal that was closed says EIO. */
const leftQuietly = ["EPIPE", "ERR_STREAM_DESTROYED"];

/**
 * Node's standard stream as a sink. When nothing can be written any more, what
 * follows is dropped and the work goes on: a run must not end because its log
 * has no room. `settled` resolves when everything written has left the process
 * or was dropped, with the error unless the reader has gone.
 */
export function processSink(stream: NodeJS.WriteStream & { fd: 1 | 2 }): Required<TextSink> {
  const gone = new AbortController();
  let failure: RecoveryError | undefined;
  let last: Promise<void> = Promise.resolve();
  const onError = (error: Error): void => {
    if (gone.signal.aborted) return;
    const code = errnoOf(error) ?? "";
    if (!leftQuietly.includes(code) && !(stream.isTTY && code === "EIO"))
      failure = toRecoveryError(error, stream.fd === 1 ? "standard output" : "standard error", "write");
    gone.abort();
  };
  stream.on("error", onError);
  const tty: Partial<Pick<WriteStream, "columns" | "rows">> = stream;
  return {
    gone: gone.signal,
    get isTty() {
      return stream.isTTY;
    },
    get columns() {
      return tty.columns;
    },
    get rows() {
      return tty.rows;
    },
    write(text) {
      if (gone.signal.aborted) return;
      last = new Promise((resolve) => {
        stream.write(text, (error) => {
          if (error !== undefined && error !== null) onError(error);
          resolve();
        });
      });
    },
    settled: async () => {
      await last;
      return failure;
    },
  };
}
