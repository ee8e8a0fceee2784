import { withHost } from "../../model/cluster-model.ts";
import type { StepSpec } from "../../model/step.ts";
import { aboutHost, etcdStaysStopped, reachable } from "./host-verdicts.ts";

/**
 * I-S10 by looking. Needs: hosts[host].{isReachable, etcdProcess,
 * hasEtcdManifest or hasKubernetesState, services.kubelet}. `perform` changes
 * nothing; it may look again for a while.
 */
export const etcdProveStopped: StepSpec<"etcd.proveStopped"> = {
  risk: "read-only",
  attemptsMax: 2,
  pre: (model, args) => reachable(model, args.host),
  post: (model, args) => aboutHost(model, args.host, etcdStaysStopped),
  effect: (model, args) => withHost(model, args.host, { etcdProcess: "stopped" }),
  describe: (args) => `Look on ${args.host} that etcd of member ${args.memberId} does not run and will not be started`,
  host: (args) => args.host,
  expectedSeconds: () => 2,
};
