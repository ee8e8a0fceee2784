import { isAlive, readChildren, readProcessIdentity, type ProcessIdentity } from "../process-identity.ts";

/** The machine's first process: nspawn's child. It changes when the machine reboots itself; undefined while it is off. */
export function readMachineInit(supervisor: ProcessIdentity | undefined): ProcessIdentity | undefined {
  if (supervisor === undefined || !isAlive(supervisor)) return undefined;
  return readChildren(supervisor.pid)
    .map(readProcessIdentity)
    .find((candidate) => candidate !== undefined);
}
