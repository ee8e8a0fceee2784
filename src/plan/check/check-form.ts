/** I-G4, I-R*, I-S5, I-S18: the form of a plan. */
import type { PlannedStep } from "../../model/plan.ts";
import type { StepKind, StepRisk } from "../../model/step.ts";
import { specOf } from "../steps/judge-step.ts";
import { objection, type PlanCheck, type PlanObjection } from "./plan-objection.ts";

/** The checker's own word on each kind; a plan that calls a removal harmless is refused. */
const riskOfKind: { readonly [kind in StepKind]: StepRisk } = {
  "etcd.saveSnapshot": "read-only",
  "etcd.proveStopped": "read-only",
  "etcd.stopMember": "reversible",
  "etcd.removeMember": "destructive",
  "etcd.awaitVoter": "reversible",
  "kubernetes.deleteNode": "destructive",
  "kubernetes.deleteMasterLease": "destructive",
  "kubernetes.repairClusterInfo": "reversible",
  "kubernetes.repairKubeadmConfig": "reversible",
  "kubernetes.awaitNodeNotReady": "read-only",
  "kubernetes.awaitNodeReady": "read-only",
  "loadBalancer.setBackends": "reversible",
  "host.moveStateAside": "reversible",
  "host.restoreFiles": "reversible",
  "host.checkPrepared": "read-only",
  "kubeadm.joinControlPlane": "reversible",
  "service.start": "reversible",
  "process.continue": "reversible",
  "cluster.verify": "read-only",
};

/** No step of this version restores or forces anything; one that claims to is not run (also I-R1 to I-R14). */
export const noRestoreNoForce: PlanCheck = {
  invariant: "I-G4",
  check: ({ plan }) =>
    plan.steps.flatMap((step) => {
      if (!Object.hasOwn(riskOfKind, step.kind))
        return [objection("I-G4", `there is no kind of step ${(step as { readonly kind: string }).kind}`, step)];
      return riskOfKind[step.kind] === step.risk
        ? []
        : [objection("I-G4", `a ${step.kind} is ${riskOfKind[step.kind]}, the plan calls it ${step.risk}`, step)];
    }),
};

const unsafeWords = /force-new-cluster|strict-reconfig-check|ignore-preflight-errors|skip-hash-check|unsafe|--force\b/i;

export const noUnsafeFlags: PlanCheck = {
  invariant: "I-S5",
  check: ({ plan }) =>
    plan.steps.flatMap((step) => {
      const found = textsOf(step.args).find((text) => unsafeWords.test(text));
      return found === undefined ? [] : [objection("I-S5", `the arguments contain ${JSON.stringify(found)}`, step)];
    }),
};

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** More attempts than this are no retry but a loop. What only looks may look more often: every `resume` is one look. */
const attemptsMax = { changing: 5, reading: 10 };

export const oneChainThatCanResume: PlanCheck = {
  invariant: "I-S18",
  check: ({ plan }) => {
    const objections: PlanObjection[] = [];
    plan.steps.forEach((step, index) => {
      const earlier = plan.steps.slice(0, index).map((other) => other.id);
      const previous = earlier.at(-1);
      if (earlier.includes(step.id)) objections.push(objection("I-S18", `two steps are named ${step.id}`, step));
      if (previous !== undefined && !step.after.includes(previous))
        objections.push(objection("I-S18", `the step does not wait for ${previous}`, step));
      if (step.after.some((id) => !earlier.includes(id)))
        objections.push(objection("I-S18", "the step waits for one that comes later or does not exist", step));
      const most = riskOfKind[step.kind] === "read-only" ? attemptsMax.reading : attemptsMax.changing;
      if (!(Number.isInteger(step.attemptsMax) && step.attemptsMax >= 1 && step.attemptsMax <= most))
        objections.push(objection("I-S18", `${String(step.attemptsMax)} attempts are allowed`, step));
      if (!isWorded(step))
        objections.push(objection("I-S18", "the words that the operator agrees to are not those of the arguments", step));
    });
    return objections;
  },
};

/** The one thing taken from plan/steps: the wording, which must be that of the arguments. */
function isWorded(step: PlannedStep): boolean {
  if (!Object.hasOwn(riskOfKind, step.kind)) return false;
  const spec = specOf(step);
  return spec.describe(step.args) === step.describes && spec.host(step.args) === step.host;
}

export const stepsOnlyWhenActing: PlanCheck = {
  invariant: "I-S18",
  check: ({ plan }) => {
    if (plan.verdict === "act") return plan.steps.length > 0 ? [] : [objection("I-S18", "the plan says act and has no steps")];
    const [step] = plan.steps;
    return step === undefined ? [] : [objection("I-S18", `the plan says ${plan.verdict} and has steps`, step)];
  },
};
