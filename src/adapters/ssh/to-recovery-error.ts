import type { HostConfig } from "../../model/cluster-config.ts";
import { RecoveryError, type Contact } from "../../model/recovery-error.ts";
import type { ErrorCode, Retry } from "../../model/error-catalogue.ts";

/**
 * The only file that knows what OpenSSH prints. Each sentence was seen with
 * OpenSSH 9.2 against a real sshd (see the contract suite) or stands in its
 * sources (sshconnect.c, mux.c, readconf.c of openssh-portable).
 */

/** Characters of ssh's words that an error quotes: its longest warning, without the frame, fits. */
const quotedCharactersMax = 600;

export interface SshFailure {
  readonly host: HostConfig;
  /** What it was for. */
  readonly reason: string;
  /** What ssh and sudo printed. */
  readonly text: string;
  readonly retry: Retry;
  readonly cause?: unknown;
}

type LoginCode = Extract<
  ErrorCode,
  "SSH_HOST_KEY_CHANGED" | "SSH_HOST_KEY_UNKNOWN" | "SSH_AUTH_FAILED" | "CONFIG_INVALID" | "SSH_UNREACHABLE"
>;

/** Sentences of ssh about the login, most telling first. */
const loginSentences: readonly { readonly form: RegExp; readonly code: LoginCode }[] = [
  { form: /REMOTE HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY|WARNING: .* DNS SPOOFING/, code: "SSH_HOST_KEY_CHANGED" },
  { form: /No (\S+) host key is known for|Host key verification failed|host key is not cached/, code: "SSH_HOST_KEY_UNKNOWN" },
  {
    form: /Permission denied|Too many authentication failures|Authentication failed|no mutual signature|No supported authentication methods/,
    code: "SSH_AUTH_FAILED",
  },
  {
    form: /Bad configuration option|terminating, \d+ bad configuration|Can't open user config file|Bad owner or permissions on|unsupported option|keyword .* extra arguments/i,
    code: "CONFIG_INVALID",
  },
];

/** A login that did not succeed. Whatever is not recognised counts as unreachable, which is never dead. */
export function loginFailure(failure: SshFailure): RecoveryError {
  const own = ownWords(failure.text);
  // A server that has had enough of keys says so in its farewell.
  const farewell = /^Received disconnect from .*/m.exec(failure.text)?.[0] ?? "";
  const code =
    loginSentences.find((sentence) => sentence.form.test(sentence.code === "SSH_AUTH_FAILED" ? `${own}\n${farewell}` : own))?.code ??
    "SSH_UNREACHABLE";
  const where = addressOf(failure.host);
  const said = wordsOfSsh(failure.text);
  const subject = `host ${failure.host.name}`;
  const common = { subject, cause: failure.cause, retry: "transient" as Retry };
  switch (code) {
    case "SSH_HOST_KEY_CHANGED":
      return hostKeyError(code, failure, `${where} offers another host key${fingerprintWords(failure.text)} than the known one`);
    case "SSH_HOST_KEY_UNKNOWN":
      return hostKeyError(
        code,
        failure,
        `no host key of ${where} is recorded; it offers${fingerprintWords(failure.text) || " one that ssh did not name"}`,
      );
    case "SSH_AUTH_FAILED":
      return new RecoveryError(code, {
        ...common,
        retry: "permanent",
        detail: `${where} accepted none of the keys offered (${said}); check the user name, the key and the agent`,
      });
    case "CONFIG_INVALID":
      return new RecoveryError(code, {
        ...common,
        retry: "permanent",
        subject: "the SSH configuration",
        detail: `ssh does not accept its configuration: ${said}`,
      });
    case "SSH_UNREACHABLE":
      return new RecoveryError(code, {
        ...common,
        ...contactOf(failure.text, "ended"),
        detail: `${where}: ${said === "" ? "ssh gave no reason" : said} (${failure.reason})`,
      });
  }
}

