import { randomBytes } from "node:crypto";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Retry } from "../../model/error-catalogue.ts";
import { afterPendingInput } from "./after-pending-input.ts";
import type { HostConnection } from "./host-connection.ts";
import { FrameStream, remoteCommandLine, type RemoteEnd, type RemoteProgram } from "./remote-frame.ts";
import { SshProcess } from "./ssh-process.ts";
import { sessionArguments } from "./ssh-target.ts";
import { connectionLost, isSessionLimit, rootRefused } from "./to-recovery-error.ts";

/**
 * A shared connection that shows no sign of life for this long, in any of its
 * sessions, is checked by a second login beside it. 300 ms is far above a session's start on a
 * healthy machine (15 ms; 240 ms were seen with the machine ten times
 * overloaded). It counts into the limit for a machine's first word.
 */
const silenceMs = 300;

export interface SessionRequest {
  readonly reason: string;
  readonly program: RemoteProgram;
  readonly asRoot: boolean;
  readonly args?: readonly string[];
  /** Made with the session's nonce. */
  readonly payload: (nonce: string) => string | Uint8Array;
  /** true: nothing is sent before the machine has answered, so that a failure before that had no effect. */
  readonly changesThings: boolean;
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
  readonly signal?: AbortSignal | undefined;
  /** Measures one round trip, milliseconds, before the script begins; nothing is sent before the login shell is there. */
  readonly onRoundTrip?: ((milliseconds: number) => void) | undefined;
}

export interface SessionResult {
  readonly end: RemoteEnd;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** The session never began, and the machine answers otherwise: the master was gone, or is full. The call may be made again. */
export class SessionNotBegun extends Error {
  override readonly name = "SessionNotBegun";
  readonly isBusy: boolean;
  constructor(text: string) {
    super(text);
    this.isBusy = isSessionLimit(text);
  }
}

/** One session over the shared connection. Throws SessionNotBegun, or a RecoveryError. */
export function runSession(ssh: string, connection: HostConnection, request: SessionRequest): Promise<SessionResult> {
  return new RemoteSession(ssh, connection, request).run();
}

class RemoteSession {
  readonly #connection: HostConnection;
  readonly #request: SessionRequest;
  readonly #process: SshProcess;
  readonly #nonce = randomBytes(16).toString("hex");
  readonly #stdout = new FrameStream(this.#nonce);
  readonly #stderr = new FrameStream(this.#nonce);
  readonly #settled = Promise.withResolvers<SessionResult>();
  readonly #looking = new AbortController();
  /** The machine has answered, be it only that a shell is there. */
  #isHeard = false;
  #hasBegun = false;
  #isSent = false;
  #roundTrip: "not-begun" | "over" | { readonly askedAtMs: number };
  #silence: NodeJS.Timeout | undefined;

