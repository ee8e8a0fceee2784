import { lookAtNodes } from "../observe/look-at-kubernetes.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";
import { waitUntil } from "../wait-until.ts";

/** node-monitor-grace-period is 50 s from Kubernetes 1.32 (40 s before) and counted from the last report; twice that is no delay but life. */
const silentLimitMs = 120_000;

export const kubernetesAwaitNodeNotReadyHandler: StepHandler<"kubernetes.awaitNodeNotReady"> = {
  settleMs: 0,
  observe: (args, context) => observeModel(context, { nodesVia: args.via }),
  perform: async (args, context) => {
    await waitUntil(
      context,
      { text: `Kubernetes to notice that Node ${args.node} is silent`, limitMs: silentLimitMs, pauseMs: 2_000 },
      async (say) => {
        const nodes = await lookAtNodes(context, args.via);
        const node = nodes?.find((candidate) => candidate.name === args.node);
        if (nodes !== undefined && node?.isReady !== true) return true;
        say(nodes === undefined ? "no API server answers" : "it still reads Ready");
        return undefined;
      },
    );
  },
};
