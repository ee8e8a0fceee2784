import type { StepSpec } from "../../model/step.ts";
import { fails, holds, whenKnown } from "../../model/verdict.ts";

/** Needs: nodes. `perform` waits; it changes nothing. */
export const kubernetesAwaitNodeReady: StepSpec<"kubernetes.awaitNodeReady"> = {
  risk: "read-only",
  attemptsMax: 3,
  pre: (model, args) =>
    whenKnown(model.nodes, "the Nodes", (nodes) =>
      nodes.some((node) => node.name === args.node) ? holds : fails(`there is no Node ${args.node}`),
    ),
  post: (model, args) =>
    whenKnown(model.nodes, "the Nodes", (nodes) => {
      const node = nodes.find((candidate) => candidate.name === args.node);
      if (node === undefined) return fails(`there is no Node ${args.node}`);
      return whenKnown(node.isReady, `whether Node ${args.node} is Ready`, (is) =>
        is ? holds : fails(`Node ${args.node} is not Ready yet`),
      );
    }),
  effect: (model, args) => ({ ...model, nodes: model.nodes?.map((node) => (node.name === args.node ? { ...node, isReady: true } : node)) }),
  describe: (args) => `Wait until Node ${args.node} is Ready`,
  host: () => undefined,
  expectedSeconds: () => 20,
};
