import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterConfig, HostConfig } from "../../src/model/cluster-config.ts";
import { asHostName } from "../../src/model/ids.ts";

/** Tests that need a real sshd are skipped only when it is not installed, and never in CI. */
export const sshdPath = "/usr/sbin/sshd";
export const sshdMissing =
  existsSync(sshdPath) || process.env["CI"] !== undefined ? false : "no /usr/sbin/sshd (apt-get install openssh-server)";

/** A real sshd of our own on a loopback port, with its own keys, in a temporary directory. */
export interface SshServer {
  readonly directory: string;
  readonly port: number;
  /** For `ssh -F`: the right key and a known_hosts that knows this server. */
  readonly configFile: string;
  readonly hostKeyFingerprint: string;
  /** Ends the processes of sshd that serve connections, as a crash would. */
  killSessions(): void;
  /** Stops every sshd process as a machine that hangs does: the port accepts, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Ends the listener only. */
  stop(): Promise<void>;
  remove(): Promise<void>;
  /** A configuration of hosts that differ in how reaching them goes. */
  clusterConfig(extra?: Partial<ClusterConfig["ssh"]>): ClusterConfig;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function makeKey(path: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
}

export async function startSshServer(
  options: { readonly environment?: Readonly<Record<string, string>>; readonly settings?: readonly string[] } = {},
): Promise<SshServer> {
  const directory = mkdtempSync(join(tmpdir(), "requorum-sshd-"));
  const at = (name: string) => join(directory, name);
  for (const key of ["host_key", "user_key", "other_key", "other_host_key"]) makeKey(at(key));
  const port = await freePort();
  const publicKey = (name: string) =>
    readFileSync(at(`${name}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  writeFileSync(at("authorized_keys"), `${publicKey("user_key")}\n`, { mode: 0o600 });
  const server = `[127.0.0.1]:${String(port)}`;
  writeFileSync(at("known_hosts"), `${server} ${publicKey("host_key")}\n`);
  writeFileSync(at("known_hosts_changed"), `${server} ${publicKey("other_host_key")}\n`);
  writeFileSync(at("known_hosts_empty"), "");
  writeFileSync(
    at("sshd_config"),
    [
      `ListenAddress 127.0.0.1`,
      `Port ${String(port)}`,
      `HostKey ${at("host_key")}`,
      `AuthorizedKeysFile ${at("authorized_keys")}`,
      `PidFile ${at("sshd.pid")}`,
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin yes",
      "LogLevel QUIET",
      "MaxStartups 50",
      ...(options.settings ?? []),
      // bash started by sshd reads ~/.bashrc of whoever runs the tests, unless it believes to be nested: tests must not depend on that file.
      `SetEnv SHLVL=5 ${Object.entries(options.environment ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .join(" ")}`,
    ].join("\n"),
  );
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 }); // sshd wants it to exist
  const held: Socket[] = [];
  const listener = spawn(sshdPath, ["-D", "-e", "-f", at("sshd_config")], { stdio: ["ignore", "ignore", "ignore"] });
  await waitForPort(port, listener);
  const blackhole = createServer((socket) => {
    held.push(socket);
    socket.on("error", () => undefined); // the other side was killed, as intended
  });
  const blackholePort = await new Promise<number>((resolve) =>
    blackhole.listen(0, "127.0.0.1", () => resolve((blackhole.address() as { port: number }).port)),
  );
  const closedPort = await freePort();
  const block = (name: string, lines: readonly string[]) =>
    [`Host ${name}`, "  HostName 127.0.0.1", ...lines.map((line) => `  ${line}`), ""].join("\n");
  const key = `IdentityFile ${at("user_key")}`;
  const toServer = `Port ${String(port)}`;
  const known = (name: string) => `UserKnownHostsFile ${at(name)}`;
  writeFileSync(
    at("ssh_config"),
    [
      block("good", [toServer, key, known("known_hosts")]),
      block("key-changed", [toServer, key, known("known_hosts_changed")]),
      block("key-unknown", [toServer, key, known("known_hosts_empty")]),
      block("wrong-key", [toServer, `IdentityFile ${at("other_key")}`, known("known_hosts")]),
      block("closed", [`Port ${String(closedPort)}`, key, known("known_hosts")]),
      block("blackholed", [`Port ${String(blackholePort)}`, key, known("known_hosts")]),
      `Host *\n  IdentitiesOnly yes\n  IdentityAgent none\n  GlobalKnownHostsFile /dev/null\n`,
    ].join("\n"),
  );
  chmodSync(at("ssh_config"), 0o600);
  const fingerprint = execFileSync("ssh-keygen", ["-lf", at("host_key.pub")], { encoding: "utf8" }).split(" ")[1] ?? "";
  const stop = async () => {
    if (listener.exitCode !== null || listener.signalCode !== null) return;
    const ended = new Promise((resolve) => listener.once("exit", resolve));
    listener.kill("SIGTERM");
    await ended;
  };
  return {
    directory,
    port,
    configFile: at("ssh_config"),
    hostKeyFingerprint: fingerprint,
    killSessions: () => signalTree(listener.pid, "SIGKILL", false),
    freeze: () => signalTree(listener.pid, "SIGSTOP", true),
    thaw: () => signalTree(listener.pid, "SIGCONT", true),
    stop,
    remove: async () => {
      signalTree(listener.pid, "SIGKILL", false);
      await stop();
      for (const socket of held) socket.destroy();
      await new Promise((resolve) => blackhole.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
    clusterConfig: (extra) => testClusterConfig(at("ssh_config"), extra),
  };
}

const hostNames = ["good", "key-changed", "key-unknown", "wrong-key", "closed", "blackholed"] as const;

function testClusterConfig(configFile: string, extra: Partial<ClusterConfig["ssh"]> = {}): ClusterConfig {
  return {
    apiVersion: "requorum/v1",
    cluster: "ssh-test",
    platform: "kubeadm",
    etcdTopology: "stacked",
    controlPlaneEndpoint: undefined,
    loadBalancer: "none",
    hosts: hostNames.map((name): HostConfig => ({ name: asHostName(name), address: "127.0.0.1", roles: ["control-plane"] })),
    ssh: { configFile, connectTimeoutMs: 1500, ...extra },
    paths: { etcdDataDir: "/var/lib/etcd", pkiDir: "/etc/kubernetes/pki", manifestsDir: "/etc/kubernetes/manifests" },
    policy: { planLifetimeMs: 3_600_000 },
  };
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8")
      .split(" ")
      .filter(Boolean)
      .map(Number);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // it ended meanwhile
    throw error;
  }
}

/** The sshd processes below the listener, not what they run. */
function signalTree(pid: number | undefined, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT", withSelf: boolean): void {
  if (pid === undefined) return;
  for (const child of childrenOf(pid)) signalTree(child, signal, true);
  if (!withSelf) return;
  try {
    if (
      readFileSync(`/proc/${String(pid)}/comm`, "utf8")
        .trim()
        .startsWith("sshd")
    )
      process.kill(pid, signal);
  } catch (error) {
    if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error; // it ended meanwhile
  }
}

async function waitForPort(port: number, listener: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (listener.exitCode !== null) throw new Error(`sshd ended with ${String(listener.exitCode)}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("sshd did not listen within 5 s");
}
