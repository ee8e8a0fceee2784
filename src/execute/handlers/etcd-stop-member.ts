import { changeOnHost } from "../ask/run-on-host.ts";
import { lookAtHost } from "../observe/look-at-host.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";
import { asideFunctions, containerFunctions } from "./container-scripts.ts";

/** The manifest goes first, whatever its file is called, or the kubelet starts etcd again (I-S15). It is kept (I-S7). */
const stopScript = `set -eu
${containerFunctions}
${asideFunctions}
open_aside "$1"
manifests=$2; shift 2
for file; do move_aside "$manifests/$file"; done
if systemctl is-active -q etcd.service; then systemctl disable --now etcd.service; fi
stop_containers etcd
`;

export const etcdStopMemberHandler: StepHandler<"etcd.stopMember"> = {
  // The kubelet itself ends the pod once the manifest is gone: 20 s until it looks, 30 s of grace.
  settleMs: 60_000,
  observe: (args, context) => observeModel(context, { etcd: true, hosts: [args.host] }),
  perform: async (args, context) => {
    const { memberFiles = [] } = await lookAtHost(context, args.host);
    await changeOnHost(context, args.host, {
      reason: `stop etcd of member ${args.memberId}`,
      script: stopScript,
      args: [context.run, context.config.paths.manifestsDir, ...new Set(["etcd.yaml", ...memberFiles])],
      timeoutMs: 60_000,
    });
  },
};
