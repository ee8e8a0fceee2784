import type { StepSpec } from "../../model/step.ts";
import { fails, holds, whenKnown } from "../../model/verdict.ts";

/**
 * Before a machine that nobody can reach is given up on somebody's word:
 * Kubernetes must have noticed its silence, too. A Node that stays Ready has a
 * kubelet that lives, and the word is wrong. Needs: nodes. `perform` waits.
 */
export const kubernetesAwaitNodeNotReady: StepSpec<"kubernetes.awaitNodeNotReady"> = {
  risk: "read-only",
  attemptsMax: 2,
  pre: (model) => whenKnown(model.nodes, "the Nodes", () => holds),
  post: (model, args) =>
    whenKnown(model.nodes, "the Nodes", (nodes) => {
      const node = nodes.find((candidate) => candidate.name === args.node);
      if (node === undefined) return holds;
      return whenKnown(node.isReady, `whether Node ${args.node} is Ready`, (is) =>
        is ? fails(`Node ${args.node} is Ready: its kubelet reports, so the machine is not lost`) : holds,
      );
    }),
  effect: (model, args) => ({
    ...model,
    nodes: model.nodes?.map((node) => (node.name === args.node ? { ...node, isReady: false } : node)),
  }),
  describe: (args) =>
    `Wait until Kubernetes notices that Node ${args.node} is silent; if it stays Ready, its machine is not lost and the run stops`,
  host: () => undefined,
  // node-monitor-grace-period: 50 s from Kubernetes 1.32, 40 s before.
  expectedSeconds: () => 50,
};
