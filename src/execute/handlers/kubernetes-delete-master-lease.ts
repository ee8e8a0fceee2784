import type { Revision } from "../../model/ids.ts";
import { etcdCall, etcdWriteMs, withHealthyVoter } from "../ask/ask-etcd.ts";
import { masterLeasePrefix } from "../observe/look-at-kubernetes.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";

/**
 * K04: exactly this key at exactly this revision. Not guaranteed: an API
 * server at that address that lives after all writes its lease again within
 * seconds, which is right.
 */
export const kubernetesDeleteMasterLeaseHandler: StepHandler<"kubernetes.deleteMasterLease"> = {
  settleMs: 10_000,
  observe: (args, context) => {
    const owners = context.config.hosts.filter((host) => host.address === args.address).map((host) => host.name);
    return observeModel(context, {
      etcd: true,
      hosts: [...new Set([...args.via, ...owners])],
      apiServers: owners,
      masterLeasesVia: args.via,
    });
  },
  perform: async (args, context) => {
    const key = `${masterLeasePrefix}${args.address}`;
    await withHealthyVoter(context, { hosts: args.via }, async (client) => {
      let modRevision: Revision | undefined;
      await client.range({ key }, etcdCall(context), (page) => {
        modRevision = page[0]?.modRevision;
      });
      if (modRevision !== undefined) await client.deleteKey(key, modRevision, etcdCall(context, etcdWriteMs));
    });
  },
};
