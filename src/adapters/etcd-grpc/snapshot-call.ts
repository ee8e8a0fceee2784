import { connect as connectHttp2, constants, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTls, type checkServerIdentity, type SecureContext } from "node:tls";
import type { EtcdAddress } from "./etcd-address.ts";
import { SnapshotMessageError, SnapshotMessages } from "./snapshot-messages.ts";

export interface SnapshotCallOptions {
  readonly address: EtcdAddress;
  readonly secureContext: SecureContext;
  readonly checkServerIdentity: typeof checkServerIdentity;
  /** Into SNI and :authority. */
  readonly serverName: string;
  readonly path: string;
  readonly flowControlWindowBytes: number;
  readonly timeoutMs: number;
}

export interface SnapshotListener {
  /** Valid until it returns. */
  onBlob(bytes: Uint8Array): void;
  /** Once. undefined: the server says that this was all. */
  onEnd(failure: CallFailure | undefined): void;
}

export interface SnapshotCall {
  pause(): void;
  resume(): void;
  /** At any time: the connection is gone, and nothing is told any more. */
  close(): void;
}

/** Numbers of gRPC's status codes; grpc-js, which has them by name, takes a tenth of a second to load. */
export const grpcCancelled = 1;
const grpcOk = 0;
const grpcUnknown = 2;
const grpcDeadlineExceeded = 4;
const grpcInternal = 13;
const grpcUnavailable = 14;
const grpcLast = 16;

/** Of the form of grpc-js's errors, so that both are judged in one place (to-recovery-error.ts). */
export class CallFailure extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, details: string, cause?: unknown) {
    super(details, { cause });
    this.code = code;
    this.details = details;
  }
}

/** Larger frames than HTTP/2's 16 KiB are fewer pieces; a message of etcd has 32 KiB. */
const frameBytesMax = 1024 * 1024;
/** A message of no fields: not compressed, of no bytes. */
const emptyMessage = Uint8Array.of(0, 0, 0, 0, 0);

/**
 * One call of Maintenance.Snapshot over a connection of its own, by Node's
 * HTTP/2: grpc-js joins and copies every message, which took more processor
 * time than all else that is done with a snapshot (docs/performance.md).
 * Source: gRPC's PROTOCOL-HTTP2.md.
 */
export function callSnapshot(options: SnapshotCallOptions, listener: SnapshotListener): SnapshotCall {
  const { address, secureContext, serverName, flowControlWindowBytes } = options;
  const socket = connectTls({
    ...address,
    secureContext,
    checkServerIdentity: options.checkServerIdentity,
    servername: serverName,
    ALPNProtocols: ["h2"],
    // Said, and not left to Node: NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would let any server give the snapshot.
    rejectUnauthorized: true,
  });
  const session = connectHttp2(`https://${serverName}`, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: flowControlWindowBytes, maxFrameSize: frameBytesMax },
    // The windows bound what is held; the default of 10 MB is less than they are.
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
  });
  let isConnected = false;
  session.once("connect", () => {
    isConnected = true;
    session.setLocalWindowSize(flowControlWindowBytes);
  });
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: constants.HTTP2_METHOD_POST,
    [constants.HTTP2_HEADER_PATH]: options.path,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
    [constants.HTTP2_HEADER_TE]: "trailers",
    "grpc-timeout": `${String(options.timeoutMs)}m`,
  });
  let isOver = false;
  const end = (failure: CallFailure | undefined): void => {
    if (isOver) return;
    isOver = true;
    listener.onEnd(failure);
    // What goes on coming after a failure is nobody's any more.
    if (failure !== undefined) session.destroy();
  };
  const lost = (error: Error): void =>
    end(new CallFailure(grpcUnavailable, isConnected ? error.message : `No connection established. Last error: ${String(error)}`, error));
  // The first of them knows most: a socket's error comes to the session and to the stream too.
  socket.on("error", lost);
  session.on("error", lost);
  stream.on("error", (error: Error) => (stream.rstCode === constants.NGHTTP2_NO_ERROR ? lost(error) : end(resetFailure(stream, error))));
  const deadline = setTimeout(
    () => end(new CallFailure(grpcDeadlineExceeded, `Deadline exceeded after ${String(options.timeoutMs)} ms`)),
    options.timeoutMs,
  );
  hear(stream, { end, onBlob: (bytes) => (isOver ? undefined : listener.onBlob(bytes)), isConnected: () => isConnected });
  stream.end(emptyMessage);
  return {
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    close: () => {
      isOver = true;
      clearTimeout(deadline);
      session.destroy();
    },
  };
}

