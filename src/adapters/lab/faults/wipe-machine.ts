import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { freeReplacementAddress, isMachineAddress, machineAddress, machineOctets } from "../address-plan.ts";
import { bootMachine, makeMachine } from "../machine/make-machine.ts";
import { waitForDetachedDisks } from "../machine/machine-disk.ts";
import { removeBootLocks } from "../machine/nspawn-traces.ts";
import { renderRequorumConfig } from "../render-requorum-config.ts";
import { registerHostKey, writeSshConfig } from "../ssh-access.ts";
import { currentPlan, powerOff, withMachine } from "./machine-cycle.ts";
import type { Fault, FaultContext } from "./fault.ts";

/** The disk is gone; a fresh, provisioned machine boots in its place. */
export const wipeMachineFault: Fault = {
  kind: "wipe-machine",
  summary: "a fresh operating system in place of the machine, everything on its disk is lost",
  settings: {
    name: "another name for the new machine (default: the same)",
    address: "another address, or `new` for a free one (default: the same)",
    knownHosts: "`keep`: the new machine's SSH host key is not announced",
    boot: "`no`: the new machine stays off",
  },
  noWayBack: "the disk's content is gone for good; recovering the machine is the point",
  async inject(context) {
    const { machine, state, labDir, settings } = context;
    const renewed = { ...machine, name: settings["name"] ?? machine.name, address: newAddress(context) };
    delete (renewed as { supervisor?: unknown }).supervisor;
    const taken = state.machines.some(
      (other) => other.name !== machine.name && (other.name === renewed.name || other.address === renewed.address),
    );
    if (!isMachineAddress(state.index, renewed.address))
      throw new RecoveryError("USAGE", {
        subject: `address ${renewed.address}`,
        detail: `it is not one for machines of this lab: ${machineAddress(state.index, machineOctets.first)} to ${machineAddress(state.index, machineOctets.last)}`,
      });
    if (taken)
      throw new RecoveryError("USAGE", {
        subject: `machine ${renewed.name}`,
        detail: `${renewed.name} or ${renewed.address} is another machine of the lab`,
      });
    if (!/^[a-z][a-z0-9-]{0,15}$/.test(renewed.name))
      throw new RecoveryError("USAGE", {
        subject: `machine ${renewed.name}`,
        detail: "a machine's name is small letters, digits and dashes",
      });
    await powerOff(context);
    await waitForDetachedDisks(context.paths.dir);
    await removeBootLocks(context.paths);
    await rm(context.paths.dir, { recursive: true, force: true });
    const next = withMachine(state, machine.name, renewed);
    const plan = currentPlan(next);
    const hostKey = await makeMachine({ state, directory: labDir, plan, machine: renewed });
    if (settings["knownHosts"] !== "keep") await registerHostKey(labDir, renewed, hostKey);
    // Faults of the old disk went with it; a cut in the network is not on the disk.
    await context.saveState((current) => ({
      ...withMachine(current, machine.name, renewed),
      faults: current.faults.filter(
        (fault) => fault.machine !== machine.name || (fault.kind === "partition" && renewed.name === machine.name),
      ),
    }));
    await writeSshConfig(labDir, state.name, plan.machines, state.sources.baseImage);
    if (renewed.name !== machine.name || renewed.address !== machine.address)
      await announce(context, { name: renewed.name, address: renewed.address });
    if (settings["boot"] !== "no") {
      const booted = await bootMachine(next, labDir, renewed);
      await context.saveState((current) => withMachine(current, renewed.name, booted));
    }
    return { formerName: machine.name, formerAddress: machine.address, address: renewed.address };
  },
};

function newAddress(context: FaultContext): string {
  const wanted = context.settings["address"];
  if (wanted === undefined) return context.machine.address;
  if (wanted !== "new") return wanted;
  const free = freeReplacementAddress(
    context.state.index,
    context.state.machines.map(({ address }) => address),
  );
  if (free === undefined) throw new RecoveryError("LAB_FAILED", { subject: `lab ${context.state.name}`, detail: "no address is free" });
  return free;
}

/** requorum.yaml keeps the lost machine, as the operator's own would, and gains the new one as a spare. */
async function announce(context: FaultContext, renewed: { readonly name: string; readonly address: string }): Promise<void> {
  const { state, labDir, machine } = context;
  const others = state.machines.filter(({ name }) => name !== machine.name);
  const lost = machine.name === renewed.name ? [] : [{ name: machine.name, address: machine.address, role: machine.role }];
  const spare = { ...renewed, role: machine.name === renewed.name ? machine.role : ("spare" as const) };
  await writeFile(join(labDir, "requorum.yaml"), renderRequorumConfig({ ...state, machines: [...others, ...lost, spare] }, labDir));
}
