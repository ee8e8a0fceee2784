import { createHash } from "node:crypto";
import type { HostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type {
  FirstReadableWish,
  Forward,
  HostAccess,
  RemoteFile,
  RemoteRead,
  RemoteRequest,
  RemoteResult,
} from "../../src/ports/host-access.ts";

/** What a scripted machine does with a script. "hang": it never ends. "lost": the connection breaks while it runs. */
export type ScriptedOutcome = Partial<RemoteResult> | "hang" | "lost";
export type ScriptHandler = (request: RemoteRequest, host: HostName) => ScriptedOutcome | Promise<ScriptedOutcome>;

export interface ScriptMatch {
  readonly host?: HostName;
  readonly reason?: string | RegExp;
  readonly script?: string | RegExp;
}

const outputBytesMaxDefault = 8 * 1024 * 1024;

/**
 * Machines in memory: files, scripted answers, failures. A script without a
 * handler is a mistake in the test and throws a plain Error. Handlers added
 * later are asked first.
 */
export class FakeHostAccess implements HostAccess {
  readonly calls: { readonly host: HostName; readonly request: RemoteRequest }[] = [];
  readonly forwards: { readonly host: HostName; readonly address: string; readonly port: number; isOpen: boolean }[] = [];
  isClosed = false;
  readonly #files = new Map<string, { readonly content: Uint8Array; readonly mode: number }>();
  readonly #handlers: { readonly match: ScriptMatch; readonly handle: ScriptHandler }[] = [];
  readonly #failures = new Map<HostName, () => Error>();
  readonly #roundTripMs = new Map<HostName, number>();
  readonly #corruptedPaths = new Set<string>();

  onScript(match: ScriptMatch, handle: ScriptHandler | ScriptedOutcome): void {
    this.#handlers.unshift({ match, handle: typeof handle === "function" ? handle : () => handle });
  }

  setFile(host: HostName, path: string, content: string | Uint8Array, mode = 0o644): void {
    this.#files.set(keyOf(host, path), { content: typeof content === "string" ? new TextEncoder().encode(content) : content, mode });
  }

  fileOf(host: HostName, path: string): { readonly content: Uint8Array; readonly mode: number } | undefined {
    return this.#files.get(keyOf(host, path));
  }

  removeFile(host: HostName, path: string): void {
    this.#files.delete(keyOf(host, path));
  }

  /** Every operation on this host throws a new error of this maker, until `heal`. */
  failWith(host: HostName, makeError: () => Error): void {
    this.#failures.set(host, makeError);
  }

  heal(host: HostName): void {
    this.#failures.delete(host);
  }

  setRoundTripMs(host: HostName, milliseconds: number): void {
    this.#roundTripMs.set(host, milliseconds);
  }

  /** The next uploads to this path arrive with another checksum. */
  corruptUploadsTo(host: HostName, path: string): void {
    this.#corruptedPaths.add(keyOf(host, path));
  }

  async run(host: HostName, request: RemoteRequest): Promise<RemoteResult> {
    this.calls.push({ host, request });
    this.#throwIfFailing(host);
    if (request.signal?.aborted === true) throw interrupted(host, request.reason, "transient", request.signal);
    request.onRoundTrip?.(this.#roundTripMs.get(host) ?? 0.5);
    const handler = this.#handlers.find((candidate) => matches(candidate.match, host, request));
    if (handler === undefined) throw new Error(`FakeHostAccess: no handler for "${request.reason}" on ${host}:\n${request.script}`);
    const outcome = await handler.handle(request, host);
    const retry = request.changesThings ? "unknown-outcome" : "transient";
    if (outcome === "lost")
      throw new RecoveryError("SSH_CONNECTION_LOST", {
        subject: `host ${host}`,
        detail: `the connection broke during "${request.reason}"`,
        retry,
      });
    if (outcome === "hang") return this.#hang(host, request, retry);
    const result = { exitCode: outcome.exitCode ?? 0, stdout: outcome.stdout ?? "", stderr: outcome.stderr ?? "" };
    const sizeBytes = Buffer.byteLength(result.stdout) + Buffer.byteLength(result.stderr);
    if (sizeBytes > (request.outputBytesMax ?? outputBytesMaxDefault)) {
      throw new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", {
        subject: `host ${host}`,
        detail: `"${request.reason}" printed too much`,
        retry: request.changesThings ? "unknown-outcome" : "permanent",
      });
    }
    return result;
  }

  ping(host: HostName): Promise<number> {
    return Promise.resolve().then(() => {
      this.#throwIfFailing(host);
      return this.#roundTripMs.get(host) ?? 0.5;
    });
  }

  readFile(host: HostName, path: string, options: Pick<RemoteRead, "bytesMax" | "fromByte">): Promise<Uint8Array> {
    return Promise.resolve().then(() => {
      this.#throwIfFailing(host);
      const file = this.#files.get(keyOf(host, path));
      if (file === undefined)
        throw new RecoveryError("REMOTE_COMMAND_FAILED", {
          subject: `host ${host}`,
          detail: `"read ${path}" failed with exit status 1: not a file`,
        });
      const { fromByte } = options;
      if (fromByte !== undefined) return file.content.slice(fromByte, fromByte + options.bytesMax);
      if (file.content.length > options.bytesMax)
        throw new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", {
          subject: `host ${host}, file ${path}`,
          detail: `${path} is larger than ${String(options.bytesMax)} bytes`,
        });
      return file.content;
    });
  }

  readFirst(host: HostName, wish: FirstReadableWish): Promise<readonly RemoteFile[] | undefined> {
    return Promise.resolve().then(() => {
      this.#throwIfFailing(host);
      if (wish.signal?.aborted === true) throw interrupted(host, wish.reason, "transient", wish.signal);
      const found = wish.groups.find((group) => group.every((path) => this.#files.has(keyOf(host, path))));
      const files = found?.map((path) => ({ path, content: this.#files.get(keyOf(host, path))?.content ?? new Uint8Array() }));
      if ((files ?? []).reduce((sum, file) => sum + file.content.length, 0) > 2 * 1024 * 1024)
        throw new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", { subject: `host ${host}`, detail: `"${wish.reason}" printed too much` });
      return files;
    });
  }

  upload(host: HostName, file: { readonly path: string; readonly content: Uint8Array; readonly mode: number }): Promise<void> {
    return Promise.resolve().then(() => {
      this.#throwIfFailing(host);
      if (this.#corruptedPaths.has(keyOf(host, file.path))) {
        throw new RecoveryError("UPLOAD_CORRUPT", {
          subject: `host ${host}, file ${file.path}`,
          detail: `what arrived is not what was sent (sha256 ${createHash("sha256").update(file.content).digest("hex")})`,
        });
      }
      this.#files.set(keyOf(host, file.path), { content: file.content.slice(), mode: file.mode });
    });
  }

  forward(host: HostName, target: { readonly address: string; readonly port: number }): Promise<Forward> {
    return Promise.resolve().then(() => {
      this.#throwIfFailing(host);
      const entry = { host, address: target.address, port: target.port, isOpen: true };
      this.forwards.push(entry);
      return {
        socketPath: `/fake/${host}/${target.address}:${String(target.port)}`,
        close: () => {
          entry.isOpen = false;
          return Promise.resolve();
        },
      };
    });
  }

  close(): Promise<void> {
    this.isClosed = true;
    for (const forward of this.forwards) forward.isOpen = false;
    return Promise.resolve();
  }

  #hang(host: HostName, request: RemoteRequest, retry: "unknown-outcome" | "transient"): Promise<never> {
    const timedOut = new RecoveryError("REMOTE_TIMEOUT", {
      subject: `host ${host}`,
      detail: `"${request.reason}" did not end within ${String(request.timeoutMs)} ms`,
      retry,
    });
    const { signal } = request;
    // Without a signal nothing else can end it: time is not waited for in memory.
    if (signal === undefined) return Promise.reject(timedOut);
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(interrupted(host, request.reason, retry, signal)), { once: true }),
    );
  }

  #throwIfFailing(host: HostName): void {
    const makeError = this.#failures.get(host);
    if (makeError !== undefined) throw makeError();
  }
}

function keyOf(host: HostName, path: string): string {
  return `${host}:${path}`;
}

function interrupted(host: HostName, reason: string, retry: "unknown-outcome" | "transient", signal: AbortSignal): RecoveryError {
  return new RecoveryError("INTERRUPTED", {
    subject: `host ${host}`,
    detail: `"${reason}" was not waited for any longer`,
    cause: signal.reason,
    retry,
  });
}

function matches(match: ScriptMatch, host: HostName, request: RemoteRequest): boolean {
  return (match.host === undefined || match.host === host) && fits(match.reason, request.reason) && fits(match.script, request.script);
}

function fits(form: string | RegExp | undefined, text: string): boolean {
  if (form === undefined) return true;
  return typeof form === "string" ? text.includes(form) : form.test(text);
}
