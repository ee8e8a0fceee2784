import type { ReportProgress } from "../model/progress-event.ts";

/**
 * Practice machines and a real cluster on them, to be broken and recovered.
 * Everything that breaks or destroys refuses what does not carry the lab's
 * mark (LAB_MARK_MISSING).
 */
export interface Lab {
  /** Programs, images and packages that a lab needs; made or fetched when missing. LAB_UNSUPPORTED names what cannot be. */
  prepare(versions: LabVersions, options: LabCallOptions): Promise<void>;
  /** Returns when every node is Ready and the load is there. LAB_EXISTS when there is one of this name. */
  up(request: LabUpRequest, options: LabCallOptions): Promise<LabUpResult>;
  list(): Promise<readonly string[]>;
  /** LAB_NOT_FOUND. */
  status(name: string): Promise<LabStatus>;
  inject(name: string, fault: FaultRequest, options: LabCallOptions): Promise<void>;
  /** Takes back the active faults that match. USAGE when the named fault has no way back. */
  heal(name: string, match: { readonly fault?: string; readonly machine?: string }, options: LabCallOptions): Promise<HealResult>;
  /** Runs a sh script on a machine's console: works without its network and sshd. LAB_FAILED when it is off or the script fails. */
  runOnConsole(
    name: string,
    machine: string,
    request: { readonly reason: string; readonly script: string; readonly timeoutMs: number },
  ): Promise<string>;
  /** Leaves nothing, also after a crash of `up`. LAB_NOT_FOUND when there is nothing of that name. */
  down(name: string, options: LabCallOptions): Promise<void>;
}

export interface LabCallOptions {
  readonly report: ReportProgress;
}

export interface LabVersions {
  /** "1.34" or "1.34.4". */
  readonly kubernetes: string;
  /** "3.6" or "3.6.16". */
  readonly etcd: string;
}

export interface LabUpRequest {
  readonly name: string;
  readonly controlPlanes: 1 | 3 | 5;
  readonly workers: number;
  /** 0: etcd runs on the control-plane machines. */
  readonly etcdMachines: 0 | 1 | 3 | 5;
  readonly spares: number;
  readonly versions: LabVersions;
  /** The load; absent: none. The same seed makes the same objects. */
  readonly load?: { readonly seed: number; readonly objects: number };
}

export interface LabUpResult {
  readonly status: LabStatus;
  readonly phases: readonly { readonly name: string; readonly durationMs: number }[];
}

export interface LabStatus {
  readonly name: string;
  /** "making": its `up` runs still, or never ended. */
  readonly phase: "making" | "up";
  /** The process, another one, that is changing it now. */
  readonly workedOnBy?: number;
  readonly versions: LabVersions;
  /** requorum.yaml of this lab. */
  readonly configFile: string;
  readonly sshConfigFile: string;
  readonly controlPlaneEndpoint: string;
  readonly machines: readonly LabMachineStatus[];
  /** Those that hold, as far as can be seen. */
  readonly faults: readonly ActiveFaultStatus[];
}

export interface LabMachineStatus {
  readonly name: string;
  readonly address: string;
  readonly role: "control-plane" | "worker" | "etcd" | "spare";
  readonly isPoweredOn: boolean;
  /**
   * Is what joining the cluster leaves on a machine (the kubelet's credentials)
   * on its disk? false after a wipe until it is joined again. Absent for
   * machines that never run a kubelet of the cluster.
   */
  readonly isJoined?: boolean;
}

export interface FaultRequest {
  readonly kind: string;
  /** Not needed by faults of the whole cluster. */
  readonly machine?: string;
  /** Details of the fault, by the names that its description lists. */
  readonly settings?: { readonly [name: string]: string };
}

export interface HealResult {
  readonly healed: readonly ActiveFaultStatus[];
  /** Had ended before they could be healed (a machine that was switched off has nothing frozen); no longer listed. */
  readonly ended: readonly (ActiveFaultStatus & { readonly because: string })[];
}

export interface ActiveFaultStatus {
  readonly kind: string;
  readonly machine: string;
  readonly since: string;
}
