import type { StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, whenKnown } from "../../model/verdict.ts";
import { aboutHost, reachable } from "./host-verdicts.ts";
import { withEtcdRunning } from "./service-start.ts";

/** Needs: hosts[host].{isReachable, etcdProcess}. */
export const processContinue: StepSpec<"process.continue"> = {
  risk: "reversible",
  attemptsMax: 2,
  pre: (model, args) =>
    allOf(
      reachable(model, args.host),
      aboutHost(model, args.host, (host) =>
        whenKnown(host.etcdProcess, `the state of ${args.process} on host ${args.host}`, (state) =>
          state === "frozen" ? holds : fails(`${args.process} is ${state} on host ${args.host}, not frozen`),
        ),
      ),
    ),
  post: (model, args) =>
    aboutHost(model, args.host, (host) =>
      whenKnown(host.etcdProcess, `the state of ${args.process} on host ${args.host}`, (state) =>
        state === "running" ? holds : fails(`${args.process} is ${state} on host ${args.host}`),
      ),
    ),
  effect: (model, args) => withEtcdRunning(model, args.host),
  describe: (args) => `Continue the frozen ${args.process} on ${args.host}`,
  host: (args) => args.host,
  expectedSeconds: () => 5,
};