  constructor(ssh: string, connection: HostConnection, request: SessionRequest) {
    this.#connection = connection;
    this.#request = request;
    this.#roundTrip = request.onRoundTrip === undefined ? "over" : "not-begun";
    const commandLine = remoteCommandLine(request.program, {
      nonce: this.#nonce,
      asRoot: request.asRoot,
      isMeasured: request.onRoundTrip !== undefined,
      ...(request.args === undefined ? {} : { args: request.args }),
    });
    this.#process = new SshProcess(ssh, sessionArguments(connection.target.controlPath, commandLine), {
      stdout: (chunk) => this.#take(this.#stdout, chunk),
      stderr: (chunk) => this.#take(this.#stderr, chunk),
    });
  }

  async run(): Promise<SessionResult> {
    const { signal, timeoutMs } = this.#request;
    const timer = setTimeout(() => afterPendingInput(() => this.#settled.reject(this.#timeout())), timeoutMs);
    this.#silence = setTimeout(() => void this.#lookBeside(performance.now() - silenceMs), silenceMs);
    const abort = () => this.#settled.reject(this.#interrupted());
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.#process.ended.then(
      ({ exitCode }) => this.#ended(exitCode),
      (error: unknown) => this.#settled.reject(error as Error),
    );
    if (!this.#request.changesThings && this.#roundTrip === "over") this.#send();
    try {
      return await this.#settled.promise;
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#silence);
      signal?.removeEventListener("abort", abort);
      this.#looking.abort(new Error("no longer needed"));
      // Also after success: a process that the script left behind may hold the session open.
      this.#process.kill();
    }
  }

  #send(): void {
    if (this.#isSent) return;
    this.#isSent = true;
    this.#process.endInput(this.#request.payload(this.#nonce));
  }

  #take(stream: FrameStream, chunk: Buffer): void {
    stream.push(chunk);
    if (!this.#hasBegun && stream === this.#stderr) this.#hearBeginning();
    const isFlooded = this.#stdout.noiseSizeBytes + this.#stderr.noiseSizeBytes > noiseBytesMax;
    if (isFlooded || this.#stdout.scriptSizeBytes + this.#stderr.scriptSizeBytes > this.#request.outputBytesMax + frameBytesMax) {
      this.#settled.reject(this.#tooLarge());
      return;
    }
    const end = this.#stderr.end;
    if (end !== undefined && this.#stdout.end !== undefined) this.#finish(end);
  }

  #hearBeginning(): void {
    if (this.#roundTrip === "not-begun" && this.#stderr.has("here")) {
      this.#connection.noteLife(); // silence counts from here again: the machine may go before it answers
      this.#roundTrip = { askedAtMs: performance.now() };
      this.#process.write("\n");
      if (!this.#request.changesThings) this.#send();
    }
    if (typeof this.#roundTrip === "object" && this.#stderr.has("answered")) {
      this.#noteLife();
      this.#request.onRoundTrip?.(performance.now() - this.#roundTrip.askedAtMs);
      this.#roundTrip = "over";
    }
    if (this.#stderr.has("begin")) {
      this.#hasBegun = true;
      this.#noteLife();
      this.#send();
    }
  }

  #noteLife(): void {
    this.#isHeard = true;
    this.#connection.noteLife();
    this.#looking.abort(new Error("the machine has answered"));
  }

  #finish(end: RemoteEnd): void {
    if (end.kind === "torn") {
      this.#settled.reject(connectionLost({ ...this.#failure(), retry: "transient" }));
      return;
    }
    const result = { end, stdout: this.#stdout.scriptBytes(), stderr: this.#stderr.scriptBytes() };
    if (result.stdout.length + result.stderr.length > this.#request.outputBytesMax) this.#settled.reject(this.#tooLarge());
    else this.#settled.resolve(result);
  }

  /** ssh is gone. After a complete frame this changes nothing: the promise is settled already. */
  #ended(exitCode: number | null): void {
    const failure = this.#failure();
    // A refused sudo ends with 1, one that is not there with 127; 255 is ssh's own word for a connection that broke meanwhile.
    const isConnection = exitCode === null || exitCode === 255;
    if (this.#hasBegun) this.#settled.reject(connectionLost(failure));
    else if (this.#stderr.has("shell") && !isConnection) this.#settled.reject(rootRefused(failure));
    // A script that only reads may have been sent and lost: reading again is no harm.
    else this.#settled.reject(new SessionNotBegun(failure.text));
  }

  async #lookBeside(sinceMs: number): Promise<void> {
    if (this.#isHeard) return;
    const { heardAtMs } = this.#connection;
    if (heardAtMs > sinceMs) {
      // Another session was answered meanwhile: the machine is slow, not gone.
      this.#silence = setTimeout(() => void this.#lookBeside(heardAtMs), silenceMs);
      return;
    }
    try {
      await this.#connection.look({ reason: this.#request.reason, spentMs: silenceMs, signal: this.#looking.signal });
    } catch (error) {
      if (this.#looking.signal.aborted) return; // the machine has answered meanwhile
      this.#settled.reject(error);
      await this.#connection.drop();
    }
  }

  /** What a failure means for the script: not sent, or it only reads, then nothing happened. */
  #retry(): Retry {
    return this.#request.changesThings && this.#isSent ? "unknown-outcome" : "transient";
  }

  #failure() {
    return { host: this.#connection.target.host, reason: this.#request.reason, text: this.#stderr.allText(), retry: this.#retry() };
  }

  #timeout(): RecoveryError {
    const state = this.#stateWords();
    return new RecoveryError("REMOTE_TIMEOUT", {
      subject: `host ${this.#connection.target.host.name}`,
      detail: `"${this.#request.reason}" did not end within ${String(this.#request.timeoutMs)} ms; ${state}`,
      retry: this.#retry(),
    });
  }

  #stateWords(): string {
    if (this.#hasBegun) return "it may still run there";
    if (this.#stderr.has("shell")) return "sudo did not come to an end within that time";
    if (this.#stderr.has("here")) return "a shell was started and went no further within that time";
    return "no shell was started within that time";
  }

  #tooLarge(): RecoveryError {
    return new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", {
      subject: `host ${this.#connection.target.host.name}`,
      detail: `"${this.#request.reason}" printed more than ${String(this.#request.outputBytesMax)} bytes`,
      retry: this.#request.changesThings ? "unknown-outcome" : "permanent",
    });
  }

  #interrupted(): RecoveryError {
    return new RecoveryError("INTERRUPTED", {
      subject: `host ${this.#connection.target.host.name}`,
      detail: `"${this.#request.reason}" was not waited for any longer`,
      cause: this.#request.signal?.reason,
      retry: this.#retry(),
    });
  }
}

/** Our own "end" lines on both streams. */
const frameBytesMax = 256;
/** What ssh, sudo and a login shell say before the script: banners, warnings. */
const noiseBytesMax = 1024 * 1024;
