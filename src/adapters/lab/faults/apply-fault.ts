import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import type { ReportProgress } from "../../../model/progress-event.ts";
import type { ActiveFaultStatus, FaultRequest, HealResult } from "../../../ports/lab.ts";
import { machinePaths, type LabPaths } from "../lab-paths.ts";
import { labDirectory, readLabState, writeLabState, type ActiveFault, type LabState, type MachineState } from "../lab-state.ts";
import { readMachineInit } from "../machine/machine-init.ts";
import { runInMachine } from "../machine/machine-shell.ts";
import { markPath } from "../machine/render-machine-files.ts";
import { exists } from "../programs/cache-entry.ts";
import type { Fault, FaultContext } from "./fault.ts";
import { faults } from "./faults.ts";
import { machineIsOff } from "./machine-cycle.ts";
import { lookAtMachine } from "./machine-look.ts";

export interface FaultEnvironment {
  readonly paths: LabPaths;
  readonly report: ReportProgress;
}

/** Breaks a machine and records it. USAGE for an unknown fault, machine or setting; LAB_MARK_MISSING before anything is touched. */
export async function applyFault(lab: string, request: FaultRequest, environment: FaultEnvironment): Promise<void> {
  const fault = findFault(request.kind);
  const unknown = Object.keys(request.settings ?? {}).filter((name) => !(name in fault.settings));
  if (unknown.length > 0) {
    const known = Object.entries(fault.settings)
      .map(([name, meaning]) => `${name}: ${meaning}`)
      .join("; ");
    throw new RecoveryError("USAGE", {
      subject: `fault ${fault.kind}`,
      detail: `it has no setting ${unknown.join(", ")}. ${known === "" ? "It has none" : known}`,
    });
  }
  const state = await readLabState(environment.paths, lab);
  const machine = findMachine(state, request.machine);
  const context = await makeContext(state, machine, request.settings ?? {}, environment);
  environment.report({ kind: "phase", text: `${fault.kind} on ${machine.name}: ${fault.summary}` });
  const details = await fault.inject(context);
  if (fault.heal === undefined) return;
  const boot = readMachineInit(machine.supervisor);
  const since = new Date().toISOString();
  const active: ActiveFault = { kind: fault.kind, machine: machine.name, since, details, ...(boot === undefined ? {} : { boot }) };
  await context.saveState((current) => ({ ...current, faults: withFault(current.faults, active) }));
}

/** Heals the active faults that match, newest first. USAGE for one that has no way back. */
export async function healFaults(
  lab: string,
  match: { readonly fault?: string; readonly machine?: string },
  environment: FaultEnvironment,
): Promise<HealResult> {
  const state = await readLabState(environment.paths, lab);
  if (match.fault !== undefined) assertWayBack(findFault(match.fault), join(labDirectory(environment.paths, lab), "requorum.yaml"));
  if (match.machine !== undefined) findMachine(state, match.machine);
  const wanted = state.faults
    .filter(
      (active) =>
        (match.fault === undefined || active.kind === match.fault) && (match.machine === undefined || active.machine === match.machine),
    )
    .toReversed()
    // A machine that is off cannot be healed of anything else.
    .toSorted((one, other) => Number(other.kind === "power-off") - Number(one.kind === "power-off"));
  const healed: ActiveFaultStatus[] = [];
  const ended: (ActiveFaultStatus & { readonly because: string })[] = [];
  for (const active of wanted) {
    const { kind, machine, since } = active;
    const now = await readLabState(environment.paths, lab);
    const context = await makeContext(now, findMachine(now, machine), {}, environment);
    const because = endedBecause(now, active);
    if (because === undefined) {
      environment.report({ kind: "phase", text: `healing ${kind} on ${machine}` });
      await findFault(kind).heal?.(context, active.details);
      healed.push({ kind, machine, since });
    } else ended.push({ kind, machine, since, because });
    await context.saveState((current) => without(current, active));
  }
  return { healed, ended };
}

/** Why an active fault holds no longer although nobody healed it; undefined: it holds, as far as can be seen. */
export function endedBecause(state: LabState, active: ActiveFault): string | undefined {
  // A record of another version may name a fault that this one does not know: it is listed, too.
  const fault = faults.find(({ kind }) => kind === active.kind);
  return fault?.endedBecause?.(lookAtMachine(state, active), active.details);
}

/** The record after one more fault: two of one kind on a machine stay two where the first one holds on. */
export function withFault(before: readonly ActiveFault[], added: ActiveFault): readonly ActiveFault[] {
  const { addsUp } = findFault(added.kind);
  const isReplaced = (other: ActiveFault): boolean =>
    other.kind === added.kind &&
    other.machine === added.machine &&
    (addsUp !== true || JSON.stringify(other.details) === JSON.stringify(added.details));
  return [...before.filter((other) => !isReplaced(other)), added];
}

function without(state: LabState, fault: ActiveFault): LabState {
  const isIt = (other: ActiveFault): boolean => other.kind === fault.kind && other.machine === fault.machine && other.since === fault.since;
  return { ...state, faults: state.faults.filter((other) => !isIt(other)) };
}

function assertWayBack(fault: Fault, configFile: string): void {
  if (fault.noWayBack === undefined) return;
  throw new RecoveryError("USAGE", {
    subject: `fault ${fault.kind}`,
    detail: `lab heal cannot take back ${fault.kind}: ${fault.noWayBack}`,
    remedies: [{ why: "see what the cluster needs now", command: `requorum plan --config ${configFile}` }],
  });
}

function findFault(kind: string): Fault {
  const fault = faults.find((candidate) => candidate.kind === kind);
  if (fault === undefined)
    throw new RecoveryError("USAGE", { subject: `fault ${kind}`, detail: `the lab knows ${faults.map((known) => known.kind).join(", ")}` });
  return fault;
}

function findMachine(state: LabState, name: string | undefined): MachineState {
  const machine = state.machines.find((candidate) => candidate.name === name);
  if (machine === undefined)
    throw new RecoveryError("USAGE", {
      subject: `machine ${name ?? "(none given)"}`,
      detail: `lab ${state.name} has ${state.machines.map((known) => known.name).join(", ")}`,
      remedies: [{ why: "see its machines", command: `requorum lab status --name ${state.name}` }],
    });
  return machine;
}

async function makeContext(
  state: LabState,
  machine: MachineState,
  settings: { readonly [name: string]: string },
  environment: FaultEnvironment,
): Promise<FaultContext> {
  const labDir = labDirectory(environment.paths, state.name);
  await assertLabMark(labDir, state.name, machine.name);
  return {
    state,
    labDir,
    machine,
    settings,
    paths: machinePaths(labDir, machine.name),
    report: environment.report,
    shell: async (command) => {
      if (readMachineInit(machine.supervisor) === undefined) throw machineIsOff(state, machine, command.reason);
      return runInMachine(machine, command);
    },
    saveState: async (change) => {
      await writeLabState(environment.paths, change(await readLabState(environment.paths, state.name)));
    },
  };
}

/**
 * LAB_MARK_MISSING unless the machine's disk lies in the lab's own directory
 * and carries this lab's mark.
 */
export async function assertLabMark(labDir: string, lab: string, machine: string): Promise<void> {
  const { upper } = machinePaths(labDir, machine);
  const file = join(upper, markPath);
  const content = (await exists(file)) ? await readFile(file, "utf8") : "";
  if (!content.split("\n").includes(`lab=${lab}`)) {
    throw new RecoveryError("LAB_MARK_MISSING", {
      subject: `machine ${machine}`,
      detail: `${file} does not say lab=${lab}; nothing was touched`,
    });
  }
}
