import type { AddressPlan, LabRole, MachinePlan } from "../address-plan.ts";
import { machinePaths } from "../lab-paths.ts";
import type { LabState, MachineState } from "../lab-state.ts";
import { provisionSsh } from "../ssh-access.ts";
import { makeMachineDisk } from "./machine-disk.ts";
import { startMachine, waitForSsh } from "./machine-power.ts";
import { renderMachineFiles } from "./render-machine-files.ts";

/** Roles whose machines hold, or may come to hold, an etcd member. */
export function hasEtcdDisk(role: LabRole): boolean {
  return role !== "worker";
}

export interface MakeMachineInput {
  readonly state: Pick<LabState, "name" | "sources">;
  readonly directory: string;
  readonly plan: AddressPlan;
  readonly machine: MachinePlan;
}

/**
 * A freshly provisioned machine's disk; it is not booted. Returns its public
 * SSH host key, which the caller registers, one machine after the other.
 */
export async function makeMachine(input: MakeMachineInput): Promise<string> {
  const { state, directory, plan, machine } = input;
  const paths = machinePaths(directory, machine.name);
  await makeMachineDisk({
    paths,
    baseImage: state.sources.baseImage,
    containerStore: machine.role === "etcd" ? undefined : state.sources.containerStore,
    files: renderMachineFiles({ lab: state.name, machine, plan }),
    hasEtcdDisk: hasEtcdDisk(machine.role),
  });
  return provisionSsh(directory, paths);
}

/** Powers on and waits for sshd. */
export async function bootMachine(state: LabState, directory: string, machine: MachinePlan): Promise<MachineState> {
  const paths = machinePaths(directory, machine.name);
  const supervisor = await startMachine({
    lab: state.name,
    machine: machine.name,
    address: machine.address,
    paths,
    labCgroups: state.cgroups,
    programs: state.sources.programs,
    baseImage: state.sources.baseImage,
    hasEtcdDisk: hasEtcdDisk(machine.role),
  });
  await waitForSsh({ lab: state.name, machine: machine.name, address: machine.address, baseImage: state.sources.baseImage });
  return { name: machine.name, address: machine.address, role: machine.role, supervisor };
}
