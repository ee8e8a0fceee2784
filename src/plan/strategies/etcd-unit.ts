import type { ClusterModel, ModelHost } from "../../model/cluster-model.ts";
import type { Inventory } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";

/**
 * etcd runs as a service of that machine, as kubespray sets it up, not as a static pod whose manifest was moved out:
 * such a service is there and meant to run, no machine has a manifest of the member, and no API server asks an etcd of
 * its own machine by the loopback address, as kubeadm has it with static pods (kubeadm, phases/controlplane).
 */
export function isEtcdAUnit(inventory: Inventory, { hosts }: ClusterModel, host: ModelHost): boolean {
  if (!hosts.every(({ hasEtcdManifest }) => hasEtcdManifest !== true) || host.hasEtcdManifest !== false) return false;
  const facts = inventory.hosts.find(({ name }) => name === host.name);
  const unit = (facts === undefined ? undefined : valueOf(facts.services))?.find((service) => service.unit === "etcd");
  if (unit === undefined || unit.activeState === "absent" || (unit.activeState === "inactive" && !unit.isEnabled)) return false;
  if (inventory.config.etcdTopology !== "stacked") return true;
  const servers = inventory.hosts.flatMap(({ manifests }) => (valueOf(manifests) ?? []).flatMap(({ etcdServers = [] }) => etcdServers));
  return servers.length > 0 && servers.every((url) => !/\/\/(127\.|localhost\b|\[::1\])/.test(url));
}
