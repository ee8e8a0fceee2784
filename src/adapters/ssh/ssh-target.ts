import { createHash } from "node:crypto";
import type { ClusterConfig, HostConfig } from "../../model/cluster-config.ts";

/** How one host is reached. Values only; nothing here starts anything. */
export interface SshTarget {
  readonly host: HostConfig;
  readonly configFile: string | undefined;
  readonly controlPath: string;
  readonly connectTimeoutMs: number;
}

/**
 * Longest path of a Unix socket that works everywhere (macOS 104 bytes with
 * the final NUL, Linux 108), less the 17 characters that ssh appends while it
 * makes its control socket.
 */
export const controlPathBytesMax = 103 - 17;

/** `settingsText` is whatever changes where a connection leads: another text is another connection. */
export function controlPathFor(directory: string, config: ClusterConfig, host: HostConfig, settingsText: string): string {
  const identity = JSON.stringify([
    config.cluster,
    host.name,
    host.address,
    host.sshAddress,
    host.sshUser,
    host.sshPort,
    host.sshJump,
    config.ssh.configFile,
    settingsText,
  ]);
  return `${directory}/m-${createHash("sha256").update(identity).digest("hex").slice(0, 16)}`;
}

function option(name: string, value: string | number): readonly string[] {
  return ["-o", `${name}=${String(value)}`];
}

/** Settings of every connection; ours come first, and the first value wins over the user's files. */
function connectionOptions(target: SshTarget): readonly string[] {
  const { host } = target;
  return [
    ...(target.configFile === undefined ? [] : ["-F", target.configFile]),
    ...option("BatchMode", "yes"),
    ...option("StrictHostKeyChecking", "yes"),
    ...option("UpdateHostKeys", "no"),
    // Whole seconds only; the caller's own timer is the exact one.
    ...option("ConnectTimeout", Math.max(1, Math.ceil(target.connectTimeoutMs / 1000))),
    ...option("ConnectionAttempts", 1),
    // A dead connection is noticed within 15 s also when nothing is asked; a network that reloads in less is survived.
    ...option("ServerAliveInterval", 5),
    ...option("ServerAliveCountMax", 3),
    ...option("ForwardAgent", "no"),
    ...option("ForwardX11", "no"),
    ...option("ClearAllForwardings", "yes"),
    ...option("PermitLocalCommand", "no"),
    ...option("RemoteCommand", "none"),
    ...option("RequestTTY", "no"),
    ...option("EscapeChar", "none"),
    ...(host.sshUser === undefined ? [] : option("User", host.sshUser)),
    ...(host.sshPort === undefined ? [] : option("Port", host.sshPort)),
    ...(host.sshJump === undefined ? [] : option("ProxyJump", host.sshJump)),
  ];
}

/** `ssh -G`: prints the settings that ssh would use for `destination`. */
export function settingsArguments(target: SshTarget, destination: string): readonly string[] {
  return ["-G", ...(target.configFile === undefined ? [] : ["-F", target.configFile]), "--", destination];
}

/** What `ssh -G` printed as hostname; undefined when it printed none. */
export function hostNameInSettings(text: string): string | undefined {
  return /^hostname (.+)$/m.exec(text)?.[1]?.trim();
}

/**
 * Logs in, leaves a master in the background that other calls share, and
 * exits 0. `auto` and a real command, not `-N -f`: where two programs race,
 * the loser's connection ends with its command instead of staying for ever.
 * Debug lines tell how far a login came and which key was offered.
 */
export function connectArguments(target: SshTarget, destination: string, controlPersistSeconds: number): readonly string[] {
  return [
    ...connectionOptions(target),
    ...option("LogLevel", "DEBUG1"),
    ...option("ControlMaster", "auto"),
    ...option("ControlPath", target.controlPath),
    ...option("ControlPersist", controlPersistSeconds),
    "--",
    destination,
    "exit 0",
  ];
}

/** The same login without sharing: a second opinion on a host whose shared connection is silent. */
export function lookArguments(target: SshTarget, destination: string): readonly string[] {
  return [
    ...connectionOptions(target),
    ...option("LogLevel", "DEBUG1"),
    ...option("ControlMaster", "no"),
    ...option("ControlPath", "none"),
    "--",
    destination,
    "exit 0",
  ];
}

/**
 * A session of the master. It reads no configuration and cannot fall back to a
 * connection of its own (its proxy is `false`), so it is fast, and what it
 * says about a missing master is certain.
 */
export function sessionArguments(controlPath: string, commandLine: string): readonly string[] {
  return [
    ...["-F", "none"],
    ...option("ControlPath", controlPath),
    ...option("ControlMaster", "no"),
    ...option("ProxyCommand", "false"),
    ...option("BatchMode", "yes"),
    ...option("LogLevel", "ERROR"),
    ...["-T", "-a", "-x", "--", "requorum", commandLine],
  ];
}
