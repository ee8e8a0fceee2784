import { createHash, randomBytes } from "node:crypto";
import { readFile, unlink } from "node:fs/promises";
import { homedir } from "node:os";
import type { ClusterConfig, HostConfig } from "../../model/cluster-config.ts";
import { configuredHost } from "../../model/configured-host.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type {
  FirstReadableWish,
  Forward,
  HostAccess,
  RemoteFile,
  RemoteRead,
  RemoteRequest,
  RemoteResult,
} from "../../ports/host-access.ts";
import { defaultControlDirectory, forwardSocketPath, ignoreMissing, openControlDirectory } from "./control-directory.ts";
import { HostConnection, type ConnectionWish } from "./host-connection.ts";
import { JoinedReads } from "./joined-reads.ts";
import { scriptPayload } from "./remote-frame.ts";
import { runSession, SessionNotBegun, type SessionRequest, type SessionResult } from "./remote-session.ts";
import { SessionSlots } from "./session-slots.ts";
import { askMaster } from "./mux-control.ts";
import { controlPathBytesMax, controlPathFor } from "./ssh-target.ts";
import { connectionLost, wordsOfSsh } from "./to-recovery-error.ts";

export interface SshOptions {
  /** For sockets; made 0700. Default: below /run/user/UID, else /tmp/requorum-UID. */
  readonly controlDirectory?: string;
  /** How long an idle shared connection stays for the next program. Default 60. */
  readonly controlPersistSeconds?: number;
  /** false: `close` ends the shared connections. Default true: they stay for the next program. */
  readonly keepsConnections?: boolean;
  /** The ssh program; default "ssh". */
  readonly program?: string;
}

const defaultOutputBytesMax = 8 * 1024 * 1024;
/** sshd's MaxSessions is 10 by default; two are left for another requorum on the same shared connection. */
const sessionsPerHostMax = 8;
/** The master is a local program; one that does not answer within this hangs, and is not waited for at the end. */
const closeMsMax = 500;
/** A connection full of sessions is tried again this often until the call's own limit. */
const busyPauseMs = 100;

const readScript = `test -f "$1" || { echo "not a file" >&2; exit 1; }; head -c "$2" -- "$1"`;
/** dd's own words on standard error are not read when it succeeds. */
const readBlockBytes = 65_536;
const readPartScript = `test -f "$1" || { echo "not a file" >&2; exit 1; }; dd if="$1" bs=${String(readBlockBytes)} skip="$2" count="$3"`;

function blocksOf(fromByte: number, bytesMax: number): readonly string[] {
  return [String(fromByte / readBlockBytes), String(Math.ceil(bytesMax / readBlockBytes))];
}

/**
 * The machines of one cluster over the system's OpenSSH (9.x tested; anything
 * since 7.6 has the options used). Connections are made when first needed and
 * shared with other programs of this user through a control socket.
 */
export function createSshHostAccess(config: ClusterConfig, options: SshOptions = {}): HostAccess {
  return new SshHostAccess(config, options);
}

class SshHostAccess implements HostAccess {
  readonly #config: ClusterConfig;
  readonly #options: SshOptions;
  readonly #program: string;
  readonly #connections = new Map<HostName, Promise<HostConnection>>();
  readonly #slots = new Map<HostName, SessionSlots>();
  readonly #forwards = new Set<Forward>();
  readonly #joinedReads = new JoinedReads((host, request) => this.run(host, request));
  #directory: Promise<string> | undefined;

  constructor(config: ClusterConfig, options: SshOptions) {
    this.#config = config;
    this.#options = options;
    this.#program = options.program ?? "ssh";
  }

