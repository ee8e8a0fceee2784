import type { ClusterModel } from "../../model/cluster-model.ts";
import { memberOfFacts } from "../verify/observed-members.ts";
import type { Verdict } from "../../model/verdict.ts";
import { compareBaseline, type BaselineComparison } from "../verify/baseline.ts";
import { etcdRules } from "../verify/etcd-rules.ts";
import type { ExitRule, Verified } from "../verify/exit-rule.ts";
import { kubernetesRules } from "../verify/kubernetes-rules.ts";
import { machineRules } from "../verify/machine-rules.ts";
import { lookAtMembers } from "../verify/observed-members.ts";
import { proofArtifact, proofText, readProof } from "../verify/proof-record.ts";
import { isWriteThroughEndpoint, proveWrites } from "../verify/write-proof.ts";
import type { StepContext, StepHandler } from "../step-handler.ts";

/** What the report shows: every rule with its verdict. */
export const verifyArtifact = "verify.json";
/**
 * Nodes turn Ready, balancers see the new API server and the Service's
 * addresses follow within half a minute; controllers that sat in crash
 * back-off take longer.
 */
const settleMs = 120_000;
/** An API server that was restarted in between serves again within a minute. The proof is by doing: looking longer would not mend it. */
const proofLimitMs = 60_000;
const proofPauseMs = 3_000;

export const clusterVerifyHandler: StepHandler<"cluster.verify"> = {
  settleMs,
  observe: async (args, context) => {
    const verified = await lookAtMembers(context);
    const proof = await readProof(context);
    const compared = args.baselineArtifact === "" ? undefined : await compareBaseline(verified);
    const rules = [
      ...(await etcdRules(verified, args.voters)),
      ...(await kubernetesRules(verified)),
      ...(await machineRules(verified)),
      ...(compared === undefined ? [] : [compared.rule]),
      ...proof,
    ];
    await keep(context, rules, compared?.comparison);
    return modelOf(context, verified, rules);
  },
  perform: async (_args, context) => {
    const rules = await proveUntilHolding(context);
    await writeText(context, proofArtifact, proofText(rules, context.ports.clock.nowIso()));
    if (rules.some(isWriteThroughEndpoint))
      await context.recordFact("first write through the control-plane endpoint", context.ports.clock.nowIso());
  },
};

/** The last proof counts, whatever it says. */
async function proveUntilHolding(context: StepContext): Promise<readonly ExitRule[]> {
  const { clock } = context.ports;
  const startedMs = clock.monotonicMs();
  for (;;) {
    const rules = await proveWrites(await lookAtMembers(context));
    const failure = rules.find((one) => one.verdict.kind !== "holds");
    const elapsedMs = clock.monotonicMs() - startedMs;
    if (failure === undefined || elapsedMs >= proofLimitMs) return rules;
    context.report({
      kind: "waiting",
      text: `${failure.rule} (${wordsOf(failure.verdict)})`,
      elapsedMs,
      limitMs: proofLimitMs,
      step: context.step,
    });
    await clock.sleep(proofPauseMs, context.signal);
  }
}

async function keep(context: StepContext, rules: readonly ExitRule[], comparison: BaselineComparison | undefined): Promise<void> {
  await writeText(
    context,
    verifyArtifact,
    `${JSON.stringify({ apiVersion: "requorum/v1", kind: "Verification", at: context.ports.clock.nowIso(), rules, comparison }, undefined, 1)}\n`,
  );
}

async function writeText(context: StepContext, name: string, text: string): Promise<void> {
  const writer = await context.ports.runs.writeArtifact(context.run, name);
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function modelOf(context: StepContext, verified: Verified, rules: readonly ExitRule[]): ClusterModel {
  const failures = rules.filter((one) => one.verdict.kind !== "holds").map((one) => `${one.rule}: ${wordsOf(one.verdict)}`);
  return {
    cluster: context.plan.cluster,
    clusterId: undefined,
    members: verified.members.map((member) => memberOfFacts(context, member)),
    believedMembers: undefined,
    hosts: [],
    nodes: undefined,
    masterLeases: undefined,
    clusterInfoServer: undefined,
    kubeadmEndpoint: undefined,
    snapshots: [],
    verified: { ok: failures.length === 0, failures },
  };
}

function wordsOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "holds":
      return "holds";
    case "fails":
      return verdict.because.join("; ");
    case "unknown":
      return `not known: ${verdict.missing.join("; ")}`;
  }
}
