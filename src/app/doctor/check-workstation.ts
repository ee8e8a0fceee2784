import { RecoveryError } from "../../model/recovery-error.ts";
import type { Workstation } from "../../ports/workstation.ts";
import type { DoctorRow } from "./doctor-row.ts";

/** package.json, engines: the first Node that runs TypeScript sources without a flag and has SQLite for the lock. */
const nodeWanted = [22, 15];
/** OpenSSH 7.6 (2017) has every option that requorum passes; older ones refuse some of them. */
const sshWanted = [7, 6];
/** etcd's documentation advises against data above 8 GiB; one snapshot of that size and its journal must fit. */
const freeBytesWanted = 10n * 1024n ** 3n;
/** Below this not even a plan, a journal and a small cluster's snapshot fit. */
const freeBytesLeast = 256n * 1024n ** 2n;
const freeInodesLeast = 1000n;

/** Is this machine fit to recover a cluster from? Needs no configuration and changes nothing. */
export async function checkWorkstation(
  workstation: Workstation,
  options: { readonly stateDirectory: string },
): Promise<readonly DoctorRow[]> {
  const [ssh, keys, clock, disk] = await Promise.all([
    sshRow(workstation),
    keysRow(workstation),
    clockRow(workstation),
    diskRow(workstation, options.stateDirectory),
  ]);
  return [nodeRow(workstation), ssh, keys, clock, disk];
}

function nodeRow(workstation: Workstation): DoctorRow {
  const version = workstation.runtimeVersion;
  if (isAtLeast(version, nodeWanted)) return { check: "Node", state: "ok", detail: version };
  return { check: "Node", state: "fail", detail: `${version} is too old; requorum needs ${nodeWanted.join(".")} or later` };
}

async function sshRow(workstation: Workstation): Promise<DoctorRow> {
  const check = "ssh client";
  const text = await workstation.sshVersion();
  if (text === undefined)
    return {
      check,
      state: "fail",
      detail: "no OpenSSH client was found on this machine",
      remedy: { why: "Debian or Ubuntu", command: "apt-get install openssh-client" },
    };
  const version = /OpenSSH_(?:for_Windows_)?([0-9]+\.[0-9]+)/.exec(text)?.[1];
  if (version === undefined)
    return { check, state: "warn", detail: `${firstLine(text)}: not an OpenSSH that is known; requorum was tested with OpenSSH only` };
  if (!isAtLeast(version, sshWanted))
    return { check, state: "fail", detail: `OpenSSH ${version} is too old; ${sshWanted.join(".")} or later is needed` };
  return { check, state: "ok", detail: firstLine(text) };
}

async function keysRow(workstation: Workstation): Promise<DoctorRow> {
  const check = "ssh keys";
  const [agent, files] = await Promise.all([workstation.agentKeyCount(), workstation.defaultKeyFiles()]);
  const words = [
    agent === "no-agent" ? "no agent is running" : `the agent offers ${String(agent)} ${agent === 1 ? "key" : "keys"}`,
    files.length === 0 ? "no default key file" : files.join(", "),
  ].join("; ");
  if ((agent !== "no-agent" && agent > 0) || files.length > 0) return { check, state: "ok", detail: words };
  return {
    check,
    state: "warn",
    detail: `${words}; only a key that the ssh configuration names can be used`,
    remedy: { why: "let an agent offer your key: nobody can type its words during a run", command: "ssh-add" },
  };
}

async function clockRow(workstation: Workstation): Promise<DoctorRow> {
  const check = "clock";
  const isSynchronised = await workstation.isClockSynchronised();
  if (isSynchronised === undefined)
    return {
      check,
      state: "unknown",
      detail: "this machine does not say whether a time server keeps its clock; the machines' offsets are shown below",
    };
  if (isSynchronised) return { check, state: "ok", detail: "kept by a time server" };
  return {
    check,
    state: "warn",
    detail: "not kept by a time server: times in plans, journals and reports may be wrong",
    remedy: { why: "keep the clock", command: "timedatectl set-ntp true" },
  };
}

async function diskRow(workstation: Workstation, stateDirectory: string): Promise<DoctorRow> {
  const check = "state directory";
  try {
    const { freeBytes, freeInodes, isWritable } = await workstation.space(stateDirectory);
    const free = `${stateDirectory}: ${gibibytes(freeBytes)} GiB free`;
    if (!isWritable) return { check, state: "fail", detail: `${stateDirectory} cannot be written by this user`, remedy: otherPlace };
    if (freeBytes < freeBytesLeast || freeInodes < freeInodesLeast)
      return {
        check,
        state: "fail",
        detail: `${free}, ${String(freeInodes)} inodes: too little for a run and its snapshot`,
        remedy: { why: "free space, or point XDG_STATE_HOME to a larger disk" },
      };
    if (freeBytes < freeBytesWanted)
      return { check, state: "warn", detail: `${free}; the snapshot of a large cluster may need up to ${gibibytes(freeBytesWanted)} GiB` };
    return { check, state: "ok", detail: free };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    // What cannot be looked at cannot be written either: no right to go there, or no directory on the way.
    return { check, state: "fail", detail: error.detail, remedy: otherPlace };
  }
}

const otherPlace = { why: "make it writable for you, or point XDG_STATE_HOME to a directory that is; runs are kept there" };

function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, least] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function gibibytes(bytes: bigint): string {
  return (Number(bytes) / 1024 ** 3).toFixed(1);
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}
