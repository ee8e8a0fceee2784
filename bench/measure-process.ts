/** One run of a program, with its time and its peak memory as the kernel counts it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

export interface ProcessRun {
  readonly tookMs: number;
  /** VmHWM: the most that was resident, with the pages of files that are mapped (bbolt's and so etcd's way of reading). */
  readonly peakBytes: number;
  /** The most that was resident and belongs to no file: what the machine must have. Looked at every 5 ms. */
  readonly peakOwnBytes: number;
  /** Empty where it was not to be kept. */
  readonly stdout: string;
  readonly outBytes: number;
}

/** Often enough that little grows unseen before the end, seldom enough to cost nothing. */
const lookEveryMs = 5;
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
  let [stdout, stderr, outBytes, peakBytes, peakOwnBytes] = ["", "", 0, 0, 0];
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
  return { tookMs, peakBytes, peakOwnBytes, stdout, outBytes };
}

/** Source: proc(5), /proc/PID/status. undefined when the process has ended. */
export function memoryOf(pid: number): { readonly peakBytes: number; readonly ownBytes: number } | undefined {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
    const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? "0");
    return { peakBytes: kibibytes("VmHWM") * 1024, ownBytes: kibibytes("RssAnon") * 1024 };
  } catch {
    return undefined; // it ended between two looks
  }
}
