import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";
import { readConfigMapField, repairConfigMapField, type ConfigMapField } from "./repair-config-map.ts";

/** kubeadm writes it at init and every token join reads it (kubernetes cmd/kubeadm/app/phases/bootstraptoken/clusterinfo). */
const server: ConfigMapField = {
  namespace: "kube-public",
  name: "cluster-info",
  dataKey: "kubeconfig",
  path: ["clusters", 0, "cluster", "server"],
};

/** K07. The signatures in it are made anew by kube-controller-manager's bootstrap signer. */
export const kubernetesRepairClusterInfoHandler: StepHandler<"kubernetes.repairClusterInfo"> = {
  settleMs: 10_000,
  observe: async (args, context) => {
    const [model, url] = await Promise.all([
      observeModel(context, { apiServers: args.via }),
      readConfigMapField(context, args.via, server),
    ]);
    return { ...model, clusterInfoServer: url?.replace(/^https:\/\//, "").replace(/\/$/, "") };
  },
  perform: (args, context) => repairConfigMapField(context, args.via, server, `https://${args.server}`),
};
