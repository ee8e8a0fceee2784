import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";

/** I-S10 by looking. `perform` changes nothing: the look is repeated for as long as a process may take to end. */
export const etcdProveStoppedHandler: StepHandler<"etcd.proveStopped"> = {
  // The grace period of a static pod is 30 s.
  settleMs: 40_000,
  observe: (args, context) => observeModel(context, { hosts: [args.host] }),
  perform: () => Promise.resolve(),
};