/** No answer in time. `progress` is ssh's debug text: it tells how far the connection came. */
export function silentHost(failure: SshFailure, waitedMs: number): RecoveryError {
  const how = /Remote protocol version/.test(failure.text)
    ? "sshd answers, but the login was not finished"
    : /Connection established/.test(failure.text)
      ? "the port accepts connections, but no SSH server answers on it"
      : "no answer at all";
  return new RecoveryError("SSH_UNREACHABLE", {
    subject: `host ${failure.host.name}`,
    detail: `${addressOf(failure.host)}: ${how} within ${String(Math.round(waitedMs))} ms (${failure.reason})`,
    retry: "transient",
    cause: failure.cause,
    ...contactOf(failure.text, "given-up"),
  });
}

/** Words of the operating system when nothing came back (connect(2): ETIMEDOUT, EHOSTUNREACH, EHOSTDOWN). ENETUNREACH is about our own side. */
const nothingCameBack = /^(Connection timed out|No route to host|Host is down)$/;

/**
 * How far a login came, as ssh's debug lines tell. Through another machine
 * only that machine's own words about its connection count: its silence, or
 * ours, says nothing about the one behind it.
 */
function contactOf(text: string, end: "ended" | "given-up"): { readonly contact?: Contact } {
  const own = ownWords(text);
  const words = (form: RegExp) => [...own.matchAll(form)].map((match) => (match[1] ?? "").trim());
  if (/^debug1: (Executing proxy command|Setting implicit ProxyCommand)/m.test(own)) {
    const behind = words(/open failed: connect failed: (.+)$/gm);
    if (hasBanner(text) || behind.includes("Connection refused")) return { contact: "some" };
    return behind.length > 0 && behind.every((word) => nothingCameBack.test(word)) ? { contact: "none" } : {};
  }
  const ends = words(/^(?:debug1: |ssh: )?connect to (?:address|host) \S+ port \d+: (.+)$/gm);
  if (hasBanner(text) || /^debug1: Connection established/m.test(own) || ends.includes("Connection refused")) return { contact: "some" };
  if (!ends.every((word) => nothingCameBack.test(word))) return {};
  const isTried = ends.length > 0 || (end === "given-up" && /^debug1: Connecting to /m.test(own));
  return isTried ? { contact: "none" } : {};
}

/** The session ended without the script's own end line. */
export function connectionLost(failure: SshFailure): RecoveryError {
  const left = failure.retry === "unknown-outcome" ? "; the command may have taken effect or may still run" : "";
  return new RecoveryError("SSH_CONNECTION_LOST", {
    subject: `host ${failure.host.name}`,
    detail: `the connection to ${addressOf(failure.host)} broke during "${failure.reason}"${quoted(failure.text)}${left}`,
    retry: failure.retry,
    cause: failure.cause,
  });
}

/** The login worked, sudo did not let us in: nothing was run. */
export function rootRefused(failure: SshFailure): RecoveryError {
  return new RecoveryError("SSH_SUDO_REFUSED", {
    subject: `host ${failure.host.name}`,
    detail: `sudo -n did not give root for "${failure.reason}"${quoted(failure.text)}`,
    cause: failure.cause,
  });
}

/** `spawn` itself failed. */
export function spawnFailure(program: string, cause: NodeJS.ErrnoException): RecoveryError {
  if (cause.code === "ENOENT") {
    return new RecoveryError("SSH_CLIENT_MISSING", { subject: "this machine", detail: `the program ${program} was not found`, cause });
  }
  return new RecoveryError("LOCAL_FILE_FAILED", {
    subject: `program ${program}`,
    detail: `it could not be started (${cause.code ?? cause.message})`,
    cause,
  });
}

/** A file that a login needs on this machine. */
export function localFileFailure(path: string, cause: NodeJS.ErrnoException): RecoveryError {
  const code = cause.code === "ENOSPC" || cause.code === "EDQUOT" ? "LOCAL_DISK_FULL" : "LOCAL_FILE_FAILED";
  return new RecoveryError(code, {
    subject: `file ${path}`,
    detail: `ssh's messages could not be kept in ${path} (${cause.code ?? cause.message})`,
    cause,
  });
}

/** sshd allows only so many sessions on one connection (MaxSessions, default 10): the call may simply be made later. */
export function isSessionLimit(text: string): boolean {
  return /Session open refused by peer|administratively prohibited: open failed/.test(text);
}

