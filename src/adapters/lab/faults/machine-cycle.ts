import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { planAddresses } from "../address-plan.ts";
import type { LabState, MachineState } from "../lab-state.ts";
import { bootMachine } from "../machine/make-machine.ts";
import { processesIn } from "../machine/machine-cgroups.ts";
import { powerOffMachine } from "../machine/machine-power.ts";
import { sleepMs } from "../wait-until.ts";
import type { AddressPlan } from "../address-plan.ts";
import type { FaultContext } from "./fault.ts";

/** The kernel takes a moment to forget the processes of a machine that was just switched off. */
const offMsMax = 1_000;

/** LAB_FAILED, with the way on. */
export function machineIsOff(state: LabState, { name }: MachineState, reason: string): RecoveryError {
  return new RecoveryError("LAB_FAILED", {
    subject: `machine ${name}`,
    detail: `${name} is off (${reason}); nothing was done`,
    remedies: [{ why: `switch ${name} on`, command: `requorum lab break power-on ${name} --name ${state.name}` }],
  });
}

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
  const groups = context.state.cgroups.map((directory) => join(directory, name));
  const start = performance.now();
  while (processesIn(groups).length > 0) {
    if (performance.now() - start > offMsMax) {
      const detail = `${name} is on (process ${String(processesIn(groups)[0] ?? "")} is one of it); nothing was done`;
      throw new RecoveryError("LAB_FAILED", { subject: `machine ${name}`, detail });
    }
    await sleepMs(50);
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