  async run(host: HostName, request: RemoteRequest): Promise<RemoteResult> {
    const { end, stdout, stderr } = await this.#session(host, {
      ...request,
      program: "runScript",
      asRoot: request.asRoot ?? true,
      args: [],
      payload: (nonce) => scriptPayload({ nonce, script: request.script, args: request.args ?? [], input: request.input }),
      outputBytesMax: request.outputBytesMax ?? defaultOutputBytesMax,
    });
    return { exitCode: end.kind === "exited" ? end.exitCode : 1, stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8") };
  }

  async ping(host: HostName, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<number> {
    let roundTripMs: number | undefined;
    await this.run(host, {
      ...options,
      reason: "measure a round trip",
      script: ":",
      asRoot: false,
      changesThings: false,
      outputBytesMax: 1024,
      onRoundTrip: (milliseconds) => (roundTripMs = milliseconds),
    });
    if (roundTripMs === undefined) throw new Error("a session ended well without the round trip that it begins with");
    return roundTripMs;
  }

  async readFile(host: HostName, path: string, options: RemoteRead): Promise<Uint8Array> {
    const { fromByte, bytesMax } = options;
    const reason = `read ${path}`;
    const result = await this.#session(host, {
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      reason,
      program: "runScript",
      asRoot: options.asRoot ?? true,
      changesThings: false,
      payload: (nonce) =>
        fromByte === undefined
          ? // One byte more than asked for shows that there is more.
            scriptPayload({ nonce, script: readScript, args: [path, String(bytesMax + 1)], input: undefined })
          : scriptPayload({ nonce, script: readPartScript, args: [path, ...blocksOf(fromByte, bytesMax)], input: undefined }),
      // The error text of the program must fit as well.
      outputBytesMax: bytesMax + readBlockBytes + 4096,
    });
    if (result.end.kind !== "exited" || result.end.exitCode !== 0) throw remoteFailure(host, reason, result);
    if (fromByte !== undefined) return new Uint8Array(result.stdout.subarray(0, bytesMax));
    if (result.stdout.length > bytesMax) {
      throw new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", {
        subject: `host ${host}, file ${path}`,
        detail: `${path} is larger than ${String(bytesMax)} bytes`,
      });
    }
    return new Uint8Array(result.stdout);
  }

  readFirst(host: HostName, wish: FirstReadableWish): Promise<readonly RemoteFile[] | undefined> {
    return this.#joinedReads.readFirst(host, wish);
  }

  async upload(
    host: HostName,
    file: {
      readonly path: string;
      readonly content: Uint8Array;
      readonly mode: number;
      readonly timeoutMs: number;
      readonly asRoot?: boolean;
      readonly signal?: AbortSignal;
    },
  ): Promise<void> {
    const reason = `write ${file.path}`;
    const sha256 = createHash("sha256").update(file.content).digest("hex");
    const result = await this.#session(host, {
      ...file,
      reason,
      program: "storeFile",
      asRoot: file.asRoot ?? true,
      args: [file.path, file.mode.toString(8).padStart(4, "0"), sha256],
      changesThings: true,
      outputBytesMax: 64 * 1024,
      payload: () => file.content,
    });
    if (result.end.kind === "corrupt") {
      throw new RecoveryError("UPLOAD_CORRUPT", {
        subject: `host ${host}, file ${file.path}`,
        detail: `what arrived is not what was sent (sha256 ${sha256}); ${file.path} was not touched`,
      });
    }
    if (result.end.kind !== "exited" || result.end.exitCode !== 0) throw remoteFailure(host, reason, result);
  }

  async forward(host: HostName, target: { readonly address: string; readonly port: number; readonly timeoutMs: number }): Promise<Forward> {
    const reason = `forward to ${target.address} port ${String(target.port)}`;
    const connection = await this.#connection(host);
    if (!(await connection.hasMaster())) await connection.connect({ reason, timeoutMs: target.timeoutMs });
    const socketPath = forwardSocketPath(await this.#controlDirectory(), randomBytes(6).toString("hex"));
    const wanted = { socketPath, address: target.address, port: target.port };
    const made = await askMaster(connection.target.controlPath, { kind: "open-forward", ...wanted }, target.timeoutMs);
    if (made.kind !== "ok") {
      throw connectionLost({
        host: connection.target.host,
        reason,
        text: made.kind === "refused" ? made.because : `the shared connection is ${made.kind}`,
        retry: "transient",
      });
    }
    const forward: Forward = {
      socketPath,
      close: async () => {
        if (!this.#forwards.delete(forward)) return;
        // A master that is gone has closed the forward itself; either way the socket goes.
        await askMaster(connection.target.controlPath, { kind: "close-forward", ...wanted }, closeMsMax);
        await unlink(socketPath).catch(ignoreMissing);
      },
    };
    this.#forwards.add(forward);
    return forward;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#forwards].map((forward) => forward.close()));
    if (this.#options.keepsConnections ?? true) return;
    const connections = await Promise.all(this.#connections.values());
    await Promise.all(connections.map(async (connection) => ((await connection.hasMaster()) ? connection.drop() : undefined)));
  }

  /** The whole of one call: connection, free slot, session; once more when the master turned out to be gone. */
  async #session(host: HostName, request: SessionRequest): Promise<SessionResult> {
    const deadline = performance.now() + request.timeoutMs;
    const connection = await this.#connection(host);
    const slots = this.#slotsOf(host);
    const wish = (): ConnectionWish => ({
      reason: request.reason,
      timeoutMs: Math.max(1, deadline - performance.now()),
      signal: request.signal,
    });
    await slots.take(wish());
    try {
      let reconnects = 0;
      for (;;) {
        if (!(await connection.hasMaster())) await connection.connect(wish());
        try {
          return await runSession(this.#program, connection, { ...request, timeoutMs: wish().timeoutMs });
        } catch (error) {
          if (!(error instanceof SessionNotBegun)) throw error;
          const isOver = performance.now() + busyPauseMs > deadline;
          // A master can die between the look and the call once; dying again at once is the connection's own trouble.
          if (isOver || (!error.isBusy && reconnects++ > 0))
            throw connectionLost({
              host: connection.target.host,
              reason: request.reason,
              text: error.message,
              retry: "transient",
              cause: error,
            });
          if (error.isBusy) await new Promise((resolve) => setTimeout(resolve, busyPauseMs));
        }
      }
    } finally {
      slots.give();
    }
  }

  #controlDirectory(): Promise<string> {
    this.#directory ??= (async () => openControlDirectory(this.#options.controlDirectory ?? (await defaultControlDirectory())))();
    return this.#directory;
  }

  #slotsOf(host: HostName): SessionSlots {
    const slots = this.#slots.get(host) ?? new SessionSlots(sessionsPerHostMax);
    this.#slots.set(host, slots);
    return slots;
  }

  #connection(name: HostName): Promise<HostConnection> {
    const existing = this.#connections.get(name);
    if (existing !== undefined) return existing;
    const made = this.#openConnection(configuredHost(this.#config, name));
    this.#connections.set(name, made);
    made.catch(() => this.#connections.delete(name));
    return made;
  }

  async #openConnection(host: HostConfig): Promise<HostConnection> {
    const { ssh } = this.#config;
    const directory = await this.#controlDirectory();
    // ssh -F does not know "~": shells expand it, and there is none here.
    const configFile = ssh.configFile?.replace(/^~(?=\/)/, homedir());
    const settingsText = configFile === undefined ? "" : await readSettings(configFile);
    const controlPath = controlPathFor(directory, this.#config, host, settingsText);
    if (Buffer.byteLength(controlPath) > controlPathBytesMax) {
      throw new RecoveryError("LOCAL_FILE_FAILED", {
        subject: `directory ${directory}`,
        detail: `the path is too long for SSH's sockets (${String(controlPathBytesMax - 19)} bytes at most); choose a shorter control directory`,
      });
    }
    return new HostConnection({
      target: { host, configFile, controlPath, connectTimeoutMs: ssh.connectTimeoutMs },
      program: this.#program,
      persistSeconds: this.#options.controlPersistSeconds ?? 60,
    });
  }
}

function readSettings(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new RecoveryError("CONFIG_INVALID", {
      subject: `file ${path}`,
      detail: `ssh.configFile names ${path}, which cannot be read`,
      cause,
    });
  });
}

function remoteFailure(host: HostName, reason: string, result: SessionResult): RecoveryError {
  const status = result.end.kind === "exited" ? `exit status ${String(result.end.exitCode)}` : result.end.kind;
  const said = wordsOfSsh(result.stderr.toString("utf8"));
  return new RecoveryError("REMOTE_COMMAND_FAILED", {
    subject: `host ${host}`,
    detail: `"${reason}" failed with ${status}${said === "" ? "" : `: ${said}`}`,
  });
}
