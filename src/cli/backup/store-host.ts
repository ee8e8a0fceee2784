import type { HostConfig } from "../../model/cluster-config.ts";

/** The machine of an ssh:// store, as a source `ssh://HOST/PATH` is read: a bare name of a configured host is that host; any other, and USER@HOST, is as ssh itself knows it. */
export function storeHostOf(typed: Omit<HostConfig, "roles">, hosts: readonly HostConfig[]): HostConfig {
  const configured = typed.sshUser === undefined ? hosts.find(({ name }) => name === typed.address) : undefined;
  return configured === undefined ? { ...typed, roles: [] } : { ...configured, ...typed, address: configured.address };
}
