/** One run of a program, with its time and its peak memory as the kernel counts it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessRun {
  readonly tookMs: number;
  /** VmHWM: the most that was resident, with the pages of files that are mapped (bbolt's and so etcd's way of reading). */
  readonly peakBytes: number;
  /** The most that was resident and belongs to no file: what the machine must have. Looked at every 20 ms. */
  readonly peakOwnBytes: number;
  /** The most that was resident at one look in it and all processes below it, what two of them share counted twice. */
  readonly peakTreeBytes: number;
  /** Processor time of it and of all processes below it, as of the last look: what a loaded machine does not change much. */
  readonly cpuMs: number;
  /** Empty where it was not to be kept. */
  readonly stdout: string;
  readonly outBytes: number;
}

/** Often enough that little grows unseen before the end; a look takes 0.15 ms of a core from what is measured. */
const lookEveryMs = 20;
/** 8 GiB on a slow disk. */
const limitMs = 3_600_000;

export async function runMeasured(
  program: string,
  args: readonly string[],
  options: { readonly environment?: NodeJS.ProcessEnv; readonly exits?: readonly number[]; readonly keepsOutput?: boolean } = {},
): Promise<ProcessRun> {
  const startedMs = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
    env: { ...process.env, ...options.environment },
  });
  let [stdout, stderr, outBytes, peakBytes, peakOwnBytes, peakTreeBytes] = ["", "", 0, 0, 0, 0];
  const cpuOf = new Map<number, number>();
  const decoder = new TextDecoder();
  child.stdout.on("data", (bytes: Uint8Array) => {
    outBytes += bytes.length;
    if (options.keepsOutput !== false) stdout += decoder.decode(bytes, { stream: true });
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const look = setInterval(() => {
    const memory = child.pid === undefined ? undefined : memoryOf(child.pid);
    peakBytes = Math.max(peakBytes, memory?.peakBytes ?? 0);
    peakOwnBytes = Math.max(peakOwnBytes, memory?.ownBytes ?? 0);
    const below = child.pid === undefined ? [] : processesBelow(child.pid);
    for (const pid of child.pid === undefined ? [] : [child.pid, ...below]) cpuOf.set(pid, cpuMsOf(pid) ?? cpuOf.get(pid) ?? 0);
    const belowBytes = below.reduce((sum, pid) => sum + (memoryOf(pid)?.nowBytes ?? 0), 0);
    // What it was at its most between two looks is known of the process itself.
    peakTreeBytes = Math.max(peakTreeBytes, peakBytes, (memory?.nowBytes ?? 0) + belowBytes);
  }, lookEveryMs);
  let tookMs = NaN;
  child.once("exit", () => (tookMs = performance.now() - startedMs));
  try {
    await once(child, "close");
  } finally {
    clearInterval(look);
  }
  if (!(options.exits ?? [0]).includes(child.exitCode ?? -1))
    throw new Error(
      `${program} ${args.join(" ")} ended with ${String(child.exitCode ?? child.signalCode)}: ${stderr.slice(-1000)}${stdout.slice(-1000)}`,
    );
  return {
    tookMs,
    peakBytes,
    peakOwnBytes,
    peakTreeBytes,
    cpuMs: [...cpuOf.values()].reduce((sum, one) => sum + one, 0),
    stdout,
    outBytes,
  };
}

/** Source: proc(5), /proc/PID/status. undefined when the process has ended. */
export function memoryOf(pid: number): { readonly peakBytes: number; readonly ownBytes: number; readonly nowBytes: number } | undefined {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
    const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? "0");
    return { peakBytes: kibibytes("VmHWM") * 1024, ownBytes: kibibytes("RssAnon") * 1024, nowBytes: kibibytes("VmRSS") * 1024 };
  } catch {
    return undefined; // it ended between two looks
  }
}

function processesBelow(pid: number): readonly number[] {
  try {
    const children = readdirSync(`/proc/${String(pid)}/task`).flatMap((task) =>
      readFileSync(`/proc/${String(pid)}/task/${task}/children`, "utf8")
        .split(" ")
        .filter(Boolean)
        .map(Number),
    );
    return [...children, ...children.flatMap(processesBelow)];
  } catch {
    return []; // it ended between two looks
  }
}

/** Ticks of a hundredth of a second everywhere Linux runs Node. Source: proc(5), /proc/PID/stat, fields 14 and 15. */
function cpuMsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined; // it ended between two looks
  }
}
