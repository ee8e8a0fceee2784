import { changeOnHost } from "../ask/run-on-host.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";
import { asideFunctions, containerFunctions } from "./container-scripts.ts";

/**
 * Stops the kubelet and the control plane's containers, then moves the paths.
 * Other containers stay: the kubelet of the next life removes those it does not know.
 */
const moveScript = `set -eu
${containerFunctions}
${asideFunctions}
open_aside "$1"; shift
systemctl stop kubelet.service
for name in kube-apiserver kube-controller-manager kube-scheduler etcd; do stop_containers "$name"; done
for path in "$@"; do move_aside "$path"; done
`;

/** Never deletes, never copies (I-S7); again on a machine where it was done already, it finds nothing to move. */
export const hostMoveStateAsideHandler: StepHandler<"host.moveStateAside"> = {
  settleMs: 5_000,
  observe: (args, context) => observeModel(context, { etcd: true, hosts: [args.host] }),
  perform: async (args, context) => {
    await changeOnHost(context, args.host, {
      reason: "move the state of a former life aside",
      script: moveScript,
      args: [context.run, ...args.paths],
      timeoutMs: 120_000,
    });
    await context.recordFact(
      "moved-aside",
      `${args.host}: /var/lib/requorum/aside/${context.run}/ (listed in manifest.tsv; may be removed when the cluster has been healthy for a while)`,
    );
  },
};
