import type { ModelHost } from "../../model/cluster-model.ts";
import type { Inventory } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";

/**
 * etcd runs as a service of that machine, as kubespray sets it up, not as a static pod whose manifest was moved out:
 * there is such a service, and no machine's API server asks an etcd of its own machine by the loopback address, as
 * kubeadm has it with static pods (kubeadm, phases/controlplane). A machine of etcd alone has no API server.
 */
export function isEtcdAUnit({ config, hosts }: Inventory, host: ModelHost): boolean {
  const unit = host.services?.etcd;
  if (host.hasEtcdManifest !== false || unit === undefined || unit === "absent") return false;
  if (config.etcdTopology !== "stacked") return true;
  const servers = hosts.flatMap(({ manifests }) =>
    (valueOf(manifests) ?? []).flatMap(({ etcdServers }) => (etcdServers === undefined ? [] : [etcdServers])),
  );
  return servers.length > 0 && servers.flat().every((url) => !/\/\/(127\.|localhost\b|\[::1\])/.test(url));
}
