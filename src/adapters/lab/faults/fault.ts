import type { ReportProgress } from "../../../model/progress-event.ts";
import type { LabState, MachineState } from "../lab-state.ts";
import type { MachineCommand } from "../machine/machine-shell.ts";
import type { MachinePaths } from "../lab-paths.ts";
import type { ProgramResult } from "../run-program.ts";
import type { MachineLook } from "./machine-look.ts";

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
  /** The way back; absent where there is none. */
  heal?(context: FaultContext, details: FaultDetails): Promise<void>;
  /** true: once more with other settings leaves what it did before (a second frozen process); else it takes its place. */
  readonly addsUp?: boolean;
  /** Why there is no way back, in words; absent where there is one. */
  readonly noWayBack?: string;
  /**
   * Why the fault holds no longer although nobody healed it, in words;
   * undefined: as far as can be seen it holds. Absent: nothing but `heal` ends it.
   */
  endedBecause?(look: MachineLook, details: FaultDetails): string | undefined;
}

/** What a running machine loses with its power, its next boot makes anew. */
export const lostPower = "the machine was switched off or booted since";

/** Console commands of faults: systemctl, kill, openssl on a busy machine. A service's stop may take its 90 s. */
export const faultTimeoutMs = 120_000;
