import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
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

/**
 * This machine in the place of every host, for programs that run on its
 * loopback: scripts run in a local sh, a forward is a Unix socket that is
 * piped to a TCP port, and closes at once when nobody listens there, as
 * OpenSSH's forwards do. `delayMs` is added to each direction.
 */
export class LoopbackHostAccess implements HostAccess {
  readonly #directory: string;
  readonly #delayMs: number;
  readonly #forwards = new Set<Forward>();

  /** Sockets go into `directory`. */
  constructor(directory: string, options: { readonly delayMs?: number } = {}) {
    this.#directory = directory;
    this.#delayMs = options.delayMs ?? 0;
  }

  get openForwards(): number {
    return this.#forwards.size;
  }

  async run(host: HostName, request: RemoteRequest): Promise<RemoteResult> {
    if (request.input === undefined) return await this.#run(host, request);
    const path = join(this.#directory, `${randomBytes(6).toString("hex")}.input`);
    await writeFile(path, request.input, { mode: 0o600 });
    try {
      return await this.#run(host, request, path);
    } finally {
      await rm(path, { force: true });
    }
  }

  #run(host: HostName, request: RemoteRequest, input?: string): Promise<RemoteResult> {
    return new Promise((resolve, reject) => {
      const child = spawn("sh", ["-s", "--", ...(request.args ?? [])], {
        stdio: ["pipe", "pipe", "pipe"],
        timeout: request.timeoutMs,
        ...(input === undefined ? {} : { env: { ...process.env, REQUORUM_INPUT: input } }),
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.on("error", reject);
      child.on("close", (code) => {
        if (code === null) reject(new RecoveryError("REMOTE_TIMEOUT", { subject: `host ${host}`, detail: request.reason }));
        else resolve({ exitCode: code, stdout, stderr });
      });
      child.stdin.end(request.script);
    });
  }

  forward(_host: HostName, target: { readonly address: string; readonly port: number }): Promise<Forward> {
    const socketPath = join(this.#directory, `${randomBytes(6).toString("hex")}.sock`);
    const sockets = new Set<Socket>();
    const server = createServer((local) => {
      const remote = connect(target.port, target.address);
      for (const socket of [local, remote]) {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        socket.on("error", () => undefined); // "close" follows
      }
      this.#pipe(local, remote);
      this.#pipe(remote, local);
    });
    return new Promise((resolve, reject) => {
      server.on("error", reject);
      server.listen(socketPath, () => {
        const forward: Forward = {
          socketPath,
          close: async () => {
            if (!this.#forwards.delete(forward)) return;
            for (const socket of sockets) socket.destroy();
            await new Promise((closed) => server.close(closed));
            await rm(socketPath, { force: true });
          },
        };
        this.#forwards.add(forward);
        resolve(forward);
      });
    });
  }

  #pipe(from: Socket, to: Socket): void {
    if (this.#delayMs === 0) {
      from.pipe(to);
    } else {
      from.on("data", (chunk) => {
        setTimeout(() => {
          if (!to.write(chunk)) from.pause();
        }, this.#delayMs);
      });
      to.on("drain", () => from.resume());
    }
    from.on("close", () => setTimeout(() => to.destroy(), this.#delayMs));
  }

  ping(): Promise<number> {
    return Promise.resolve(0.1);
  }
  async readFile(_host: HostName, path: string, options: RemoteRead): Promise<Uint8Array> {
    const { fromByte = 0, bytesMax } = options;
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(bytesMax), 0, bytesMax, fromByte);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }
  async readFirst(_host: HostName, { groups }: FirstReadableWish): Promise<readonly RemoteFile[] | undefined> {
    for (const group of groups) {
      const files = await Promise.all(
        group.map((path) =>
          readFile(path).then(
            (content) => ({ path, content }),
            () => undefined,
          ),
        ),
      );
      const readable = files.flatMap((file) => file ?? []);
      if (readable.length === group.length) return readable;
    }
    return undefined;
  }
  upload(): Promise<void> {
    return Promise.reject(new Error("not needed on loopback"));
  }
  async close(): Promise<void> {
    await Promise.all([...this.#forwards].map((forward) => forward.close()));
  }
}
