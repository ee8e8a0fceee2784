import type { StepSpec } from "../../model/step.ts";
import { fails, holds, whenKnown } from "../../model/verdict.ts";
import { apiServerVia } from "./host-verdicts.ts";

/** K07. Needs: clusterInfoServer, hosts[via].apiServer. */
export const kubernetesRepairClusterInfo: StepSpec<"kubernetes.repairClusterInfo"> = {
  risk: "reversible",
  attemptsMax: 3,
  pre: (model, args) => apiServerVia(model, args.via),
  post: (model, args) =>
    whenKnown(model.clusterInfoServer, "the server in kube-public/cluster-info", (server) =>
      server === args.server ? holds : fails(`kube-public/cluster-info names ${server}`),
    ),
  effect: (model, args) => ({ ...model, clusterInfoServer: args.server }),
  describe: (args) => `Set the server in kube-public/cluster-info to ${args.server}, so that a join does not dial a lost machine`,
  host: () => undefined,
  expectedSeconds: () => 2,
};
