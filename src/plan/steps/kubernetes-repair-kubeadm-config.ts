import type { StepSpec } from "../../model/step.ts";
import { fails, holds, whenKnown } from "../../model/verdict.ts";
import { apiServerVia } from "./host-verdicts.ts";

/** K06. Needs: kubeadmEndpoint, hosts[via].apiServer. */
export const kubernetesRepairKubeadmConfig: StepSpec<"kubernetes.repairKubeadmConfig"> = {
  risk: "reversible",
  attemptsMax: 3,
  pre: (model, args) => apiServerVia(model, args.via),
  post: (model, args) =>
    whenKnown(model.kubeadmEndpoint, "controlPlaneEndpoint of kube-system/kubeadm-config", (endpoint) =>
      endpoint === args.controlPlaneEndpoint ? holds : fails(`kube-system/kubeadm-config names ${endpoint}`),
    ),
  effect: (model, args) => ({ ...model, kubeadmEndpoint: args.controlPlaneEndpoint }),
  describe: (args) => `Set controlPlaneEndpoint in kube-system/kubeadm-config to ${args.controlPlaneEndpoint}`,
  host: () => undefined,
  expectedSeconds: () => 2,
};
