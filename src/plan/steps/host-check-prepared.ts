import { withHost } from "../../model/cluster-model.ts";
import type { StepSpec } from "../../model/step.ts";
import { fails, holds, whenKnown } from "../../model/verdict.ts";
import { aboutHost, reachable } from "./host-verdicts.ts";

/** Needs: hosts[host].{isReachable, isPrepared, preparationProblems}. Its handler's `observe` makes the check: it is read-only. */
export const hostCheckPrepared: StepSpec<"host.checkPrepared"> = {
  risk: "read-only",
  attemptsMax: 2,
  pre: (model, args) => reachable(model, args.host),
  post: (model, args) =>
    aboutHost(model, args.host, (host) =>
      whenKnown(host.isPrepared, `whether host ${args.host} is prepared to be joined`, (is) =>
        is ? holds : fails(`host ${args.host} is not prepared`, ...host.preparationProblems),
      ),
    ),
  effect: (model, args) => withHost(model, args.host, { isPrepared: true, preparationProblems: [] }),
  describe: (args) => `Check that ${args.host} is ready to be joined (Kubernetes ${args.kubernetesVersion}, runtime, ports, clock, disk)`,
  host: (args) => args.host,
  expectedSeconds: () => 5,
};
