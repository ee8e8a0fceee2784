import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildPrograms } from "../../src/adapters/lab/programs/build-programs.ts";
import { etcdModules, findModule } from "../../src/adapters/lab/programs/program-versions.ts";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";
import { asHostName, type HostName } from "../../src/model/ids.ts";
import { TestAuthority, type CertificateFiles } from "./etcd-certificates.ts";

export interface RealMember {
  readonly host: HostName;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly dataDir: string;
  /** Used at the next start. */
  certificates: CertificateFiles;
  process: ChildProcess | undefined;
}

/** A start on a busy machine with two cores was seen to take 6 s. */
const startTimeoutMs = 60_000;
const repository = join(import.meta.dirname, "..", "..");

/** The directory with etcd, etcdctl and etcdutl of this version: from requorum's cache, or built into it. */
export function etcdPrograms(version: string): Promise<string> {
  const module = findModule(etcdModules, version);
  if (module === undefined) throw new Error(`there is no Go module of etcd ${version} in tools/`);
  return buildPrograms(module, {
    toolsDir: join(repository, "tools"),
    cacheDir: labPathsFrom(process.env).cacheDir,
    report: () => undefined,
  });
}

/**
 * Real etcd processes on loopback with TLS for clients and peers, in a
 * temporary directory. `close` kills them all and removes the directory; when
 * this process ends without it, they are killed too.
 */
