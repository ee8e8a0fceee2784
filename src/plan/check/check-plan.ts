import type { RecoveryPlan } from "../../model/plan.ts";
import { caStaysSomewhere, copyBeforeDestruction, dataIsMovedNotDeleted, snapshotIsVerifiable } from "./check-data.ts";
import { endsInProof, oldLivesAreCleared, toleranceIsStated } from "./check-end.ts";
import { noRestoreNoForce, noUnsafeFlags, oneChainThatCanResume, stepsOnlyWhenActing } from "./check-form.ts";
import {
  boundToFingerprint,
  dependsOnSurvivorsOnly,
  everyMachineInHand,
  lossIsProven,
  noLivingNodeDeleted,
  oneClusterId,
  pathAndCertificatesFirst,
  twoLooks,
  votesCountedFromLiveList,
} from "./check-gates.ts";
import {
  deadFirstThenOneByOne,
  fewStoppedAtATime,
  identityMatches,
  joinGoesThroughHealthyVoter,
  learnerFirst,
  membershipOnSoundGround,
  noEtcdOnEmptyDataDir,
  noSecondEtcd,
  quorumAfterEveryStep,
  removalLeavesQuorum,
  removedMemberIsStopped,
  stopIsAboutThatMember,
} from "./check-membership.ts";
import {
  noManifestIsRestored,
  restoredCaIsTheClusters,
  restoredCertificatesHaveNotEnded,
  restoredFilesAreSeen,
  restoredKeysAreTheClusters,
  restoresWhatWasAsked,
} from "./check-restored-files.ts";
import type { CheckedPlan, PlanCheck, PlanObjection } from "./plan-objection.ts";
import { replay } from "./replay.ts";

/** One entry per rule; several rules may hold parts of one invariant. */
export const planChecks: readonly PlanCheck[] = [
  noRestoreNoForce,
  stepsOnlyWhenActing,
  oneChainThatCanResume,
  noUnsafeFlags,
  twoLooks,
  lossIsProven,
  noLivingNodeDeleted,
  oneClusterId,
  pathAndCertificatesFirst,
  votesCountedFromLiveList,
  boundToFingerprint,
  dependsOnSurvivorsOnly,
  everyMachineInHand,
  quorumAfterEveryStep,
  removalLeavesQuorum,
  deadFirstThenOneByOne,
  learnerFirst,
  joinGoesThroughHealthyVoter,
  identityMatches,
  removedMemberIsStopped,
  stopIsAboutThatMember,
  noEtcdOnEmptyDataDir,
  noSecondEtcd,
  fewStoppedAtATime,
  membershipOnSoundGround,
  dataIsMovedNotDeleted,
  copyBeforeDestruction,
  snapshotIsVerifiable,
  caStaysSomewhere,
  restoresWhatWasAsked,
  restoredFilesAreSeen,
  restoredCaIsTheClusters,
  restoredKeysAreTheClusters,
  restoredCertificatesHaveNotEnded,
  noManifestIsRestored,
  endsInProof,
  oldLivesAreCleared,
  toleranceIsStated,
];

/**
 * Every reason why this plan must not be run; empty: it may. It shares no code
 * with the planner (plan/strategies) and follows the plan with a simulation of
 * its own, so that a mistake there does not pass here. The digest is verified
 * by `verifyPlanDigest`.
 */
export function checkPlan(plan: RecoveryPlan): readonly PlanObjection[] {
  const form = noRestoreNoForce.check({ plan, moments: [] });
  // A step of unknown kind cannot be simulated: nothing else can be said about such a plan.
  if (form.length > 0) return form;
  const checked: CheckedPlan = { plan, moments: replay(plan) };
  return planChecks.flatMap((check) => check.check(checked));
}
