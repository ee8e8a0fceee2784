import { votingMembers, withHost, type ClusterModel, type ModelHost } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { hasQuorum, quorumState } from "../../model/quorum.ts";
import type { StepArgs, StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, unknown, whenKnown, type Verdict } from "../../model/verdict.ts";
import { aboutHost, reachable } from "./host-verdicts.ts";

type Args = StepArgs["service.start"];

/**
 * E02. Needs: hosts[host].{isReachable, services, hasKubernetesState,
 * hasEtcdData, hasStartableEtcdData, hasEtcdManifest, etcdProcess}. I-S11, A03: what starts
 * etcd is started only where etcd's data was seen, with what belongs mounted
 * mounted: kubeadm's flags would make a new, empty cluster of it anywhere else.
 */
export const serviceStart: StepSpec<"service.start"> = {
  risk: "reversible",
  attemptsMax: 2,
  pre: (model, args) =>
    allOf(
      reachable(model, args.host),
      aboutHost(model, args.host, (host) => allOf(isInstalled(host, args), startsNoSecondEtcd(host, args), startsNoEmptyEtcd(host, args))),
    ),
  post: (model, args) =>
    aboutHost(model, args.host, (host) => {
      const state = host.services?.[args.unit];
      if (state === undefined) return unknown(`the state of ${args.unit} on host ${args.host}`);
      return state === "active" ? holds : fails(`${args.unit} is ${state} on host ${args.host}`);
    }),
  effect: (model, args) => {
    const host = model.hosts.find((candidate) => candidate.name === args.host);
    if (host === undefined) return model;
    const services = { ...host.services, [args.unit]: "active" as const };
    const started = withHost(model, args.host, { services });
    if (args.unit === "haproxy" || args.unit === "keepalived") return started;
    const runsEtcd =
      args.unit === "etcd" || (services.kubelet === "active" && services.containerd !== "stopped" && host.hasEtcdManifest !== false);
    return runsEtcd && host.hasStartableEtcdData === true ? withEtcdRunning(started, args.host) : started;
  },
  describe: (args) => `Start ${args.unit} on ${args.host}`,
  host: (args) => args.host,
  // A member answered about 60 s after its machine came back (measured in the lab); the unit itself takes seconds.
  expectedSeconds: (args) => (args.unit === "kubelet" || args.unit === "containerd" || args.unit === "etcd" ? 60 : 5),
};

function isInstalled(host: ModelHost, args: Args): Verdict {
  const state = host.services?.[args.unit];
  if (state === undefined) return unknown(`the state of ${args.unit} on host ${host.name}`);
  return state === "absent"
    ? fails(`${args.unit} is not installed on host ${host.name}, or somebody masked it (systemctl unmask ${args.unit})`)
    : holds;
}

/** The unit and a static pod would race for the ports and the data; which of them the member is, is not ours to guess. */
function startsNoSecondEtcd(host: ModelHost, args: Args): Verdict {
  if (args.unit !== "etcd") return holds;
  return allOf(
    whenKnown(host.hasEtcdManifest, `whether the kubelet of host ${host.name} starts etcd`, (has) =>
      has ? fails(`the kubelet of host ${host.name} starts etcd from a manifest: its etcd.service would be a second one`) : holds,
    ),
    whenKnown(host.etcdProcess, `whether etcd runs on host ${host.name}`, (process) =>
      process === "stopped" ? holds : fails(`etcd is ${process} on host ${host.name} already`),
    ),
  );
}

function startsNoEmptyEtcd(host: ModelHost, args: Args): Verdict {
  if (args.unit === "haproxy" || args.unit === "keepalived") return holds;
  if (host.hasStartableEtcdData === true) return holds;
  if (args.unit !== "etcd") {
    // A unit of its own reads no manifest; whatever else runs etcd does so from one.
    const isEtcdHost = host.roles.includes("control-plane") || host.roles.includes("etcd") || host.hasEtcdManifest === true;
    if (!isEtcdHost || host.hasEtcdManifest === false) return holds;
    if (host.hasEtcdManifest === undefined && host.hasKubernetesState === false) return holds;
  }
  if (host.hasStartableEtcdData === undefined && host.hasEtcdData !== false)
    return unknown(`whether etcd's data on host ${host.name} is there, whole, and on the filesystem that belongs there`);
  return fails(`host ${host.name} has lost its etcd data: starting ${args.unit} would start a new, empty etcd cluster there`);
}

/** etcd runs on that host; the model after it, shared with process.continue. */
export function withEtcdRunning(model: ClusterModel, name: HostName): ClusterModel {
  const running = withHost(model, name, { etcdProcess: "running", apiServer: "ready" });
  const healthy = <T extends { readonly host: HostName | undefined }>(member: T) =>
    member.host === name ? { ...member, isHealthy: true } : member;
  if (running.members !== undefined) return { ...running, members: running.members.map(healthy) };
  if (running.believedMembers === undefined) return running;
  const believedMembers = running.believedMembers.map(healthy);
  const voters = votingMembers(believedMembers);
  const state = quorumState({ voters: voters.length, healthy: voters.filter((voter) => voter.isHealthy === true).length });
  if (!hasQuorum(state)) return { ...running, believedMembers };
  // With a majority back the cluster elects a leader by itself, the list can be read again, and API servers find their etcd.
  const hosts = running.hosts.map((host) =>
    host.apiServer === "not-ready" && host.etcdProcess === "running" ? { ...host, apiServer: "ready" as const } : host,
  );
  return { ...running, hosts, believedMembers: undefined, members: believedMembers };
}
