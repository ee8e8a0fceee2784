import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { ActiveFault, LabState } from "../lab-state.ts";
import { processesIn } from "../machine/machine-cgroups.ts";
import { readMachineInit } from "../machine/machine-init.ts";
import { readProcessState, type ProcessIdentity } from "../process-identity.ts";

/** What the host sees of a machine, without running anything on it. */
export interface MachineLook {
  readonly isOn: boolean;
  /** true: it was switched off, or booted again, since the fault was injected. false also for records that do not say at which boot that was. */
  readonly hasLostPower: boolean;
  /** Last part of argv[0] of every process that is stopped (SIGSTOP). */
  readonly stoppedPrograms: readonly string[];
}

export function lookAtMachine(state: LabState, fault: Pick<ActiveFault, "machine" | "boot">): MachineLook {
  const init = readMachineInit(state.machines.find(({ name }) => name === fault.machine)?.supervisor);
  const groups = state.cgroups.map((directory) => join(directory, fault.machine));
  return {
    isOn: init !== undefined,
    hasLostPower: fault.boot !== undefined && !isSameProcess(init, fault.boot),
    stoppedPrograms: processesIn(groups)
      .filter((pid) => readProcessState(pid) === "T")
      .map(programOf),
  };
}

function isSameProcess(one: ProcessIdentity | undefined, other: ProcessIdentity): boolean {
  return one !== undefined && one.pid === other.pid && one.startTicks === other.startTicks;
}

/** "" when the process is gone. sshd writes a sentence over its argv[0] ("sshd: /usr/sbin/sshd -D [listener] …"): its first word counts. */
export function programOf(pid: number): string {
  try {
    const [first = ""] = readFileSync(`/proc/${String(pid)}/cmdline`, "utf8").split("\0");
    return programIn(first);
  } catch {
    return "";
  }
}

/** The program's name in an argv[0]: "/usr/local/bin/etcd" is etcd, "sshd: root@pts/0" is sshd. */
export function programIn(argument: string): string {
  return /^(\S+):(?:\s|$)/.exec(argument)?.[1] ?? basename(argument);
}
