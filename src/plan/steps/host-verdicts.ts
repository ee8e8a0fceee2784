import { modelHost, type ClusterModel, type ModelHost } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { allOf, fails, holds, unknown, whenKnown, type Verdict } from "../../model/verdict.ts";

/** Judgements about one machine that several kinds of step share. */

/** The host stands in the model; a partial model without it leaves everything about it unknown. */
export function aboutHost(model: ClusterModel, name: HostName, judge: (host: ModelHost) => Verdict): Verdict {
  const host = modelHost(model, name);
  return host === undefined ? unknown(`anything about host ${name}`) : judge(host);
}

export function reachable(model: ClusterModel, name: HostName): Verdict {
  return aboutHost(model, name, (host) =>
    whenKnown(host.isReachable, `whether host ${name} can be reached`, (is) => (is ? holds : fails(`host ${name} cannot be reached`))),
  );
}

/** One host out of `via` can be reached; unknown while none is known to be and at least one is not known. */
export function reachableVia(model: ClusterModel, via: readonly HostName[]): Verdict {
  const answers = via.map((name) => modelHost(model, name)?.isReachable);
  if (answers.includes(true)) return holds;
  if (answers.includes(undefined)) return unknown(`whether one of ${via.join(", ")} can be reached`);
  return fails(`none of ${via.join(", ")} can be reached`);
}

/** One API server out of `via` is ready to take a request. Needs: hosts[via].apiServer. */
export function apiServerVia(model: ClusterModel, via: readonly HostName[]): Verdict {
  const states = via.map((name) => modelHost(model, name)?.apiServer);
  if (states.includes("ready")) return holds;
  if (states.includes(undefined)) return unknown(`whether an API server on one of ${via.join(", ")} is ready`);
  return fails(`no API server on ${via.join(", ")} is ready`);
}

/**
 * etcd does not run and nothing will start it: a crash-looping static pod is
 * "stopped" at most instants, so a look at the process alone proves nothing.
 */
export function etcdStaysStopped(host: ModelHost): Verdict {
  const notRunning = whenKnown(host.etcdProcess, `whether etcd runs on host ${host.name}`, (process) =>
    process === "stopped" ? holds : fails(`etcd is ${process} on host ${host.name}`),
  );
  return allOf(notRunning, nothingStartsEtcd(host));
}

function nothingStartsEtcd(host: ModelHost): Verdict {
  if (host.hasEtcdManifest === false || host.hasKubernetesState === false) return holds;
  const kubelet = host.services?.kubelet;
  if (kubelet === "stopped" || kubelet === "absent") return holds;
  if (host.hasEtcdManifest === undefined || kubelet === undefined) return unknown(`whether something starts etcd on host ${host.name}`);
  return fails(`the kubelet of host ${host.name} will start etcd again from its manifest`);
}
