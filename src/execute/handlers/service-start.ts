import { changeOnHost } from "../ask/run-on-host.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";

export const serviceStartHandler: StepHandler<"service.start"> = {
  // A unit of type notify is "activating" until it says that it is ready.
  settleMs: 30_000,
  observe: (args, context) => observeModel(context, { hosts: [args.host] }),
  perform: async (args, context) => {
    await changeOnHost(context, args.host, {
      reason: `start ${args.unit}`,
      // reset-failed: a unit that hit its start limit is otherwise refused.
      script: `set -eu\nsystemctl reset-failed "$1.service" 2>/dev/null || true\nsystemctl start --no-block "$1.service"\n`,
      args: [args.unit],
      timeoutMs: 30_000,
    });
  },
};
