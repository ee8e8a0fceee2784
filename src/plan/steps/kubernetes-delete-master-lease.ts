import type { ClusterModel, ModelHost } from "../../model/cluster-model.ts";
import type { StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, unknown, whenKnown, type Verdict } from "../../model/verdict.ts";
import { reachableVia } from "./host-verdicts.ts";
import { memberWords, withMemberList } from "./member-verdicts.ts";

/**
 * K04: exactly the dead key below /registry/masterleases/. Needs:
 * masterLeases, hosts[via].isReachable, and of the host with that address, if
 * there is one, isReachable and apiServer, and members. A live API server writes its lease again within seconds.
 */
export const kubernetesDeleteMasterLease: StepSpec<"kubernetes.deleteMasterLease"> = {
  risk: "destructive",
  attemptsMax: 3,
  pre: (model, args) =>
    allOf(
      reachableVia(model, args.via),
      ...model.hosts.filter((host) => host.address === args.address).map((host) => isDead(model, host)),
      whenKnown(model.masterLeases, "the API servers' leases", () => holds),
    ),
  post: (model, args) =>
    whenKnown(model.masterLeases, "the API servers' leases", (leases) =>
      leases.includes(args.address) ? fails(`the lease of the API server at ${args.address} still exists`) : holds,
    ),
  effect: (model, args) => ({ ...model, masterLeases: model.masterLeases?.filter((address) => address !== args.address) }),
  describe: (args) => `Delete the lease of the lost API server at ${args.address} from etcd, so that no client is sent there`,
  host: () => undefined,
  expectedSeconds: () => 2,
};

/**
 * An API server that could not be asked may live. On a machine that nobody
 * reaches, it is dead once its own etcd member is gone: it has nothing to serve from.
 */
function isDead(model: ClusterModel, host: ModelHost): Verdict {
  if (host.apiServer === "ready") return fails(`the API server at ${host.address} is ready: its lease is in use`);
  if (host.apiServer !== undefined) return holds;
  if (host.isReachable !== false) return unknown(`whether the API server at ${host.address} is ready`);
  return withMemberList(model, (members) => {
    const own = members.find(
      (member) =>
        member.host === host.name ||
        member.peerUrls.some((url) => url.includes(`//${host.address}:`) || url.includes(`//[${host.address}]:`)),
    );
    return own === undefined
      ? holds
      : unknown(`whether the API server at ${host.address} is ready; its member ${memberWords(own)} is still registered`);
  });
}
