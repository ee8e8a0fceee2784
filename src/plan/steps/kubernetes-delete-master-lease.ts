import type { StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, whenKnown } from "../../model/verdict.ts";
import { reachableVia } from "./host-verdicts.ts";

/**
 * K04: exactly the dead key below /registry/masterleases/. Needs:
 * masterLeases, hosts[via].isReachable, and apiServer of the host with that
 * address if there is one. A live API server writes its lease again within seconds.
 */
export const kubernetesDeleteMasterLease: StepSpec<"kubernetes.deleteMasterLease"> = {
  risk: "destructive",
  attemptsMax: 3,
  pre: (model, args) =>
    allOf(
      reachableVia(model, args.via),
      model.hosts.some((host) => host.address === args.address && host.apiServer === "ready")
        ? fails(`the API server at ${args.address} is ready: its lease is in use`)
        : holds,
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
