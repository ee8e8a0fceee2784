import { lookAtNodes } from "../observe/look-at-kubernetes.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";
import { waitUntil } from "../wait-until.ts";

/** A kubelet reports every 10 s at most and its network add-on may have to pull an image first; crash back-off adds up to five minutes. */
const readyLimitMs = 420_000;

export const kubernetesAwaitNodeReadyHandler: StepHandler<"kubernetes.awaitNodeReady"> = {
  settleMs: 0,
  observe: (args, context) => observeModel(context, { nodesVia: args.via }),
  perform: async (args, context) => {
    await waitUntil(context, { text: `Node ${args.node} to be Ready`, limitMs: readyLimitMs, pauseMs: 2_000 }, async (say) => {
      const nodes = await lookAtNodes(context, args.via);
      const node = nodes?.find((candidate) => candidate.name === args.node);
      say(nodes === undefined ? "no API server answers" : node === undefined ? "there is no such Node" : "it is not Ready");
      return node?.isReady === true ? true : undefined;
    });
  },
};
