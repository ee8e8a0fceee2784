import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface MemoryFiles {
  /** Of the hierarchy: "/sys/fs/cgroup", of version 1 "/sys/fs/cgroup/memory". */
  readonly root: string;
  readonly limits: readonly string[];
  readonly used: string;
}

const version2: MemoryFiles = { root: "/sys/fs/cgroup", limits: ["memory.max", "memory.high"], used: "memory.current" };
const version1: MemoryFiles = { root: "/sys/fs/cgroup/memory", limits: ["memory.limit_in_bytes"], used: "memory.usage_in_bytes" };

/**
 * Bytes of memory that this process may still take: what the kernel has for
 * anybody, and what each control group above it leaves, of which
 * `process.availableMemory()` sees the innermost alone. A slice of systemd
 * with MemoryMax has its limit further up. Caches count as used there: it is
 * rather too little than too much. Source: cgroups(7), the kernel's
 * cgroup-v2.rst (memory.max, memory.high, memory.current) and cgroup-v1/memory.rst.
 */
export function availableMemoryBytes(read: (path: string) => string | undefined = textOf): number {
  // V8 reserves address space by the gigabyte, and ends the program where it gets none: nothing may be taken beside it.
  if (/^Max address space +\d/m.test(read("/proc/self/limits") ?? "")) return 0;
  const lines = (read("/proc/self/cgroup") ?? "").split("\n");
  const left = lines.flatMap((line) => {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === "") return [];
    if (controllers === "") return leftIn(version2, path, read);
    return controllers.split(",").includes("memory") ? leftIn(version1, path, read) : [];
  });
  return Math.max(0, Math.min(process.availableMemory(), ...left));
}

function leftIn(files: MemoryFiles, path: string, read: (path: string) => string | undefined): readonly number[] {
  const left: number[] = [];
  for (let group = path; ; group = dirname(group)) {
    const [used, ...limits] = [files.used, ...files.limits].map((name) => numberOf(read(join(files.root, group, name))));
    for (const limit of limits) if (limit !== undefined && used !== undefined) left.push(limit - used);
    if (group === "/") return left;
  }
}

/** "max", and files that a container does not show, are no limit. */
function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // another version of control groups, or another system
  }
}
