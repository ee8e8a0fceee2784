import { acceptedJson, request, withReadyKube } from "../ask/ask-kube.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";

/** K05, with the uid as precondition: a Node that was registered anew under the same name is not meant. */
export const kubernetesDeleteNodeHandler: StepHandler<"kubernetes.deleteNode"> = {
  // kube-apiserver's own request limit is 60 s, but its etcd write ends within 10 s one way or the other.
  settleMs: 10_000,
  observe: (args, context) => {
    // A Node reads Ready for up to 50 s after its kubelet was stopped: the machine itself is looked at, too.
    const address = context.plan.start.nodes?.find((node) => node.name === args.node)?.internalIp;
    const machines = context.config.hosts
      .filter((host) => (host.name as string) === args.node || host.address === address)
      .map((host) => host.name);
    return observeModel(context, { etcd: true, hosts: machines, apiServers: args.via, nodesVia: args.via });
  },
  perform: async (args, context) => {
    await withReadyKube(context, args.via, async (api) => {
      const answer = await request(api, context, {
        method: "DELETE",
        path: `/api/v1/nodes/${encodeURIComponent(args.node)}`,
        body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: args.uid } },
      });
      // 404: gone already. 409: another uid, so the Node that was meant is gone too; observation decides.
      acceptedJson(answer, `deletion of Node ${args.node}`, [200, 202, 404, 409]);
    });
  },
};
