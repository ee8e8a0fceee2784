import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MachinePaths } from "./lab-paths.ts";
import { namespacePath } from "./network/lab-network.ts";
import { runProgram } from "./run-program.ts";

/** The files with which an operator, or requorum itself, reaches a lab's machines by SSH. */
export interface SshPaths {
  readonly identity: string;
  readonly config: string;
  readonly knownHosts: string;
}

export function sshPaths(labDir: string): SshPaths {
  return { identity: join(labDir, "ssh", "id_ed25519"), config: join(labDir, "ssh_config"), knownHosts: join(labDir, "known_hosts") };
}

export interface SshMachine {
  readonly name: string;
  readonly address: string;
}

/** A key pair without passphrase, for this lab only. */
export async function makeOperatorKey(labDir: string, lab: string): Promise<void> {
  const { identity } = sshPaths(labDir);
  await mkdir(join(labDir, "ssh"), { recursive: true, mode: 0o700 });
  await makeKey(identity, `requorum-lab-${lab}`);
}

/** Host key and the operator's permission, put into the machine's disk before it boots. Returns the public host key. */
export async function provisionSsh(labDir: string, machine: MachinePaths): Promise<string> {
  const hostKey = join(machine.upper, "etc/ssh/ssh_host_ed25519_key");
  await mkdir(join(machine.upper, "etc/ssh"), { recursive: true });
  await makeKey(hostKey, "host");
  const authorized = join(machine.upper, "root/.ssh/authorized_keys");
  await mkdir(join(machine.upper, "root/.ssh"), { recursive: true, mode: 0o700 });
  await writeFile(authorized, await readFile(`${sshPaths(labDir).identity}.pub`, "utf8"), { mode: 0o600 });
  await chmod(join(machine.upper, "root"), 0o700);
  return (await readFile(`${hostKey}.pub`, "utf8")).trim();
}

async function makeKey(path: string, comment: string): Promise<void> {
  await runProgram({
    reason: `making SSH key ${path}`,
    program: "ssh-keygen",
    args: ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path],
    timeoutMs: 15_000,
  });
}

/** Replaces what known_hosts says about this machine, as a provisioning tool does after an installation. */
export async function registerHostKey(labDir: string, machine: SshMachine, publicKey: string): Promise<void> {
  const path = sshPaths(labDir).knownHosts;
  const names = [machine.name, machine.address];
  const lines = (await readFile(path, "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "" && !names.some((name) => (line.split(" ")[0] ?? "").split(",").includes(name)));
  const key = publicKey.split(" ").slice(0, 2).join(" ");
  await writeFile(`${path}.new`, [...lines, `${names.join(",")} ${key}`, ""].join("\n"), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function writeSshConfig(labDir: string, lab: string, machines: readonly SshMachine[], baseImage: string): Promise<void> {
  await writeFile(sshPaths(labDir).config, renderSshConfig(labDir, lab, machines, baseImage), { mode: 0o600 });
}

/**
 * An ssh_config(5) with one entry per machine. The operator stays in the host's
 * own network; only the proxy's socket is made inside the lab's namespace. The
 * proxy is the base image's static busybox: the host needs no netcat.
 */
export function renderSshConfig(labDir: string, lab: string, machines: readonly SshMachine[], baseImage: string): string {
  const { identity, knownHosts } = sshPaths(labDir);
  const entries = machines.map(
    ({ name, address }) => `Host ${name} ${address}
  HostName ${address}
`,
  );
  return `# Written by requorum lab up; goes with requorum lab down.
${entries.join("\n")}
Host *
  User root
  IdentityFile ${identity}
  IdentitiesOnly yes
  UserKnownHostsFile ${knownHosts}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  LogLevel ERROR
  ProxyCommand nsenter --net=${namespacePath(lab)} ${join(baseImage, "usr/bin/busybox")} nc %h %p
`;
}
