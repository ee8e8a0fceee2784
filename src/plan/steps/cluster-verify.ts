import type { StepSpec } from "../../model/step.ts";
import { fails, holds, whenKnown } from "../../model/verdict.ts";
import { withMemberList } from "./member-verdicts.ts";

/** I-X1. Needs: members for pre, verified for post. Its handler's `observe` applies the exit rules: they are read-only. */
export const clusterVerify: StepSpec<"cluster.verify"> = {
  risk: "read-only",
  // It changes nothing that stays, and a run is often resumed until the cluster has settled.
  attemptsMax: 10,
  pre: (model) => withMemberList(model, () => holds),
  post: (model) =>
    whenKnown(model.verified, "the result of the exit rules", (verified) =>
      verified.ok ? holds : fails("the exit rules do not hold", ...verified.failures),
    ),
  effect: (model) => ({ ...model, verified: { ok: true, failures: [] } }),
  describe: (args) =>
    `Prove the result: ${String(args.voters)} voters with equal data, every API server by itself, every Node Ready` +
    (args.baselineArtifact === "" ? "" : `, and compare every object with ${args.baselineArtifact}`),
  host: () => undefined,
  expectedSeconds: () => 15,
};
