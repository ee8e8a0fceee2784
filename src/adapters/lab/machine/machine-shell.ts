import { RecoveryError } from "../../../model/recovery-error.ts";
import type { ProcessIdentity } from "../process-identity.ts";
import { readMachineInit } from "./machine-init.ts";
import { runProgram, type ProgramResult } from "../run-program.ts";

export interface MachineCommand {
  readonly reason: string;
  /** POSIX sh script, given over stdin; never on a command line. */
  readonly script: string;
  readonly timeoutMs: number;
  readonly acceptsFailure?: boolean;
  readonly onLine?: (line: string) => void;
}

/** What the shell needs of a machine. */
export interface RunningMachine {
  readonly name: string;
  readonly supervisor?: ProcessIdentity;
}

/**
 * The console of a machine: runs scripts inside its namespaces, whatever its
 * network or sshd are like. LAB_FAILED when the machine is off or the script
 * fails.
 */
export async function runInMachine(machine: RunningMachine, command: MachineCommand): Promise<ProgramResult> {
  const init = readMachineInit(machine.supervisor);
  if (init === undefined)
    throw new RecoveryError("LAB_FAILED", {
      subject: `machine ${machine.name}`,
      detail: `${machine.name} is powered off (${command.reason})`,
    });
  return runProgram({
    reason: `${command.reason} (machine ${machine.name})`,
    program: "nsenter",
    args: [`--target=${String(init.pid)}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "/bin/sh", "-eu"],
    environment: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LANG: "C.UTF-8" },
    stdin: command.script,
    timeoutMs: command.timeoutMs,
    ...(command.acceptsFailure === undefined ? {} : { acceptsFailure: command.acceptsFailure }),
    ...(command.onLine === undefined ? {} : { onLine: command.onLine }),
  });
}
