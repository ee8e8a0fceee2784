import { readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat (proc(5)): clock ticks after boot, as decimal text. */
  readonly startTicks: string;
}

/** undefined: there is no such process (any more). */
export function readProcessIdentity(pid: number): ProcessIdentity | undefined {
  const fields = readStat(pid);
  const state = fields[0];
  const startTicks = fields[19];
  if (startTicks === undefined || state === "Z" || state === "X") return undefined;
  return { pid, startTicks };
}

/** Field 3 of /proc/PID/stat (proc(5)): "T" is stopped by a signal. undefined: there is no such process (any more). */
export function readProcessState(pid: number): string | undefined {
  return readStat(pid)[0];
}

/** From field 3 on; empty when the process is gone. */
function readStat(pid: number): readonly string[] {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  } catch {
    return []; // ENOENT and ESRCH both mean that it is gone
  }
  // The second field is the name in parentheses and may itself hold spaces and parentheses.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

export function isAlive(identity: ProcessIdentity): boolean {
  return readProcessIdentity(identity.pid)?.startTicks === identity.startTicks;
}

/** Direct children, from /proc/PID/task/PID/children (kernels with CONFIG_PROC_CHILDREN, all distributions'). */
export function readChildren(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return []; // the process is gone, and so is the question
  }
}

/** Sends the signal only to the very process that was recorded; false when it is gone already. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
