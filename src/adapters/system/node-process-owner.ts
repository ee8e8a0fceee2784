import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import type { IsRunning, ProcessOwner } from "../../ports/process-owner.ts";

/** PROC_PID_INIT_INO of the Linux kernel (include/linux/proc_ns.h): the machine's own pid namespace. */
const machinesNamespace = "pid:[4026531836]";

/** This process, as others on this machine will know it. Without /proc boot id and start are "". */
export async function thisProcess(): Promise<ProcessOwner> {
  const namespace = await textOf(() => readlink("/proc/self/ns/pid"));
  const start = await processStart(process.pid);
  return {
    // The same number is another process in a container: that is another host.
    host: namespace === "" || namespace === machinesNamespace ? hostname() : `${hostname()} ${namespace}`,
    pid: process.pid,
    bootId: (await textOf(() => readFile("/proc/sys/kernel/random/boot_id", "utf8"))).trim(),
    ...(start === undefined ? {} : { processStart: start }),
  };
}

/** Is it surely not there: of this machine and another boot, or no process has its number, or a later one has. */
export function runningBeside(own: ProcessOwner): IsRunning {
  return async (other) => {
    if (other.host !== own.host) return undefined;
    if (other.bootId === "" || own.bootId === "") return undefined;
    if (other.bootId !== own.bootId) return false;
    const start = await processStart(other.pid);
    if (start === undefined) return false;
    return other.processStart === undefined || other.processStart === start;
  };
}

/** Field 22 of /proc/PID/stat (proc(5)): clock ticks after boot. undefined: no such process, or it has ended and was not waited for. */
async function processStart(pid: number): Promise<string | undefined> {
  const stat = await textOf(() => readFile(`/proc/${String(pid)}/stat`, "utf8"));
  // The second field is the name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const isGone = stat === "" || fields[0] === "Z" || fields[0] === "X";
  return isGone ? undefined : fields[19];
}

/** "" when it is not there. */
async function textOf(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch {
    return "";
  }
}
