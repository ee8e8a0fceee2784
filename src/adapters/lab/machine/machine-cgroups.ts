import { readFileSync, readdirSync } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { exists } from "../programs/cache-entry.ts";
import { waitUntil } from "../wait-until.ts";

/** One mounted cgroup hierarchy and the group in it that this program runs in. */
export interface CgroupHierarchy {
  /** v1 controllers ("cpu", "name=systemd"), or "" for the unified hierarchy. */
  readonly controllers: string;
  /** Directory of our own group. */
  readonly ownDirectory: string;
}

/**
 * Every hierarchy that is mounted, with our own group in it: /proc/self/cgroup
 * (cgroups(7)) joined with /proc/self/mountinfo (proc(5)). Machines live below
 * our own groups, so that the limits of whoever started us keep holding.
 */
export function parseHierarchies(selfCgroup: string, mountInfo: string): readonly CgroupHierarchy[] {
  const mounts = mountInfo.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const fields = before?.split(" ") ?? [];
    const [type, , options] = after?.split(" ") ?? [];
    const root = fields[3];
    const mountPoint = fields[4];
    return (type === "cgroup" || type === "cgroup2") && root !== undefined && mountPoint !== undefined
      ? [{ type, root, mountPoint, options: options?.split(",") ?? [] }]
      : [];
  });
  return selfCgroup.split("\n").flatMap((line) => {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (match === null) return [];
    const controllers = match[1] ?? "";
    const path = match[2] ?? "/";
    const mount = mounts.find((candidate) =>
      controllers === ""
        ? candidate.type === "cgroup2"
        : candidate.type === "cgroup" && controllers.split(",").every((name) => candidate.options.includes(name)),
    );
    if (mount === undefined) return [];
    const below = mount.root !== "/" && path.startsWith(mount.root) ? path.slice(mount.root.length) : path;
    return [{ controllers, ownDirectory: below === "/" || below === "" ? mount.mountPoint : join(mount.mountPoint, below) }];
  });
}

export function readHierarchies(): readonly CgroupHierarchy[] {
  return parseHierarchies(readFileSync("/proc/self/cgroup", "utf8"), readFileSync("/proc/self/mountinfo", "utf8"));
}

export function labCgroupName(lab: string): string {
  return `requorum-lab-${lab}`;
}

/** Makes the lab's group in every hierarchy and returns their directories, to be recorded before any machine is started. */
export async function createLabCgroups(lab: string, hierarchies: readonly CgroupHierarchy[]): Promise<readonly string[]> {
  const directories: string[] = [];
  for (const hierarchy of hierarchies) {
    const directory = join(hierarchy.ownDirectory, labCgroupName(lab));
    await mkdir(directory, { recursive: true });
    await inheritCpuset(hierarchy.ownDirectory, directory);
    if (hierarchy.controllers === "" && hierarchies.length === 1) await delegateControllers(hierarchy.ownDirectory, directory);
    directories.push(directory);
  }
  return directories;
}

export async function createMachineCgroups(labDirectories: readonly string[], machine: string): Promise<readonly string[]> {
  const directories: string[] = [];
  for (const labDirectory of labDirectories) {
    const directory = join(labDirectory, machine);
    await mkdir(directory, { recursive: true });
    await inheritCpuset(labDirectory, directory);
    directories.push(directory);
  }
  return directories;
}

/** A v1 cpuset starts empty and takes no process before it has processors and memory nodes. */
async function inheritCpuset(parent: string, child: string): Promise<void> {
  for (const name of ["cpuset.cpus", "cpuset.mems"]) {
    if (!(await exists(join(child, name)))) continue;
    const current = (await readFile(join(child, name), "utf8")).trim();
    if (current === "") await writeFile(join(child, name), await readFile(join(parent, name), "utf8"));
  }
}

/** cgroup v2 only: controllers must be handed down; the kernel refuses while our own group holds processes and is not the root. */
async function delegateControllers(own: string, labDirectory: string): Promise<void> {
  const wanted = ["cpu", "cpuset", "memory", "pids", "io"];
  for (const directory of [own, labDirectory]) {
    const available = (await readFile(join(directory, "cgroup.controllers"), "utf8")).trim().split(" ");
    const enabled = (await readFile(join(directory, "cgroup.subtree_control"), "utf8")).trim().split(" ");
    const missing = wanted.filter((name) => available.includes(name) && !enabled.includes(name));
    if (missing.length === 0) continue;
    try {
      await writeFile(join(directory, "cgroup.subtree_control"), missing.map((name) => `+${name}`).join(" "));
    } catch (error) {
      throw new RecoveryError("LAB_UNSUPPORTED", {
        subject: `cgroup ${directory}`,
        detail: `the controllers ${missing.join(", ")} cannot be handed down to the lab's machines from here`,
        cause: error,
        remedies: [{ why: "start it in a delegated group of its own", command: "systemd-run --scope -p Delegate=yes requorum lab up" }],
      });
    }
  }
}

/** All processes in these groups and the groups below them. */
export function processesIn(directories: readonly string[]): readonly number[] {
  const pids = new Set<number>();
  for (const directory of directories.flatMap(withDescendants)) {
    try {
      for (const line of readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n")) if (line !== "") pids.add(Number(line));
    } catch {
      // The group vanished between listing and reading: it holds nothing.
    }
  }
  return [...pids];
}

/** Removes the groups, deepest first. They must be empty of processes; the kernel may need a moment to see that. */
export async function removeCgroups(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    await waitUntil({ what: `cgroup ${directory} can be removed`, timeoutMs: 15_000, intervalMs: 100 }, async () => {
      for (const path of withDescendants(directory).toReversed()) {
        await rmdir(path).catch((error: unknown) => {
          if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        });
      }
      return true;
    });
  }
}

/** Parents before children; empty when the directory does not exist. */
function withDescendants(directory: string): readonly string[] {
  try {
    const children = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [directory, ...children.flatMap((entry) => withDescendants(join(directory, entry.name)))];
  } catch {
    return [];
  }
}
