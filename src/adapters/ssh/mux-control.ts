import { createConnection } from "node:net";

/**
 * Asks a running master for something over its control socket. The messages
 * are those of openssh-portable, PROTOCOL.mux, protocol version 4 (OpenSSH 5.4,
 * 2010, and later). `ssh -O` does the same; a program start for each forward
 * would cost more than everything else about it.
 */
export type MuxRequest =
  | { readonly kind: "open-forward" | "close-forward"; readonly socketPath: string; readonly address: string; readonly port: number }
  | { readonly kind: "terminate" };

/** "gone": there is no master, or it ended while it was asked. */
export type MuxAnswer =
  { readonly kind: "ok" } | { readonly kind: "refused"; readonly because: string } | { readonly kind: "gone" } | { readonly kind: "late" };

const hello = 0x00000001;
const protocolVersion = 4;
const requestCodes = { terminate: 0x10000005, "open-forward": 0x10000006, "close-forward": 0x10000007 } as const;
const answerOk = 0x80000001;
const answerDenied = 0x80000002;
const answerFailure = 0x80000003;
const forwardLocal = 1;
/** "the listen host is the path of a Unix socket" */
const portOfUnixSocket = 0xfffffffe;
/** Answers are a code and a sentence. */
const messageBytesMax = 64 * 1024;

export function askMaster(controlPath: string, request: MuxRequest, timeoutMs: number): Promise<MuxAnswer> {
  return new Promise((resolve) => {
    const socket = createConnection(controlPath);
    let pending: Buffer = Buffer.alloc(0);
    const finish = (answer: MuxAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish({ kind: "late" }), timeoutMs);
    socket.once("error", () => finish({ kind: "gone" }));
    // A master that ends because it was told to may close before it has answered.
    socket.once("close", () => finish({ kind: request.kind === "terminate" ? "ok" : "gone" }));
    socket.once("connect", () => socket.write(Buffer.concat([message(uint32(hello), uint32(protocolVersion)), encode(request)])));
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        const next = takeMessage(pending);
        if (next === "more") return;
        if (next === "nonsense") {
          finish({ kind: "refused", because: "the master's answer was not understood" });
          return;
        }
        pending = next.rest;
        const answer = read(next.body);
        if (answer !== undefined) {
          finish(answer);
          return;
        }
      }
    });
  });
}

function encode(request: MuxRequest): Buffer {
  const head = [uint32(requestCodes[request.kind]), uint32(1)];
  if (request.kind === "terminate") return message(...head);
  return message(
    ...head,
    uint32(forwardLocal),
    text(request.socketPath),
    uint32(portOfUnixSocket),
    text(request.address),
    uint32(request.port),
  );
}

/** undefined: the greeting, or something that is no answer. */
function read(body: Buffer): MuxAnswer | undefined {
  const code = body.length < 4 ? 0 : body.readUInt32BE(0);
  if (code === answerOk) return { kind: "ok" };
  if (code !== answerDenied && code !== answerFailure) return undefined;
  return { kind: "refused", because: body.subarray(12).toString("utf8") };
}

function takeMessage(bytes: Buffer): { readonly body: Buffer; readonly rest: Buffer } | "more" | "nonsense" {
  if (bytes.length < 4) return "more";
  const length = bytes.readUInt32BE(0);
  if (length > messageBytesMax) return "nonsense";
  if (bytes.length < 4 + length) return "more";
  return { body: bytes.subarray(4, 4 + length), rest: bytes.subarray(4 + length) };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function message(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([uint32(body.length), body]);
}
