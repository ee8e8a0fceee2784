import { rm } from "node:fs/promises";
import { exists } from "../programs/cache-entry.ts";
import { runProgram } from "../run-program.ts";

/** The one bridge of a lab's network namespace; machines' links are its ports. */
export const bridgeName = "lab0";
/** Everything here is a netlink call of some milliseconds. */
const timeoutMs = 15_000;

export function namespaceName(lab: string): string {
  return `rq-${lab}`;
}

export function namespacePath(lab: string): string {
  return `/run/netns/${namespaceName(lab)}`;
}

/** A network namespace with one bridge. Nothing of it is connected to the host's own network. */
export async function createNetwork(lab: string, gateway: string): Promise<void> {
  const name = namespaceName(lab);
  await ip(["netns", "add", name]);
  await ip(["-n", name, "link", "set", "lo", "up"]);
  await ip(["-n", name, "link", "add", bridgeName, "type", "bridge", "stp_state", "0", "forward_delay", "0"]);
  await ip(["-n", name, "address", "add", `${gateway}/24`, "dev", bridgeName]);
  await ip(["-n", name, "link", "set", bridgeName, "up"]);
}

/** Removes the namespace and with it bridge and rules; nothing when it is gone already. */
export async function removeNetwork(lab: string): Promise<void> {
  if (await exists(namespacePath(lab))) await ip(["netns", "delete", namespaceName(lab)]);
  // A namespace whose creation was interrupted is a plain file that `ip` cannot unmount.
  if (await exists(namespacePath(lab))) await rm(namespacePath(lab), { force: true });
}

async function ip(args: readonly string[]): Promise<void> {
  await runProgram({ reason: `ip ${args.join(" ")}`, program: "ip", args, timeoutMs });
}

/** Arguments that run a program inside the lab's network but in the host's file system. */
export function insideNetwork(lab: string, command: readonly string[]): { readonly program: string; readonly args: readonly string[] } {
  return { program: "nsenter", args: [`--net=${namespacePath(lab)}`, "--", ...command] };
}
