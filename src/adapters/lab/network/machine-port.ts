import { RecoveryError } from "../../../model/recovery-error.ts";
import { runInMachine, type RunningMachine } from "../machine/machine-shell.ts";
import { runProgram } from "../run-program.ts";
import { bridgeName, namespaceName } from "./lab-network.ts";

/** Two netlink reads. */
const timeoutMs = 15_000;

/** The bridge port of a running machine: the other end of its `host0`. */
export async function portOfMachine(lab: string, machine: RunningMachine): Promise<string> {
  const { stdout } = await runInMachine(machine, {
    reason: "reading the link's index",
    script: "cat /sys/class/net/host0/iflink",
    timeoutMs,
  });
  const listed = await runProgram({
    reason: "listing bridge ports",
    program: "ip",
    args: ["-n", namespaceName(lab), "-json", "link", "show", "master", bridgeName],
    timeoutMs,
  });
  const links = JSON.parse(listed.stdout) as readonly { readonly ifindex?: number; readonly ifname?: string }[];
  const port = links.find((link) => link.ifindex === Number(stdout.trim()))?.ifname;
  if (port === undefined)
    throw new RecoveryError("LAB_FAILED", {
      subject: `machine ${machine.name}`,
      detail: `${machine.name} has no port on the lab's bridge`,
    });
  return port;
}