export class RealEtcd {
  readonly directory: string;
  readonly version: string;
  readonly authority: TestAuthority;
  readonly client: CertificateFiles;
  readonly members: RealMember[] = [];
  readonly #programs: string;
  readonly #logs: WriteStream[] = [];
  readonly #killAll = () => {
    for (const member of this.members) member.process?.kill("SIGKILL");
  };

  private constructor(options: {
    readonly directory: string;
    readonly version: string;
    readonly programs: string;
    readonly authority: TestAuthority;
    readonly client: CertificateFiles;
  }) {
    this.directory = options.directory;
    this.version = options.version;
    this.#programs = options.programs;
    this.authority = options.authority;
    this.client = options.client;
    process.on("exit", this.#killAll);
  }

  static async start(options: { readonly memberCount: number; readonly version?: string }): Promise<RealEtcd> {
    const version = options.version ?? "3.6";
    const programs = await etcdPrograms(version);
    const directory = await mkdtemp(join(tmpdir(), "requorum-etcd-"));
    const authority = await TestAuthority.make(directory, "etcd-ca");
    const client = await authority.issue("healthcheck-client", { names: ["healthcheck-client"], organization: "system:masters" });
    const etcd = new RealEtcd({ directory, version, programs, authority, client });
    try {
      for (let index = 1; index <= options.memberCount; index += 1) await etcd.#makeMember(asHostName(`cp${String(index)}`));
      await Promise.all(etcd.members.map((member) => etcd.startProcess(member.host)));
    } catch (error) {
      await etcd.close();
      throw error;
    }
    return etcd;
  }

  member(host: HostName): RealMember {
    const member = this.members.find((one) => one.host === host);
    if (member === undefined) throw new Error(`there is no etcd on ${host}`);
    return member;
  }

  peerUrl(host: HostName): string {
    return `https://127.0.0.1:${String(this.member(host).peerPort)}`;
  }

  /** Certificates and ports for one more member; it is neither registered nor started. */
  async prepareMember(host: HostName): Promise<RealMember> {
    return this.#makeMember(host);
  }

  /** Starts or restarts; resolves when the client port answers a serializable read, or with `waitsFor: "port"` when it accepts connections. */
  async startProcess(
    host: HostName,
    options: { readonly initialCluster?: string; readonly state?: "new" | "existing"; readonly waitsFor?: "answers" | "port" } = {},
  ): Promise<void> {
    const member = this.member(host);
    const { certificate, key, ca } = member.certificates;
    const log = createWriteStream(join(this.directory, `${host}.log`), { flags: "a" });
    this.#logs.push(log);
    const clientUrl = `https://127.0.0.1:${String(member.clientPort)}`;
    const initial = options.initialCluster ?? this.members.map((one) => `${one.host}=${this.peerUrl(one.host)}`).join(",");
    const child = spawn(
      join(this.#programs, "etcd"),
      [
        `--name=${host}`,
        `--data-dir=${member.dataDir}`,
        `--listen-client-urls=${clientUrl}`,
        `--advertise-client-urls=${clientUrl}`,
        `--listen-peer-urls=${this.peerUrl(host)}`,
        `--initial-advertise-peer-urls=${this.peerUrl(host)}`,
        `--initial-cluster=${initial}`,
        `--initial-cluster-state=${options.state ?? "new"}`,
        "--initial-cluster-token=requorum-test",
        `--cert-file=${certificate}`,
        `--key-file=${key}`,
        `--trusted-ca-file=${ca}`,
        "--client-cert-auth",
        `--peer-cert-file=${certificate}`,
        `--peer-key-file=${key}`,
        `--peer-trusted-ca-file=${ca}`,
        "--peer-client-cert-auth",
        "--unsafe-no-fsync",
        "--heartbeat-interval=50",
        "--election-timeout=500",
        "--log-level=warn",
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    member.process = child;
    const limit = Date.now() + startTimeoutMs;
    while (!(options.waitsFor === "port" ? await accepts(member.clientPort) : await this.#answers(host))) {
      if (child.exitCode !== null)
        throw new Error(`etcd on ${host} ended at once:\n${(await readFile(join(this.directory, `${host}.log`), "utf8")).slice(-2000)}`);
      if (Date.now() > limit) throw new Error(`etcd on ${host} did not answer within ${String(startTimeoutMs / 1000)} s`);
      await sleep(100);
    }
  }

  /** SIGKILL, as when a machine loses power. */
  async kill(host: HostName): Promise<void> {
    const { process: child } = this.member(host);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Over when every thread has stopped: one that runs on the other core may still answer after the signal was sent. */
  async freeze(host: HostName): Promise<void> {
    const { process: child } = this.member(host);
    assert.ok(child?.pid !== undefined && child.kill("SIGSTOP"), `etcd on ${host} does not run`);
    const tasks = `/proc/${String(child.pid)}/task`;
    const untilMs = performance.now() + 5000;
    for (;;) {
      const states = await Promise.all((await readdir(tasks)).map((task) => readFile(join(tasks, task, "stat"), "utf8")));
      if (states.every((stat) => stat.slice(stat.lastIndexOf(")") + 2).startsWith("T"))) return;
      assert.ok(performance.now() < untilMs, `etcd on ${host} was not stopped within 5 s`);
      await sleep(5);
    }
  }

  continue(host: HostName): void {
    this.member(host).process?.kill("SIGCONT");
  }

  /** etcdctl of the same version, asked of one member. Returns what it prints. */
  async etcdctl(host: HostName, args: readonly string[]): Promise<string> {
    const { ca, certificate, key } = this.client;
    const child = spawn(
      join(this.#programs, "etcdctl"),
      [
        `--endpoints=https://127.0.0.1:${String(this.member(host).clientPort)}`,
        `--cacert=${ca}`,
        `--cert=${certificate}`,
        `--key=${key}`,
        ...args,
      ],
      { stdio: ["ignore", "pipe", "pipe"], timeout: 30_000 },
    );
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    await once(child, "close");
    if (child.exitCode !== 0) throw new Error(`etcdctl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Path of a program of this etcd version. */
  program(name: "etcd" | "etcdctl" | "etcdutl"): string {
    return join(this.#programs, name);
  }

  async close(): Promise<void> {
    process.off("exit", this.#killAll);
    for (const member of this.members) this.continue(member.host);
    await Promise.all(this.members.map((member) => this.kill(member.host)));
    for (const log of this.#logs) log.end();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #makeMember(host: HostName): Promise<RealMember> {
    const [clientPort, peerPort] = await freePorts();
    const dataDir = join(this.directory, `${host}.etcd`);
    await mkdir(dataDir, { mode: 0o700 });
    const certificates = await this.authority.issue(host, { names: ["localhost", "127.0.0.1", host] });
    const member: RealMember = { host, clientPort, peerPort, dataDir, certificates, process: undefined };
    this.members.push(member);
    return member;
  }

  async #answers(host: HostName): Promise<boolean> {
    // Serializable: a member that waits for its quorum does not serve its client port yet.
    return this.etcdctl(host, ["get", "x", "--consistency=s", "--dial-timeout=1s", "--command-timeout=1s"]).then(
      () => true,
      () => false,
    );
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Two ports that were free a moment ago. */
async function freePorts(): Promise<readonly [number, number]> {
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
