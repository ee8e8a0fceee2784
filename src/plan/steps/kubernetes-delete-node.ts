import type { ClusterModel, ModelNode } from "../../model/cluster-model.ts";
import type { StepArgs, StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, whenKnown, type Verdict } from "../../model/verdict.ts";
import { apiServerVia } from "./host-verdicts.ts";
import { withMemberList } from "./member-verdicts.ts";

/**
 * K05: the Node goes after its etcd member, never before. Needs: nodes (with
 * uid), members (names), hosts[via].apiServer; for a Node that still reads
 * Ready also hasKubernetesState and services.kubelet of the host with its name
 * or address. A Node of the same name and another uid was registered again and
 * is not meant.
 */
export const kubernetesDeleteNode: StepSpec<"kubernetes.deleteNode"> = {
  risk: "destructive",
  attemptsMax: 3,
  pre: (model, args) =>
    allOf(
      whenKnown(model.nodes, "the Nodes", (nodes) => {
        const node = nodes.find((candidate) => isMeant(candidate, args));
        if (node === undefined) return fails(`there is no Node ${args.node} with uid ${args.uid}`);
        return whenKnown(node.isReady, `whether Node ${args.node} is Ready`, (is) => (is ? nobodySpeaksForIt(model, node) : holds));
      }),
      withMemberList(model, (members) =>
        members.some((member) => member.name === args.node) ? fails(`etcd still has a member named ${args.node}`) : holds,
      ),
      apiServerVia(model, args.via),
    ),
  post: (model, args) =>
    whenKnown(model.nodes, "the Nodes", (nodes) =>
      nodes.some((candidate) => isMeant(candidate, args)) ? fails(`Node ${args.node} still exists`) : holds,
    ),
  effect: (model, args): ClusterModel => ({ ...model, nodes: model.nodes?.filter((node) => !isMeant(node, args)) }),
  describe: (args) => `Delete Node ${args.node} (uid ${args.uid}), asking the API server on ${args.via.join(" or ")}`,
  host: () => undefined,
  expectedSeconds: () => 2,
};

function isMeant(node: ModelNode, args: StepArgs["kubernetes.deleteNode"]): boolean {
  return node.name === args.node && (node.uid === undefined || node.uid === args.uid);
}

/**
 * Kubernetes goes on calling a Node Ready for 40-50 s after its kubelet has
 * gone. A machine without Kubernetes' files has no kubelet that could speak for it.
 */
function nobodySpeaksForIt(model: ClusterModel, node: ModelNode): Verdict {
  const host = model.hosts.find((candidate) => (candidate.name as string) === node.name || candidate.address === node.internalIp);
  if (host?.hasKubernetesState === false) return holds;
  return whenKnown(host?.services?.kubelet, `whether the kubelet behind the Ready Node ${node.name} runs`, (kubelet) =>
    kubelet === "active" ? fails(`Node ${node.name} is Ready: a machine that works is not deleted`) : holds,
  );
}
