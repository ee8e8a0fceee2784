import { Agent, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { checkServerIdentity, type PeerCertificate, type SecureContext } from "node:tls";
import { RequestTurns } from "./request-turns.ts";

/** Requests to one server that run side by side; more wait for their turn. */
export const connectionsMax = 4;

/**
 * A connection that nobody used for so long is closed: the machine behind it may have been cut off or started again
 * without a word, and a write on it would have an unknown outcome. Long enough for the requests of one round.
 */
const idleMsMax = 4_000;

/** The connections of one identity to one API server. Each request on it takes a turn first. */
export class KubeAgent extends Agent {
  readonly turns = new RequestTurns(connectionsMax);

  /** The server's certificate must name one of `serverNames`; the first goes into SNI. */
  constructor(identity: { readonly secureContext: SecureContext; readonly serverNames: readonly [string, ...string[]] }) {
    const { secureContext, serverNames } = identity;
    super({
      keepAlive: true,
      timeout: idleMsMax, // Node ends only connections with it that no request is on
      maxCachedSessions: 0, // a resumed session is not checked against the certificate again
      secureContext,
      rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
      servername: serverNames[0],
      checkServerIdentity: (_name: string, certificate: PeerCertificate) => {
        const problems = serverNames.map((name) => checkServerIdentity(name, certificate));
        return problems.includes(undefined) ? undefined : problems[0];
      },
    });
  }

  /** Called by Node for each new connection. */
  override createConnection(options: RequestOptions): Duplex | null | undefined {
    const socket = super.createConnection(options);
    // A request hears of its connection's failure by itself. One that fails between two requests is nobody's.
    socket?.on("error", () => undefined);
    return socket;
  }
}
