import type { ClusterConfig, HostConfig } from "./cluster-config.ts";
import { RecoveryError } from "./recovery-error.ts";

/** The host of that name. Throws USAGE, with the names that there are. */
export function configuredHost({ hosts }: Pick<ClusterConfig, "hosts">, name: string): HostConfig {
  const found = hosts.find((host) => host.name === name);
  if (found !== undefined) return found;
  const known = hosts.map((host) => host.name).join(", ");
  throw new RecoveryError("USAGE", { subject: `host ${name}`, detail: `it is not in the configuration; known: ${known}` });
}
