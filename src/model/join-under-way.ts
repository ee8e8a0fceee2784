import type { HostFacts } from "./inventory.ts";
import { valueOf } from "./observation.ts";

/**
 * kubeadm's own waits add up to 20 minutes (discovery 5, kubelet 4, TLS
 * bootstrap 5, etcd 2, components 4), and a kubelet may still be pulling
 * etcd's image when kubeadm has given up: files younger than this may belong
 * to a join that goes on.
 */
export const joinMayTakeSeconds = 20 * 60;

/**
 * running: kubeadm runs there. recent: it does not, and Kubernetes' files are
 * so young that what it began may go on. none: seen, neither. undefined: not seen.
 */
export type JoinState = "running" | "recent" | "none" | undefined;

export function joinStateOf(facts: HostFacts): JoinState {
  const processes = valueOf(facts.processes);
  const files = valueOf(facts.kubernetesFiles);
  if (processes?.some((process) => process.name === "kubeadm" && process.state !== "Z") === true) return "running";
  if (processes === undefined || files === undefined) return undefined;
  if (!Object.values(files).some((exists) => exists)) return "none";
  const age = facts.kubernetesFilesAgeSeconds;
  if (age === undefined) return undefined;
  return age < joinMayTakeSeconds ? "recent" : "none";
}
