import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";

/** What was asked, "POST /hook application/json BODY", and the bodies alone, in the order in which they came. */
export interface WebhookReceiver {
  /** "http://127.0.0.1:PORT", without a path. */
  readonly origin: string;
  readonly requests: readonly string[];
  readonly bodies: readonly string[];
}

/** A real server on loopback until the test ends; `answer` ends the response, which is 200 without it. */
export async function webhookReceiver(
  context: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => void response.end(),
): Promise<WebhookReceiver> {
  const [requests, bodies]: [string[], string[]] = [[], []];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () => {
      requests.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers["content-type"] ?? ""} ${body}`);
      bodies.push(body);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return { origin: `http://127.0.0.1:${String(address.port)}`, requests, bodies };
}
