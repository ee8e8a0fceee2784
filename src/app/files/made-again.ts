import { isKubeList, valueAt, type KubeObject } from "../../formats/kubernetes/kube-json.ts";
import { resourceText, type RegistryKey } from "../../formats/kubernetes/registry-key.ts";

/** What a living cluster writes by itself about what is in it; applied, it would speak of what is no more. */
const writtenByCluster: readonly string[] = ["events", "leases.coordination.k8s.io", "endpoints", "endpointslices.discovery.k8s.io"];

/** With an owner or without: what is in them no controller makes again as it was (passwords, certificates, the volume's name). */
const dataResources: readonly string[] = ["secrets", "configmaps", "persistentvolumeclaims"];

/**
 * Will the cluster itself make this object again from the others? Endpoints,
 * leases and events, and what a controller owns (ReplicaSets, Pods, Jobs of a
 * CronJob): without its owner it would stand beside the new one, and nobody
 * would look after it.
 */
export function isMadeAgain(key: RegistryKey, object: KubeObject): boolean {
  const resource = resourceText(key);
  if (writtenByCluster.includes(resource)) return true;
  if (dataResources.includes(resource)) return false;
  const owners = valueAt(object, "metadata", "ownerReferences");
  return isKubeList(owners) && owners.some((owner) => valueAt(owner, "controller") === true);
}
