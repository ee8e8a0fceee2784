import { once } from "node:events";
import { createServer } from "node:net";
import { RecoveryError } from "../../model/recovery-error.ts";

/** Somebody else took it in the milliseconds between; twice in a row is no chance any more. */
const triesMax = 3;

/** Starts something on a free port of loopback, and again on another one where that was taken meanwhile; SANDBOX_UNDECIDED when it always was. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      const isTaken = error instanceof RecoveryError && error.code === "SANDBOX_FAILED" && /address already in use/.test(error.detail);
      if (!isTaken) throw error;
      if (attempt === triesMax)
        throw new RecoveryError("SANDBOX_UNDECIDED", { subject: error.subject, detail: error.detail, cause: error });
    }
  }
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("a server on a port has an address");
  return address.port;
}
