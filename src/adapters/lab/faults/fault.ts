import type { ReportProgress } from "../../../model/progress-event.ts";
import type { LabState, MachineState } from "../lab-state.ts";
import type { MachineCommand } from "../machine/machine-shell.ts";
import type { MachinePaths } from "../lab-paths.ts";
import type { ProgramResult } from "../run-program.ts";

/** What a fault may touch: one marked machine of one lab. */
export interface FaultContext {
  readonly state: LabState;
  readonly labDir: string;
  readonly machine: MachineState;
  readonly paths: MachinePaths;
  /** As given with `--set`; names were checked against the fault's own list. */
  readonly settings: { readonly [name: string]: string };
  readonly report: ReportProgress;
  /** The machine's console. */
  shell(command: MachineCommand): Promise<ProgramResult>;
  /** Records what changed about the lab before the fault's `inject` ends (a new process, a new name). */
  saveState(change: (state: LabState) => LabState): Promise<void>;
}

export type FaultDetails = { readonly [key: string]: string };

/** One way to break a machine. One file each; `faults.ts` lists them. */
export interface Fault {
  readonly kind: string;
  readonly summary: string;
  /** Settings that it understands, with what they mean and default to. */
  readonly settings: { readonly [name: string]: string };
  /** Breaks it for real. What it returns is kept for `heal`. */
  inject(context: FaultContext): Promise<FaultDetails>;
  /** The way back; absent where there is none, or where recovering is the point. */
  heal?(context: FaultContext, details: FaultDetails): Promise<void>;
}

/** Console commands of faults: systemctl, kill, openssl on a busy machine. A service's stop may take its 90 s. */
export const faultTimeoutMs = 120_000;
