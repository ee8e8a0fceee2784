import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";
import { readConfigMapField, repairConfigMapField, type ConfigMapField } from "./repair-config-map.ts";

const endpoint: ConfigMapField = {
  namespace: "kube-system",
  name: "kubeadm-config",
  dataKey: "ClusterConfiguration",
  path: ["controlPlaneEndpoint"],
};

/** K06: this one field; the rest of kubeadm's record stays as it is. */
export const kubernetesRepairKubeadmConfigHandler: StepHandler<"kubernetes.repairKubeadmConfig"> = {
  settleMs: 10_000,
  observe: async (args, context) => {
    const [model, kubeadmEndpoint] = await Promise.all([
      observeModel(context, { apiServers: args.via }),
      readConfigMapField(context, args.via, endpoint),
    ]);
    return { ...model, kubeadmEndpoint };
  },
  perform: (args, context) => repairConfigMapField(context, args.via, endpoint, args.controlPlaneEndpoint),
};