/** The login came as far as sshd's own version line: the machine is there, however slow. */
export function hasBanner(text: string): boolean {
  return text.includes("Remote protocol version");
}

export function addressOf(host: HostConfig): string {
  const port = host.sshPort === undefined ? "" : `:${String(host.sshPort)}`;
  return host.name === host.address ? `${host.name}${port}` : `${host.name} (${host.address}${port})`;
}

/** ssh's last words without debug lines, frames and control characters, in one line. */
export function wordsOfSsh(text: string): string {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => !/^(debug\d|OpenSSH_|Authenticated to|Pseudo-terminal|Transferred:|Bytes per second|@+$)/.test(line.trim()))
    // Control characters of a remote banner must not reach the terminal.
    .map((line) => line.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim())
    .filter((line) => line !== "");
  return lines.join("; ").slice(-quotedCharactersMax);
}

function quoted(text: string): string {
  const said = wordsOfSsh(text);
  return said === "" ? "" : `: ${said}`;
}

/**
 * What ssh says by itself. Left out is what it repeats after the other side
 * before anybody has proved who that is: its name for its version, lines
 * before that, and its farewell, which may hold lines of any form. Otherwise
 * whoever answers in the machine's place could put a fingerprint or a command
 * into our words.
 */
function ownWords(text: string): string {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => !/^debug1: (Remote protocol version|kex_exchange_identification: banner line)/.test(line));
  const farewell = lines.findIndex((line) => line.startsWith("Received disconnect from "));
  return (farewell < 0 ? lines : lines.slice(0, farewell)).join("\n");
}

/** " SHA256:… (ED25519)", from ssh's warning or its debug line; "" when it printed neither. The last one counts: a jump host's comes before. */
function fingerprintWords(text: string): string {
  const own = ownWords(text);
  const offered = [...own.matchAll(/^debug1: Server host key: (\S+) (SHA256:[A-Za-z0-9+/=]+)$/gm)].at(-1);
  if (offered !== undefined) return ` ${offered[2] ?? ""} (${offered[1] ?? ""})`;
  const warned = /^The fingerprint for the (\S+) key sent by the remote host is\s+(SHA256:[A-Za-z0-9+/=]+)/m.exec(own);
  return warned === null ? "" : ` ${warned[2] ?? ""} (${warned[1] ?? ""})`;
}

/** Text of ssh's that goes into a command to copy: names and paths of plain letters; anything else is left out. */
function plainWord(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9/~[][A-Za-z0-9.:_/~%+@[\]-]{0,300}$/.test(text) ? text : undefined;
}

function hostKeyError(code: "SSH_HOST_KEY_CHANGED" | "SSH_HOST_KEY_UNKNOWN", failure: SshFailure, what: string): RecoveryError {
  const own = ownWords(failure.text);
  const entry = plainWord(/^(?:No \S+ host key is known|Host key) for (\S+)/m.exec(own)?.[1]) ?? failure.host.address;
  const bracketed = /^\[(.+)\]:(\d+)$/.exec(entry);
  const scan = bracketed === null ? entry : `-p ${bracketed[2] ?? ""} ${bracketed[1] ?? ""}`;
  const known = plainWord(/^Offending \S+ key in (\S+):\d+/m.exec(own)?.[1]);
  const file = known === undefined ? "" : ` -f ${known}`;
  return new RecoveryError(code, {
    subject: `host ${failure.host.name}`,
    detail: `${what}. Compare the fingerprint on the machine's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) before you trust it; nothing was run on it`,
    retry: "permanent",
    cause: failure.cause,
    remedies: [
      ...(code === "SSH_HOST_KEY_CHANGED"
        ? [{ why: "after comparing, forget the old key", command: `ssh-keygen -R '${entry}'${file}` }]
        : []),
      { why: "after comparing, record the new key", command: `ssh-keyscan ${scan} >> ${known ?? "~/.ssh/known_hosts"}` },
      { why: "what was recorded must be what the console shows", command: `ssh-keygen -l -F '${entry}'${file}` },
    ],
  });
}
