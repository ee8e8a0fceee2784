import { withHost } from "../../model/cluster-model.ts";
import type { StepArgs, StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, whenKnown } from "../../model/verdict.ts";
import { aboutHost, reachable } from "./host-verdicts.ts";

/** L07. Needs: hosts[host].{isReachable, balancerBackends}. Order does not matter. */
export const loadBalancerSetBackends: StepSpec<"loadBalancer.setBackends"> = {
  risk: "reversible",
  attemptsMax: 2,
  pre: (model, args) =>
    allOf(
      args.backends.length === 0 ? fails("a balancer without backends serves nobody") : holds,
      reachable(model, args.host),
      aboutHost(model, args.host, (host) => whenKnown(host.balancerBackends, `the balancer's backends on host ${args.host}`, () => holds)),
    ),
  post: (model, args) =>
    aboutHost(model, args.host, (host) =>
      whenKnown(host.balancerBackends, `the balancer's backends on host ${args.host}`, (backends) => {
        const is = [...backends].sort().join(", ");
        return is === wanted(args).join(", ") ? holds : fails(`the balancer on ${args.host} leads to ${is}`);
      }),
    ),
  effect: (model, args) => withHost(model, args.host, { balancerBackends: wanted(args) }),
  describe: (args) => `Set the API backends of haproxy on ${args.host} to ${wanted(args).join(", ")}, check the file and reload`,
  host: (args) => args.host,
  expectedSeconds: () => 5,
};

function wanted(args: StepArgs["loadBalancer.setBackends"]): readonly string[] {
  return args.backends.map((backend) => `${backend.address}:${String(backend.port)}`).sort();
}
