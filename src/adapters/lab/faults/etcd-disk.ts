import { basename } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { loopDevicesBelow, waitForDetachedDisks } from "../machine/machine-disk.ts";
import { readMachineInit } from "../machine/machine-init.ts";
import { runProgram } from "../run-program.ts";
import { faultTimeoutMs, type FaultContext } from "./fault.ts";
import { machineIsOff, powerOff, powerOn } from "./machine-cycle.ts";

/** The block device under a machine's etcd data directory ("loop3"). */
export async function etcdBlockDevice(context: FaultContext): Promise<string> {
  const device = (await loopDevicesBelow(context.paths.dir))[0];
  if (device === undefined)
    throw new RecoveryError("LAB_FAILED", {
      subject: `machine ${context.machine.name}`,
      detail: `${context.machine.name} has no file system of its own for etcd`,
    });
  return basename(device);
}

/** The machine's etcd data directory as seen from the host, while the machine runs. */
export function etcdDirectory(context: FaultContext): string {
  const init = readMachineInit(context.machine.supervisor);
  if (init === undefined) throw machineIsOff(context.state, context.machine, "etcd's disk is reached through it");
  return `/proc/${String(init.pid)}/root/var/lib/etcd`;
}

/** A file system that has given up is repaired as on a real machine: off, fsck, on again. */
export async function repairEtcdDisk(context: FaultContext): Promise<void> {
  await powerOff(context);
  await waitForDetachedDisks(context.paths.dir);
  // Exit codes 1 and 2 mean "errors corrected" (e2fsck(8)).
  const result = await runProgram({
    reason: "fsck of the etcd disk",
    program: "e2fsck",
    args: ["-f", "-y", context.paths.etcdImage],
    timeoutMs: faultTimeoutMs,
    acceptsFailure: true,
  });
  if (result.exitCode > 2)
    throw new RecoveryError("LAB_FAILED", {
      subject: `machine ${context.machine.name}`,
      detail: `e2fsck ended with code ${String(result.exitCode)}; the machine is off`,
    });
  await powerOn(context);
}
