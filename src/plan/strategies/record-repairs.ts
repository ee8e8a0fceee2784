import type { HostName } from "../../model/ids.ts";
import { valueOf } from "../../model/observation.ts";
import type { PlanningSituation } from "../plan-input.ts";
import type { StepDraft } from "../steps/judge-step.ts";
import type { ReplacementNeed } from "./replacement-need.ts";

const apiServerPort = 6443; // kubeadm's default; a balancer's own lines say otherwise where it differs

interface Ways {
  readonly via: readonly HostName[];
  readonly apiVia: readonly HostName[];
}

/** K04-K07: records that still name what is gone. They are repaired before the join, because the join reads them. */
export function recordRepairs(situation: PlanningSituation, need: ReplacementNeed, ways: Ways): readonly StepDraft[] {
  const { model } = situation;
  const nodes = need.staleNodes.map((node): StepDraft => ({
    kind: "kubernetes.deleteNode",
    args: { node: node.name, uid: node.uid ?? "", via: ways.apiVia },
  }));
  const leases = need.staleLeases.map((address): StepDraft => ({ kind: "kubernetes.deleteMasterLease", args: { address, via: ways.via } }));
  const server = endpointAfter(situation, need, ways);
  const repairs: StepDraft[] = [];
  if (server !== undefined && model.clusterInfoServer !== undefined && namesGone(model.clusterInfoServer, need)) {
    repairs.push({ kind: "kubernetes.repairClusterInfo", args: { server, via: ways.apiVia } });
  }
  if (server !== undefined && model.kubeadmEndpoint !== undefined && namesGone(model.kubeadmEndpoint, need)) {
    repairs.push({ kind: "kubernetes.repairKubeadmConfig", args: { controlPlaneEndpoint: server, via: ways.apiVia } });
  }
  return [...nodes, ...leases, ...repairs];
}

/** The configured endpoint, or a survivor where the endpoint was the lost machine itself. */
function endpointAfter(situation: PlanningSituation, need: ReplacementNeed, ways: Ways): string | undefined {
  const { config } = situation.inventory;
  if (config.controlPlaneEndpoint !== undefined && !namesGone(config.controlPlaneEndpoint, need)) return config.controlPlaneEndpoint;
  const survivor = situation.model.hosts.find((host) => host.name === ways.apiVia[0]);
  return survivor === undefined ? undefined : `${survivor.address}:${String(apiServerPort)}`;
}

function namesGone(endpoint: string, need: ReplacementNeed): boolean {
  const name = endpoint.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1");
  return need.goneAddresses.includes(name) || need.doomed.some(({ member }) => member.name !== "" && member.name === name);
}

/** L07: only where addresses change; every balancer that can be reached gets the same backends. */
export function balancerSteps(situation: PlanningSituation, need: ReplacementNeed): readonly StepDraft[] {
  return situation.model.hosts.flatMap((host): readonly StepDraft[] => {
    // A haproxy without API backends (a distribution's own file) balances something else.
    if (host.isReachable !== true || host.balancerBackends === undefined || host.balancerBackends.length === 0) return [];
    if (need.toClear.includes(host) && !need.targets.some((target) => target.host === host)) return [];
    const wanted = backendsAfter(situation, need, host.name);
    const is = [...host.balancerBackends].sort().join(" ");
    if (
      wanted.length === 0 ||
      wanted
        .map((backend) => `${backend.address}:${String(backend.port)}`)
        .sort()
        .join(" ") === is
    )
      return [];
    return [{ kind: "loadBalancer.setBackends", args: { host: host.name, backends: wanted } }];
  });
}

function backendsAfter(
  situation: PlanningSituation,
  need: ReplacementNeed,
  balancer: HostName,
): readonly { readonly name: string; readonly address: string; readonly port: number }[] {
  const facts = situation.inventory.hosts.find((host) => host.name === balancer);
  const haproxy = facts === undefined ? undefined : valueOf(facts.loadBalancer)?.haproxy;
  if (haproxy === undefined) return [];
  const joining = need.targets.map((target) => ({ name: target.node, address: target.host.address }));
  const kept = haproxy.backends.filter(
    (backend) => !need.goneAddresses.includes(backend.address) || joining.some((join) => join.address === backend.address),
  );
  const port = haproxy.backends[0]?.port ?? apiServerPort;
  const added = joining.filter((join) => !kept.some((backend) => backend.address === join.address)).map((join) => ({ ...join, port }));
  return [...kept.map(({ name, address, port: own }) => ({ name, address, port: own })), ...added];
}
