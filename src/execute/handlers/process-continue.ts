import { changeOnHost } from "../ask/run-on-host.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepHandler } from "../step-handler.ts";

/** SIGCONT to every process of that exact name that is stopped; to a running one it does nothing. */
export const processContinueHandler: StepHandler<"process.continue"> = {
  settleMs: 5_000,
  observe: (args, context) => observeModel(context, { hosts: [args.host] }),
  perform: async (args, context) => {
    await changeOnHost(context, args.host, {
      reason: `continue ${args.process}`,
      script: `set -eu\nps -eo pid=,stat=,comm= | awk -v name="$1" '$3 == name && $2 ~ /^T/ { print $1 }' | while read -r pid; do kill -CONT "$pid"; done\n`,
      args: [args.process],
      timeoutMs: 15_000,
    });
  },
};
