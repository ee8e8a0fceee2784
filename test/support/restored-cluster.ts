import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { programsOf, type EngineVersion } from "./plain-etcd.ts";

const run = promisify(execFile);
const startTimeoutMs = 60_000;

export interface PlannedMember {
  readonly name: string;
  readonly clientPort: number;
  readonly peerUrl: string;
  readonly dataDir: string;
}

/** What must be the same after two restores of one snapshot. */
export interface RestoredFacts {
  readonly revision: string;
  readonly hash: string;
  readonly compactRevision: string;
  readonly clusterId: string;
  readonly members: readonly string[];
  readonly keyCount: number;
  readonly leaseCount: number;
}

/** Real etcds without TLS on loopback, on data dirs that somebody else makes below `directory`, which the caller removes. */
export class RestoredCluster {
  readonly members: readonly PlannedMember[];
  readonly initialCluster: string;
  private readonly version: EngineVersion;
  private readonly directory: string;
  private readonly token: string;
  private readonly flags: readonly string[];
  private readonly processes: ChildProcess[] = [];

  private constructor(options: {
    version: EngineVersion;
    directory: string;
    token: string;
    members: readonly PlannedMember[];
    flags?: readonly string[];
  }) {
    this.version = options.version;
    this.directory = options.directory;
    this.token = options.token;
    this.flags = options.flags ?? [];
    this.members = options.members;
    this.initialCluster = options.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
  }

  static async plan(options: {
    version: EngineVersion;
    directory: string;
    memberCount: number;
    token: string;
    flags?: readonly string[];
  }): Promise<RestoredCluster> {
    await mkdir(options.directory, { recursive: true });
    const ports = await freePorts(2 * options.memberCount);
    const members = Array.from({ length: options.memberCount }, (_, index) => ({
      name: `m${String(index + 1)}`,
      clientPort: ports[2 * index] ?? 0,
      peerUrl: `http://127.0.0.1:${String(ports[2 * index + 1])}`,
      dataDir: join(options.directory, `m${String(index + 1)}`),
    }));
    return new RestoredCluster({ ...options, members });
  }

  /** The same members with other data dirs; not to run at the same time. */
  sibling(directory: string): RestoredCluster {
    const members = this.members.map((one) => ({ ...one, dataDir: join(directory, one.name) }));
    return new RestoredCluster({ version: this.version, directory, token: this.token, members, flags: this.flags });
  }

  async whileRunning<T>(use: (cluster: RestoredCluster) => Promise<T>): Promise<T> {
    await mkdir(this.directory, { recursive: true });
    try {
      for (const member of this.members) await this.start(member, this.initialCluster, "new");
      for (const member of this.members) await this.waitUntilHealthy(member);
      return await use(this);
    } finally {
      await this.killAll();
    }
  }

  /** SIGKILL for all at once. */
  async killAll(): Promise<void> {
    const running = this.processes.splice(0).filter((child) => child.exitCode === null && child.signalCode === null);
    const ended = running.map((child) => once(child, "exit"));
    for (const child of running) child.kill("SIGKILL");
    await Promise.all(ended);
  }

  /** The hash of every member must be the same; it is asked for at the revision that was restored. */
  async facts(): Promise<RestoredFacts> {
    const status = await this.json<[{ Status: { header: { revision: number; cluster_id: bigint } } }]>(["endpoint", "status"]);
    const { revision } = status[0].Status.header;
    const hashes: { readonly hash: string; readonly compact: string }[] = [];
    for (const member of this.members) {
      const [one] = await this.json<[{ HashKV: { hash: number; compact_revision?: number } }]>(
        ["endpoint", "hashkv", `--rev=${String(revision)}`],
        member,
      );
      hashes.push({ hash: String(one.HashKV.hash), compact: String(one.HashKV.compact_revision ?? 0) });
    }
    if (new Set(hashes.map(({ hash }) => hash)).size !== 1) throw new Error(`the members' hashes differ: ${JSON.stringify(hashes)}`);
    const members = await this.etcdctl(["member", "list", "-w", "simple"]);
    const keys = await this.json<{ count?: number }>(["get", "", "--from-key", "--keys-only", "--limit=1"]);
    const leases = (await this.etcdctl(["lease", "list"])).split("\n").length;
    return {
      revision: String(revision),
      hash: hashes[0]?.hash ?? "",
      compactRevision: hashes[0]?.compact ?? "",
      clusterId: String(status[0].Status.header.cluster_id),
      members: members.trim().split("\n").sort(),
      keyCount: keys.count ?? 0,
      leaseCount: leases,
    };
  }

