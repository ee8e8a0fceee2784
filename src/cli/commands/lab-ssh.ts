import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname } from "node:path";
import { quoteShellWord } from "../../adapters/ssh/quote-shell-word.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { LabStatus } from "../../ports/lab.ts";
import type { ProgramExit } from "../command-spec.ts";

/** A login takes 0.2 s, on two busy cores a second or two. ssh counts the other side's banner in, so that a frozen sshd is not waited for. */
const connectSecondsMax = 10;

/**
 * Hands the terminal to ssh, and its exit code back: the command's own, 255
 * when ssh itself failed (it has said why). USAGE for a machine that the lab
 * does not have, LAB_FAILED for one that is off, both before ssh is started;
 * the signal's reason when it was stopped.
 */
export async function labSsh(state: LabStatus, machine: string, command: readonly string[], signal: AbortSignal): Promise<ProgramExit> {
  assertIsOn(state, machine);
  signal.throwIfAborted();
  // ssh joins its arguments with spaces for the remote shell. One argument is a command line and stays as it is; several are words, and stay words.
  const words = command.length > 1 ? command.map(quoteShellWord) : command;
  const options = ["-F", state.sshConfigFile, "-o", `ConnectTimeout=${String(connectSecondsMax)}`];
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", [...options, machine, ...words], { stdio: "inherit", cwd: dirname(state.sshConfigFile) });
    const stop = (): void => void child.kill();
    signal.addEventListener("abort", stop, { once: true });
    child.on("error", (cause) => {
      reject(new RecoveryError("SSH_CLIENT_MISSING", { subject: "ssh", detail: "it could not be started", cause }));
    });
    child.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(signal.reason as Error);
      // As a shell counts it.
      else resolve({ programExit: code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]) });
    });
  });
}

function assertIsOn(state: LabStatus, name: string): void {
  const machine = state.machines.find((candidate) => candidate.name === name);
  if (machine === undefined) {
    throw new RecoveryError("USAGE", {
      subject: `machine ${name}`,
      detail: `lab ${state.name} has ${state.machines.map((known) => known.name).join(", ")}`,
      remedies: [{ why: "see its machines", command: `requorum lab status --name ${state.name}` }],
    });
  }
  if (machine.isPoweredOn) return;
  throw new RecoveryError("LAB_FAILED", {
    subject: `machine ${name}`,
    detail: state.phase === "up" ? `${name} is off` : `${name} is off: lab ${state.name} was never finished`,
    remedies: [
      state.phase === "up"
        ? { why: `switch ${name} on`, command: `requorum lab break power-on ${name} --name ${state.name}` }
        : { why: "take away what there is of the lab", command: `requorum lab down --name ${state.name}` },
    ],
  });
}
