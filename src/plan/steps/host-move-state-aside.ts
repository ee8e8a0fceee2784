import { withHost } from "../../model/cluster-model.ts";
import type { StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, whenKnown } from "../../model/verdict.ts";
import { aboutHost, reachable } from "./host-verdicts.ts";
import { memberWords, withMemberList } from "./member-verdicts.ts";

/**
 * I-S7: moved on the same filesystem, never deleted. The handler stops the
 * kubelet and its containers first; etcd must have been stopped before.
 * Needs: members (with host), hosts[host].{isReachable, etcdProcess,
 * hasKubernetesState, hasEtcdData, join}.
 */
export const hostMoveStateAside: StepSpec<"host.moveStateAside"> = {
  risk: "reversible",
  attemptsMax: 2,
  pre: (model, args) =>
    allOf(
      reachable(model, args.host),
      withMemberList(model, (members) => {
        const member = members.find((candidate) => candidate.host === args.host);
        return member === undefined
          ? holds
          : fails(`member ${memberWords(member)} on ${args.host} is still registered: its data may be needed`);
      }),
      aboutHost(model, args.host, (host) =>
        host.join === "running" ? fails(`kubeadm runs on host ${args.host}: what it writes is not a former life's`) : holds,
      ),
      aboutHost(model, args.host, (host) =>
        whenKnown(host.etcdProcess, `whether etcd runs on host ${args.host}`, (process) =>
          process === "stopped" ? holds : fails(`etcd is ${process} on host ${args.host}`),
        ),
      ),
    ),
  post: (model, args) =>
    aboutHost(model, args.host, (host) =>
      allOf(
        whenKnown(host.hasKubernetesState, `whether host ${args.host} has Kubernetes state`, (has) =>
          has ? fails(`host ${args.host} still has Kubernetes state`) : holds,
        ),
        whenKnown(host.hasEtcdData, `whether host ${args.host} has etcd data`, (has) =>
          has ? fails(`host ${args.host} still has etcd data`) : holds,
        ),
      ),
    ),
  effect: (model, args) => {
    const services = model.hosts.find((host) => host.name === args.host)?.services;
    return withHost(model, args.host, {
      hasKubernetesState: false,
      hasEtcdData: false,
      hasStartableEtcdData: false,
      hasEtcdManifest: false,
      etcdProcess: "stopped",
      apiServer: "absent",
      services: { ...services, kubelet: "stopped" },
    });
  },
  describe: (args) => `Stop the kubelet on ${args.host} and move what a former life left there aside: ${args.paths.join(", ")}`,
  host: (args) => args.host,
  expectedSeconds: () => 10,
};
