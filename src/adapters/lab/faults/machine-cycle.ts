import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { planAddresses } from "../address-plan.ts";
import type { LabState, MachineState } from "../lab-state.ts";
import { bootMachine } from "../machine/make-machine.ts";
import { processesIn } from "../machine/machine-cgroups.ts";
import { powerOffMachine } from "../machine/machine-power.ts";
import type { AddressPlan } from "../address-plan.ts";
import type { FaultContext } from "./fault.ts";

/** Replaces one machine's record. */
export function withMachine(state: LabState, name: string, machine: MachineState): LabState {
  return { ...state, machines: state.machines.map((old) => (old.name === name ? machine : old)) };
}

export async function powerOff(context: FaultContext): Promise<void> {
  await powerOffMachine(context.machine.supervisor);
}

/**
 * Boots the machine again from the disk that it has and records its new
 * process. LAB_FAILED when it runs: two machines on one disk would destroy it.
 * The groups are asked, not the record: a program that was killed while it
 * booted the machine has not recorded it.
 */
export async function powerOn(context: FaultContext): Promise<void> {
  const { name, address, role } = context.machine;
  const running = processesIn(context.state.cgroups.map((directory) => join(directory, name)));
  if (running.length > 0) {
    throw new RecoveryError("LAB_FAILED", {
      subject: `machine ${name}`,
      detail: `${name} is on: ${String(running.length)} processes of it run (the first is ${String(running[0])}); nothing was done`,
    });
  }
  const machine = await bootMachine(context.state, context.labDir, { name, address, role });
  await context.saveState((state) => withMachine(state, name, machine));
}

/** The addresses in use now: as planned, but for machines that came back under another name or address. */
export function currentPlan(state: LabState): AddressPlan {
  return {
    ...planAddresses(state.index, state.shape),
    machines: state.machines.map(({ name, address, role }) => ({ name, address, role })),
  };
}
