import * as z from "zod";
import { canonicalPlanText, planDigestOf } from "../model/canonical-plan-text.ts";
import { asBackupSetId, asClusterId, asHostName, asMemberId, asPlanDigest } from "../model/ids.ts";
import type { RecoveryPlan } from "../model/plan.ts";
import { isRestoreAcceptance } from "../model/restore-doubt.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { branded, decimalBigint } from "./branded.ts";
import { clusterModelSchema } from "./cluster-model.ts";
import { parseJson } from "./json-text.ts";
import { plannedStepSchema, stepRiskSchema } from "./plan-steps.ts";

const host = branded(asHostName);
const memberId = branded(asMemberId);
const time = z.iso.datetime({ offset: true });
const strategy = z.enum(["nothing-to-do", "wait", "start-stopped", "replace-member", "restore-parts"]);

const loss = z.strictObject({
  revisions: decimalBigint.optional(),
  objects: z.number().optional(),
  seconds: z.number().optional(),
  words: z.string(),
});

const goal = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("recover") }),
  z.strictObject({ kind: z.literal("replace"), host, with: host.optional() }),
  z.strictObject({
    kind: z.literal("restore-parts"),
    host,
    set: branded(asBackupSetId),
    parts: z.array(z.string()),
    accepts: z.array(z.string().refine(isRestoreAcceptance)),
  }),
]);

const fingerprint = z.strictObject({
  clusterId: branded(asClusterId).optional(),
  members: z.array(z.strictObject({ id: memberId, name: z.string(), peerUrls: z.array(z.string()), isLearner: z.boolean() })),
  revisionAtLeast: decimalBigint,
  hosts: z.array(
    z.strictObject({
      name: host,
      machineId: z.string().optional(),
      etcdManifestSha256: z.string().optional(),
      hasEtcdData: z.boolean().optional(),
    }),
  ),
});

const planSchema = z.strictObject({
  apiVersion: z.literal("requorum/v1"),
  kind: z.literal("RecoveryPlan"),
  digest: branded(asPlanDigest),
  parent: branded(asPlanDigest).optional(),
  cluster: z.string(),
  createdAt: time,
  expiresAt: time,
  goal,
  verdict: z.enum(["act", "wait", "blocked", "nothing-to-do"]),
  strategy,
  reasons: z.array(z.string()),
  findings: z.array(z.strictObject({ code: z.string(), subject: z.string() })),
  lossProofs: z.array(
    z.strictObject({
      memberId,
      host: host.optional(),
      evidence: z.array(z.string()),
      kind: z.enum(["observed-fresh-machine", "observed-data-lost", "never-started", "unfinished-join", "attested"]),
    }),
  ),
  attestations: z.array(z.strictObject({ kind: z.literal("host-lost"), host, statement: z.string(), by: z.string(), at: z.string() })),
  looks: z.strictObject({ first: time, second: time }).optional(),
  fingerprint,
  start: clusterModelSchema,
  steps: z.array(plannedStepSchema),
  loss,
  alternatives: z.array(
    z.strictObject({
      name: strategy,
      loss,
      risk: stepRiskSchema,
      expectedSeconds: z.number().optional(),
      chosen: z.boolean(),
      because: z.string(),
      isPossible: z.boolean(),
    }),
  ),
});

/**
 * PLAN_INVALID when the text is no plan, with what was expected where in
 * `name`, and when its digest is not that of its content: then somebody
 * changed it after it was made, and what was agreed to is not what it says.
 */
export function readPlan(text: string, name: string, sha256Hex: (text: string) => string): RecoveryPlan {
  // In the file an unknown is an absent key, in the types a key that is undefined; nobody can tell them apart by reading.
  const plan = parseJson(text, planSchema, { code: "PLAN_INVALID", subject: name }) as RecoveryPlan;
  const digest = planDigestOf(plan, sha256Hex);
  if (digest === plan.digest) return plan;
  throw new RecoveryError("PLAN_INVALID", {
    subject: name,
    detail: `${name}: its content has the digest ${digest.slice(0, 12)}…, it claims ${plan.digest.slice(0, 12)}…: it was changed after it was made`,
  });
}

/** The canonical text; `readPlan` of it gives the same plan. */
export function writePlan(plan: RecoveryPlan): string {
  return canonicalPlanText(plan);
}
