import { createHmac } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import type { IsRunning, ProcessOwner } from "../../ports/process-owner.ts";

/** PROC_PID_INIT_INO of the Linux kernel (include/linux/proc_ns.h): the machine's own pid namespace. */
const machinesNamespace = "pid:[4026531836]";

/** This process, as others on this machine will know it. Without /proc boot id and start are "". */
export async function thisProcess(): Promise<ProcessOwner> {
  const namespace = await textOf(() => readlink("/proc/self/ns/pid"));
  const start = await processStart(process.pid, systemLook);
  const isInContainer = namespace !== "" && namespace !== machinesNamespace;
  const machine = isInContainer ? undefined : await machineDigest();
  return {
    // The same number is another process in a container: that is another host.
    host: isInContainer ? `${hostname()} ${namespace}` : hostname(),
    pid: process.pid,
    bootId: (await textOf(() => readFile("/proc/sys/kernel/random/boot_id", "utf8"))).trim(),
    ...(machine === undefined ? {} : { machine }),
    ...(start === "gone" || start === "unknown" ? {} : { processStart: start }),
  };
}

/** machine-id(5) is not to be told as it is: a digest for this purpose alone. An image's own id, in a container, says nothing. */
async function machineDigest(): Promise<string | undefined> {
  const id = (await textOf(() => readFile("/etc/machine-id", "utf8"))).trim();
  return /^[0-9a-f]{32}$/.test(id) ? createHmac("sha256", id).update("requorum store claim").digest("hex").slice(0, 32) : undefined;
}

/** What the kernel tells of a process; others take its place in tests. */
export interface ProcessLook {
  /** /proc/PID/stat; rejects as the file system does. */
  readonly readStat: (pid: number) => Promise<string>;
  /** Signal 0: rejects nothing, throws what kill(2) fails with. */
  readonly signalNothing: (pid: number) => void;
}

const systemLook: ProcessLook = {
  readStat: (pid) => readFile(`/proc/${String(pid)}/stat`, "utf8"),
  signalNothing: (pid) => void process.kill(pid, 0),
};

/**
 * Is it surely not there: of this very machine and another boot, or no process
 * has its number, or a later one has. Two machines may have one name: a boot
 * id that is another one tells something only of a machine that is known to be
 * this one. What may not be looked at (hidepid, no permission, no file
 * descriptor left) is not gone.
 */
export function runningBeside(own: ProcessOwner, look: ProcessLook = systemLook): IsRunning {
  return async (other) => {
    if (other.host !== own.host) return undefined;
    if (other.bootId === "" || own.bootId === "") return undefined;
    if (other.bootId !== own.bootId) return own.machine !== undefined && other.machine === own.machine ? false : undefined;
    const start = await processStart(other.pid, look);
    if (start === "gone") return false;
    if (start === "unknown") return undefined;
    return other.processStart === undefined || other.processStart === start;
  };
}

/** Field 22 of /proc/PID/stat (proc(5)): clock ticks after boot. "gone": no such process, or it has ended and was not waited for. */
async function processStart(pid: number, look: ProcessLook): Promise<string> {
  try {
    const stat = await look.readStat(pid);
    // The second field is the name in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return "gone";
    return fields[19] ?? "unknown";
  } catch {
    return isSurelyGone(pid, look) ? "gone" : "unknown";
  }
}

/** Its file may be hidden from this user; the kernel's own "no such process" is not. */
function isSurelyGone(pid: number, look: ProcessLook): boolean {
  try {
    look.signalNothing(pid);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** "" when it is not there. */
async function textOf(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch {
    return "";
  }
}
