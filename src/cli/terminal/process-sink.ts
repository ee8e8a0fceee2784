import type { WriteStream } from "node:tty";
import type { TextSink } from "./terminal.ts";

/**
 * Node's standard stream as a sink. When the reader has gone (EPIPE, as in
 * `| head -1`) what follows is dropped quietly: that is the reader's choice,
 * no error. `drained` resolves when everything written has left the process.
 */
export function processSink(stream: NodeJS.WriteStream & { fd: 1 | 2 }): TextSink & { drained(): Promise<void> } {
  const gone = new AbortController();
  let last: Promise<void> = Promise.resolve();
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED" && error.code !== "EIO") throw error;
    gone.abort();
  });
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
        stream.write(text, () => {
          resolve();
        });
      });
    },
    drained: () => last,
  };
}