/** What the server says, and the end of it all. */
function hear(
  stream: ClientHttp2Stream,
  to: {
    readonly end: (failure: CallFailure | undefined) => void;
    readonly onBlob: (bytes: Uint8Array) => void;
    readonly isConnected: () => boolean;
  },
): void {
  const messages = new SnapshotMessages(to.onBlob);
  let status: GrpcStatus | undefined;
  const readStatus = (headers: IncomingHttpHeaders): void => {
    status = grpcStatusOf(headers) ?? status;
  };
  stream.on("response", (headers, flags) => {
    // Where there is nothing but an error, it is here; with content after it the status is what stands behind that.
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) readStatus(headers);
    const http = headers[constants.HTTP2_HEADER_STATUS];
    if (Number(http) !== 200) to.end(new CallFailure(grpcUnavailable, `the answer is HTTP ${String(http)}, which is none of etcd's`));
  });
  stream.on("trailers", readStatus);
  stream.on("data", (piece: Uint8Array) => {
    try {
      messages.read(piece);
    } catch (error) {
      if (!(error instanceof SnapshotMessageError)) throw error;
      to.end(new CallFailure(grpcInternal, error.message, error));
    }
  });
  stream.on("close", () => to.end(endOf(stream, { status, messages, isConnected: to.isConnected() })));
}

function endOf(
  stream: ClientHttp2Stream,
  found: {
    readonly status: GrpcStatus | undefined;
    readonly messages: SnapshotMessages;
    readonly isConnected: boolean;
  },
): CallFailure | undefined {
  const { status, messages, isConnected } = found;
  if (status === undefined) {
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) return resetFailure(stream);
    return new CallFailure(grpcUnavailable, isConnected ? "Connection dropped" : "No connection established. Last error: it was closed");
  }
  // The member answered, and names what is wrong with it: neither the connection's trouble nor our own end, for which gRPC uses these codes too.
  if ([grpcInternal, grpcCancelled, grpcDeadlineExceeded].includes(status.code)) return new CallFailure(grpcUnknown, status.message);
  if (status.code !== grpcOk) return new CallFailure(status.code, status.message);
  // The status was there already when the connection went, and what lay before it was not read yet: Node throws that away.
  if (!stream.readableEnded) return new CallFailure(grpcUnavailable, "Connection dropped");
  try {
    messages.assertComplete();
  } catch (error) {
    return new CallFailure(grpcInternal, error instanceof Error ? error.message : String(error), error);
  }
  return undefined;
}

function resetFailure(stream: ClientHttp2Stream, cause?: unknown): CallFailure {
  return new CallFailure(grpcInternal, `Received RST_STREAM with code ${String(stream.rstCode)}`, cause);
}

interface GrpcStatus {
  readonly code: number;
  readonly message: string;
}

/** grpc-message is percent-encoded; one that cannot be decoded is shown as it came. */
function grpcStatusOf(headers: IncomingHttpHeaders): GrpcStatus | undefined {
  const [code, message] = [headers["grpc-status"], headers["grpc-message"]];
  if (typeof code !== "string") return undefined;
  const text = typeof message === "string" ? message : "";
  const number = /^\d{1,2}$/.test(code) ? Number(code) : grpcUnknown;
  const known = number > grpcLast ? grpcUnknown : number;
  try {
    return { code: known, message: decodeURIComponent(text) };
  } catch {
    return { code: known, message: text };
  }
}
