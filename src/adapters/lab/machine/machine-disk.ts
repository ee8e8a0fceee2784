import { chmod, mkdir, open, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copyContainerStore } from "../image/container-store.ts";
import type { MachinePaths } from "../lab-paths.ts";
import { runProgram } from "../run-program.ts";
import { waitUntil } from "../wait-until.ts";
import { enabledUnits, maskedUnits, type MachineFile } from "./render-machine-files.ts";

/** Sparse: costs what etcd writes. Large enough for etcd's default quota of 2 GiB twice over (defragmentation needs the second). */
const etcdDiskBytes = 5 * 1024 ** 3;
/** mount, losetup and mkfs of a sparse file: some 100 ms each. */
const timeoutMs = 60_000;

export interface MachineDiskInput {
  readonly paths: MachinePaths;
  readonly baseImage: string;
  readonly containerStore: string | undefined;
  readonly files: readonly MachineFile[];
  readonly hasEtcdDisk: boolean;
}

/** Makes a fresh machine's disk below `paths.dir`: what a provisioned machine looks like before its first boot. */
export async function makeMachineDisk(input: MachineDiskInput): Promise<void> {
  const { paths } = input;
  for (const directory of [paths.root, paths.upper, paths.work, paths.kubelet, paths.logs, paths.etcdMount])
    await mkdir(directory, { recursive: true });
  for (const file of input.files) {
    const target = join(paths.upper, file.path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file.content);
    await chmod(target, file.mode ?? 0o644);
  }
  const systemDirectory = join(paths.upper, "etc/systemd/system");
  for (const unit of maskedUnits) await link("/dev/null", join(systemDirectory, unit));
  await link("/dev/null", join(paths.upper, "etc/systemd/network/80-container-host0.network"));
  for (const { unit, target, source } of enabledUnits) await link(source, join(systemDirectory, `${target}.wants`, unit));
  if (input.containerStore === undefined) await mkdir(paths.containerd, { recursive: true });
  else await copyContainerStore(input.containerStore, paths.containerd);
  if (input.hasEtcdDisk) await makeEtcdDisk(paths);
}

/** An empty ext4 in a sparse file; damage stops it from being written, as on most machines' data disks. */
export async function makeEtcdDisk(paths: MachinePaths): Promise<void> {
  const file = await open(paths.etcdImage, "w", 0o600);
  await file.truncate(etcdDiskBytes);
  await file.close();
  await run("mkfs.ext4", ["-q", "-F", "-m", "0", "-e", "remount-ro", "-E", "nodiscard,root_owner=0:0", paths.etcdImage]);
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(target, path);
}

/** Waits until no machine uses the loop devices below `directory` any more: the kernel takes a moment after its last process. */
export async function waitForDetachedDisks(directory: string): Promise<void> {
  await waitUntil(
    { what: `the disks below ${directory} are detached`, timeoutMs: 30_000, intervalMs: 50 },
    async () => (await loopDevicesBelow(directory)).length === 0,
  );
}

/**
 * Unmounts everything below `directory`, deepest first, and detaches loop
 * devices. Machines' own mounts go with their processes; this is for what a
 * person or a killed program left in the host's namespace.
 */
export async function unmountBelow(directory: string): Promise<void> {
  for (const mountPoint of (await mountPointsBelow(directory)).toReversed()) {
    const result = await runProgram({
      reason: `unmounting ${mountPoint}`,
      program: "umount",
      args: ["-d", mountPoint],
      timeoutMs,
      acceptsFailure: true,
    });
    if (result.exitCode !== 0) await run("umount", ["-d", "-l", mountPoint]);
  }
  await detachLoopDevices(directory);
}

/** Mount points at or below `directory`, in the order they were mounted (proc(5), mountinfo). */
export async function mountPointsBelow(directory: string): Promise<readonly string[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  return lines
    .map((line) => (line.split(" ")[4] ?? "").replaceAll("\\040", " "))
    .filter((path) => path === directory || path.startsWith(`${directory}/`));
}

/** Loop devices whose file lies below `directory`; detached ones are skipped. */
export async function loopDevicesBelow(directory: string): Promise<readonly string[]> {
  const listed = await runProgram({
    reason: "listing loop devices",
    program: "losetup",
    args: ["--json", "--list", "--output", "NAME,BACK-FILE"],
    timeoutMs,
  });
  if (listed.stdout.trim() === "") return [];
  const { loopdevices } = JSON.parse(listed.stdout) as {
    readonly loopdevices: readonly { readonly name: string; readonly "back-file": string | null }[];
  };
  return loopdevices.filter((device) => (device["back-file"] ?? "").startsWith(`${directory}/`)).map((device) => device.name);
}

async function detachLoopDevices(directory: string): Promise<void> {
  for (const device of await loopDevicesBelow(directory)) await run("losetup", ["-d", device]);
}

async function run(program: string, args: readonly string[]): Promise<void> {
  await runProgram({ reason: `${program} ${args.at(-1) ?? ""}`, program, args, timeoutMs });
}
