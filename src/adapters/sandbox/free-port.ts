import { once } from "node:events";
import { createServer } from "node:net";

/** A port of loopback that was free a moment ago; who starts a program on it tries again when it is not. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("a server on a port has an address");
  return address.port;
}