  /** The member that leads now. */
  async leader(): Promise<PlannedMember> {
    for (const member of this.members) {
      const [one] = await this.json<[{ Status: { header: { member_id: number }; leader: number } }]>(["endpoint", "status"], member);
      // Both are rounded in the same way: JSON.parse has no 64-bit numbers.
      if (one.Status.header.member_id === one.Status.leader) return member;
    }
    throw new Error("no member leads");
  }

  async keysBelow(prefix: string): Promise<ReadonlySet<string>> {
    return new Set((await this.etcdctl(["get", prefix, "--prefix", "--keys-only"])).split("\n").filter((line) => line !== ""));
  }

  async putAndGet(key: string): Promise<void> {
    await this.etcdctl(["put", key, "written"]);
    for (const member of this.members) {
      const value = await this.etcdctl(["get", key, "--print-value-only"], member);
      if (value.trim() !== "written") throw new Error(`member ${member.name} gives ${JSON.stringify(value)}`);
    }
  }

  /** Adds a member with an empty data dir and waits until it serves the newest key. */
  async joinAnother(): Promise<void> {
    const [clientPort = 0, peerPort = 0] = await freePorts(2);
    const member = { name: "joined", clientPort, peerUrl: `http://127.0.0.1:${String(peerPort)}`, dataDir: join(this.directory, "joined") };
    // A cluster that has just started refuses new members for a while.
    await this.until("the cluster takes a new member", async () => {
      await this.etcdctl(["member", "add", member.name, `--peer-urls=${member.peerUrl}`]);
    });
    await this.start(member, `${this.initialCluster},${member.name}=${member.peerUrl}`, "existing");
    await this.waitUntilHealthy(member);
    await this.etcdctl(["put", "seen-by-the-new-member", "yes"], member);
    const seen = await this.etcdctl(["get", "seen-by-the-new-member", "--print-value-only", "--consistency=l"], member);
    if (seen.trim() !== "yes") throw new Error("the new member does not serve what was written");
  }

  private async etcdctl(args: readonly string[], member = this.members[0]): Promise<string> {
    const programs = await programsOf(this.version);
    const endpoint = `--endpoints=127.0.0.1:${String(member?.clientPort ?? 0)}`;
    const environment = { ...process.env, ETCDCTL_API: "3" };
    return (await run(join(programs, "etcdctl"), [endpoint, ...args], { env: environment, timeout: 30_000, maxBuffer: 1 << 26 })).stdout;
  }

  private async json<T>(args: readonly string[], member = this.members[0]): Promise<T> {
    return JSON.parse(await this.etcdctl([...args, "-w", "json"], member)) as T;
  }

  private waitUntilHealthy(member: PlannedMember): Promise<void> {
    return this.until(`member ${member.name} is healthy`, async () => {
      await this.etcdctl(["endpoint", "health", "--command-timeout=1s"], member);
    });
  }

  private async until(what: string, attempt: () => Promise<void>): Promise<void> {
    const limit = Date.now() + startTimeoutMs;
    for (;;) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (Date.now() > limit) {
          const logs = await Promise.all(
            this.members.map(({ name }) => readFile(join(this.directory, `${name}.log`), "utf8").catch(() => "")),
          );
          throw new Error(`not within ${String(startTimeoutMs / 1000)} s: ${what}\n${logs.map((log) => log.slice(-1500)).join("\n")}`, {
            cause: error,
          });
        }
        await sleep(100);
      }
    }
  }

  private async start(member: PlannedMember, initialCluster: string, state: "new" | "existing"): Promise<void> {
    const log = openSync(join(this.directory, `${member.name}.log`), "a");
    const clientUrl = `http://127.0.0.1:${String(member.clientPort)}`;
    const child = spawn(
      join(await programsOf(this.version), "etcd"),
      [
        `--name=${member.name}`,
        `--data-dir=${member.dataDir}`,
        `--listen-client-urls=${clientUrl}`,
        `--advertise-client-urls=${clientUrl}`,
        `--listen-peer-urls=${member.peerUrl}`,
        `--initial-advertise-peer-urls=${member.peerUrl}`,
        `--initial-cluster=${initialCluster}`,
        `--initial-cluster-token=${this.token}`,
        `--initial-cluster-state=${state}`,
        "--unsafe-no-fsync",
        "--log-level=warn",
        ...this.flags,
      ],
      { stdio: ["ignore", log, log] },
    );
    closeSync(log);
    this.processes.push(child);
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
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
  return ports;
}
