import { createHash } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/**
 * When the process began, in clock ticks since boot: with the pid it names one
 * process for good, where a pid alone is given out again. undefined: there is
 * none. Source: proc(5), /proc/PID/stat, field 22.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${String(pid)}/stat`, "utf8").catch(() => undefined);
  // The name in field 2 may hold spaces and parentheses.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

/** Bytes of memory that are the process's alone, without mapped files. undefined: it is gone. */
export async function privateBytes(pid: number): Promise<bigint | undefined> {
  const text = await readFile(`/proc/${String(pid)}/status`, "utf8").catch(() => undefined);
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(text ?? "")?.[1];
  return kibibytes === undefined ? undefined : BigInt(kibibytes) * 1024n;
}

/**
 * This machine and this boot of it, short enough for the name of a file: a
 * directory may be on a disk of two machines, whose process numbers say
 * nothing here. machine-id(5) is told only as a digest.
 */
export async function machineMark(): Promise<{ readonly machine: string; readonly boot: string }> {
  const digest = (text: string): string => createHash("sha256").update(`requorum sandbox ${text}`).digest("hex").slice(0, 8);
  const id = (await readFile("/etc/machine-id", "utf8").catch(() => "")).trim();
  // A container's process numbers are its own.
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
  return { machine: digest(`${id === "" ? hostname() : id} ${namespace}`), boot: digest(boot) };
}
