import { Client, credentials } from "@grpc/grpc-js";
import { spawn, type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { hashKvRequest, hashKvResponse } from "../../src/adapters/etcd-grpc/etcd-messages.ts";
import type { Draft, MessageOf, MessageType } from "../../src/adapters/etcd-grpc/protobuf-message.ts";
import { debianEtcd34 } from "./debian-etcd.ts";
import { etcdUnaryCall } from "./etcd-unary-call.ts";
import { etcdPrograms } from "./real-etcd.ts";

const run = promisify(execFile);
const startTimeoutMs = 60_000;
const callTimeoutMs = 60_000;

/** 3.4 is Debian's; the others are built from tools/. */
export const engineVersions = ["3.4", "3.5", "3.6", "3.7"] as const;
export type EngineVersion = (typeof engineVersions)[number];
/** Patches too, because some rules changed between them. */
export const exactVersion: { readonly [V in EngineVersion]: string } = {
  "3.4": "3.4.23",
  "3.5": "3.5.35",
  "3.6": "3.6.16",
  "3.7": "3.7.3",
};

export function programsOf(version: EngineVersion): Promise<string> {
  return version === "3.4" ? debianEtcd34() : etcdPrograms(version);
}

/**
 * One real etcd without TLS on loopback, for tests of files: its data dir is
 * below a directory that the caller owns and removes. `stop` is SIGTERM (etcd
 * commits), `kill` is SIGKILL; it can be started again.
 */
export class PlainEtcd {
  readonly version: EngineVersion;
  readonly dataDir: string;
  readonly programs: string;
  readonly endpoint: string;
  readonly #ports: readonly [number, number];
  readonly #logFile: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;
  #client: Client | undefined;
  readonly #killNow = () => this.#process?.kill("SIGKILL");

  private constructor(options: {
    readonly version: EngineVersion;
    readonly programs: string;
    readonly directory: string;
    readonly dataDir: string;
    readonly ports: readonly [number, number];
    readonly flags: readonly string[];
  }) {
    this.version = options.version;
    this.programs = options.programs;
    this.dataDir = options.dataDir;
    this.endpoint = `127.0.0.1:${String(options.ports[0])}`;
    this.#ports = options.ports;
    this.#logFile = join(options.directory, "etcd.log");
    this.#flags = options.flags;
    process.on("exit", this.#killNow);
  }

  /** `dataDir` may be one that is there already. */
  static async start(options: {
    readonly version: EngineVersion;
    readonly directory: string;
    readonly dataDir?: string;
    readonly flags?: readonly string[];
  }): Promise<PlainEtcd> {
    await mkdir(options.directory, { recursive: true });
    const etcd = new PlainEtcd({
      version: options.version,
      programs: await programsOf(options.version),
      directory: options.directory,
      dataDir: options.dataDir ?? join(options.directory, "data"),
      ports: await freePorts(),
      flags: options.flags ?? [],
    });
    await etcd.startProcess();
    return etcd;
  }

  /** undefined when it does not run. */
  get processId(): number | undefined {
    return this.#process?.pid;
  }

  get backendFile(): string {
    return join(this.dataDir, "member", "snap", "db");
  }

  async startProcess(): Promise<void> {
    const [clientPort, peerPort] = this.#ports;
    const peerUrl = `http://127.0.0.1:${String(peerPort)}`;
    const log = openSync(this.#logFile, "a");
    const child = spawn(
      join(this.programs, "etcd"),
      [
        "--name=m1",
        `--data-dir=${this.dataDir}`,
        `--listen-client-urls=http://127.0.0.1:${String(clientPort)}`,
        `--advertise-client-urls=http://127.0.0.1:${String(clientPort)}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=m1=${peerUrl}`,
        "--unsafe-no-fsync",
        "--max-txn-ops=2000",
        "--quota-backend-bytes=8589934592",
        "--log-level=warn",
        ...this.#flags,
      ],
      { stdio: ["ignore", log, log] },
    );
    closeSync(log);
    this.#process = child;
    const limit = Date.now() + startTimeoutMs;
    for (;;) {
      if (child.exitCode !== null)
        throw new Error(`etcd ${this.version} ended at once:\n${(await readFile(this.#logFile, "utf8")).slice(-2000)}`);
      const isUp = await this.etcdctl(["endpoint", "health", "--command-timeout=1s"]).then(
        () => true,
        () => false,
      );
      if (isUp) return;
      if (Date.now() > limit) throw new Error(`etcd ${this.version} did not answer within ${String(startTimeoutMs / 1000)} s`);
      await sleep(50);
    }
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async close(): Promise<void> {
    await this.#end("SIGKILL");
    process.off("exit", this.#killNow);
  }

  /** etcdctl of the same version; what it prints. */
  async etcdctl(args: readonly string[]): Promise<string> {
    return (
      await run(join(this.programs, "etcdctl"), [`--endpoints=${this.endpoint}`, ...args], {
        env: { ...process.env, ETCDCTL_API: "3" },
        timeout: callTimeoutMs,
        maxBuffer: 256 * 1024 * 1024,
      })
    ).stdout;
  }

  /** The status of a file as this version's own program prints it; the file is only read. */
  async snapshotStatus(file: string): Promise<{
    readonly hash: number;
    readonly revision: number;
    readonly totalKey: number;
    readonly totalSize: number;
    readonly version?: string;
  }> {
    const program = this.version === "3.4" ? "etcdctl" : "etcdutl";
    const { stdout } = await run(join(this.programs, program), ["snapshot", "status", file, "-w", "json"], {
      env: { ...process.env, ETCDCTL_API: "3" },
      timeout: callTimeoutMs,
    });
    return JSON.parse(stdout) as Awaited<ReturnType<PlainEtcd["snapshotStatus"]>>;
  }

  hashKv(revision: bigint): Promise<MessageOf<typeof hashKvResponse>> {
    return this.call("Maintenance/HashKV", [hashKvRequest, hashKvResponse], { revision });
  }

  /** One unary call, e.g. `KV/Put`. */
  async call<Request, Response>(
    method: string,
    types: readonly [MessageType<Request>, MessageType<Response>],
    request: Draft<Request>,
  ): Promise<Response> {
    this.#client ??= new Client(`ipv4:${this.endpoint}`, credentials.createInsecure(), { "grpc.max_receive_message_length": -1 });
    return etcdUnaryCall(this.#client, { method, types, request, timeoutMs: callTimeoutMs });
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#client?.close();
    this.#client = undefined;
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

/** Two ports that were free a moment ago. */
export async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("no port");
      return address.port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}
