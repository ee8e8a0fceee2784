import { rm } from "node:fs/promises";
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import { machinePaths, type LabPaths } from "./lab-paths.ts";
import { assertLabName, freeLabIndex, labDirectory, readLabState } from "./lab-state.ts";
import { labCgroupName, processesIn, readHierarchies, removeCgroups } from "./machine/machine-cgroups.ts";
import { loopDevicesBelow, mountPointsBelow, unmountBelow } from "./machine/machine-disk.ts";
import { removeBootLocks, removeNamedTraces } from "./machine/nspawn-traces.ts";
import { namespacePath, removeNetwork } from "./network/lab-network.ts";
import { exists } from "./programs/cache-entry.ts";
import { waitUntil } from "./wait-until.ts";

/**
 * Removes everything of a lab. It looks instead of remembering: processes by
 * the lab's cgroups, mounts and loop devices by the lab's directory, the
 * namespace by its name. So it works after `lab up` was killed at any point,
 * and again after it was killed itself. LAB_NOT_FOUND when there is nothing,
 * or when what runs under this name is recorded in another state directory.
 */
export async function takeDownLab(paths: LabPaths, lab: string): Promise<void> {
  assertLabName(lab);
  const directory = labDirectory(paths, lab);
  const leftBefore = await leftoversOf(paths, lab);
  if (leftBefore.length === 0)
    throw new RecoveryError("LAB_NOT_FOUND", { subject: `lab ${lab}`, detail: `nothing of a lab ${lab} is on this machine` });
  const cgroups = await cgroupsOf(paths, lab);
  const elsewhere = otherLabDirectory(processesIn(cgroups).map(commandOf), directory);
  if (elsewhere !== undefined && existsSync(elsewhere) && !isSamePlace(elsewhere, directory)) throw otherStateDirectory(lab, elsewhere);
  await killProcesses(cgroups);
  await unmountBelow(directory);
  await removeNetwork(lab);
  await removeCgroups(cgroups);
  for (const machine of namesIn(join(directory, "machines"), true)) await removeBootLocks(machinePaths(directory, machine));
  await removeNamedTraces(lab);
  await rm(directory, { recursive: true, force: true });
  await freeLabIndex(paths, lab);
}

/** Everything of a lab that is still on this machine, in words; empty when nothing is. */
export async function leftoversOf(paths: LabPaths, lab: string): Promise<readonly string[]> {
  const directory = labDirectory(paths, lab);
  const cgroups = (await cgroupsOf(paths, lab)).filter((path) => namesIn(path).length > 0);
  const left = [
    ...processesIn(cgroups).map((pid) => `process ${String(pid)}`),
    ...(await mountPointsBelow(directory)).map((path) => `mount ${path}`),
    ...(await loopDevicesBelow(directory)).map((path) => `loop device ${path}`),
    ...cgroups.map((path) => `cgroup ${path}`),
  ];
  if (await exists(namespacePath(lab))) left.push(`network namespace ${namespacePath(lab)}`);
  if (await exists(directory)) left.push(`directory ${directory}`);
  return left;
}

/** The recorded groups, and those of this name wherever a caller in another group may have made them. */
async function cgroupsOf(paths: LabPaths, lab: string): Promise<readonly string[]> {
  const found = new Set<string>(readHierarchies().map((hierarchy) => join(hierarchy.ownDirectory, labCgroupName(lab))));
  const state = await readLabState(paths, lab).catch(() => undefined); // absent or damaged: looking has to do
  // Everything in these groups is killed: a record that names another group is not believed.
  for (const directory of state?.cgroups ?? []) if (basename(directory) === labCgroupName(lab)) found.add(directory);
  for (const mountPoint of cgroupMountPoints())
    for (const path of groupsNamed(mountPoint, labCgroupName(lab), searchDepthMax)) found.add(path);
  return [...found];
}

/** Groups of services and scopes lie at most six levels deep below a systemd slice of a user session. */
const searchDepthMax = 6;

function groupsNamed(directory: string, name: string, depth: number): readonly string[] {
  if (depth === 0) return [];
  return namesIn(directory, true).flatMap((child) => {
    const path = join(directory, child);
    return child === name ? [path] : child.startsWith("requorum-lab-") ? [] : groupsNamed(path, name, depth - 1);
  });
}

function cgroupMountPoints(): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4] ?? "/");
}

function namesIn(directory: string, directoriesOnly = false): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !directoriesOnly || entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return []; // it does not exist, so nothing is in it
  }
}

/** The command line's words, NUL between them; "" when the process is gone. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Where the machines among these processes are recorded, when it is not `directory`: nspawn is told its root on its command line. */
export function otherLabDirectory(commands: readonly string[], directory: string): string | undefined {
  return commands
    .flatMap((command) => /\0--directory\0([^\0]+)\/machines\/[^/\0]+\/root(?:\0|$)/.exec(command)?.[1] ?? [])
    .find((found) => found !== directory);
}

/** Through a link a directory has several names. */
function isSamePlace(one: string, other: string): boolean {
  return existsSync(other) && realpathSync(one) === realpathSync(other);
}

function otherStateDirectory(lab: string, directory: string): RecoveryError {
  return new RecoveryError("LAB_NOT_FOUND", {
    subject: `lab ${lab}`,
    detail: `machines of a lab ${lab} run on this machine, but it is recorded in ${directory}, that is with another XDG_STATE_HOME; nothing was touched`,
  });
}

/** Kills again until none is left: a process may fork while it is being killed. */
async function killProcesses(cgroups: readonly string[]): Promise<void> {
  await waitUntil({ what: "the lab's processes are gone", timeoutMs: 30_000, intervalMs: 100 }, () => {
    const pids = processesIn(cgroups);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    return Promise.resolve(pids.length === 0);
  });
}
