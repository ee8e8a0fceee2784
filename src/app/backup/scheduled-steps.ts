import { leastRecentlyProven } from "../../catalogue/least-recently-proven.ts";
import type { PruneRequest } from "../../catalogue/prune-store.ts";
import { proofLevels, type BackupManifest, type ProofLevel } from "../../model/backup-set.ts";
import { pruneConsentOf } from "../../model/prune-plan.ts";
import type { CreateBackupContext } from "./backup-context.ts";
import { createBackup } from "./create-backup.ts";
import { isIdlePrune, clearStore, planBackupsPrune, pruneBackups } from "./prune-backups.ts";
import type { ProvenSet, ScheduledSteps } from "./run-scheduled-backup.ts";
import { verifyBackup, type VerifiedBackup } from "./verify-backup.ts";
import type { VerifyContext } from "./verify-context.ts";

/** The use cases as a scheduled backup calls them: nobody accepts marks or breaks in a timer, and V5 is a drill. */
export function scheduledStepsOf(given: {
  readonly create: CreateBackupContext;
  readonly verify: (manifest: BackupManifest) => Promise<VerifyContext>;
  readonly prune: PruneRequest;
  readonly close: () => Promise<void>;
}): ScheduledSteps {
  const proven = async (manifest: BackupManifest, level: ProofLevel): Promise<ProvenSet> => {
    const verified = await verifyBackup(await given.verify(manifest), { id: manifest.id, level, isDrill: level === "V5" });
    return { level: highestLevel(verified), problems: problemsOf(verified, level) };
  };
  return {
    create: () => createBackup(given.create, { accepted: [], from: undefined }),
    verify: proven,
    reverify: async (made, level) => {
      const { backup, trust, signal } = given.create;
      const older = await leastRecentlyProven({ ...backup, trust }, { cluster: made.cluster.name, but: made.id }, signal);
      return older === undefined ? undefined : { id: older.id, ...(await proven(older.manifest, level)) };
    },
    prune: async (isApplied) => {
      const plan = await planBackupsPrune(given.create, given.prune);
      const remove = plan.sets.flatMap(({ verdict, objectName }) => (verdict === "remove" ? [objectName] : []));
      if (!isApplied || plan.refusals.length > 0) return { isApplied, remove, refusals: plan.refusals };
      const { pruned, unkept } = isIdlePrune(plan)
        ? await clearStore(given.create)
        : await pruneBackups(given.create, {
            plan,
            request: given.prune,
            // The configuration is the operator's own words: `backup.schedule.prune: apply`.
            askConsent: ({ digest }) => Promise.resolve(pruneConsentOf({ digest, by: given.create.operator.by, how: "yes-option" })),
          });
      const { objectsLeftBecause } = pruned;
      const left =
        objectsLeftBecause === undefined
          ? []
          : [
              `objects of ${plan.store} that no set needs could not be removed: ${objectsLeftBecause}. They take room, and harm no set; the next one who prunes or makes a set there tries again`,
            ];
      const ofMemory = unkept === undefined ? [] : [`${unkept.subject}: ${unkept.detail} (${unkept.code})`];
      return { isApplied, remove, refusals: [], remarks: [...left, ...ofMemory] };
    },
    close: given.close,
  };
}

function highestLevel({ outcomes }: VerifiedBackup): ProofLevel | undefined {
  const firstWithout = outcomes.findIndex(({ verdict }) => verdict !== "holds");
  return outcomes[(firstWithout < 0 ? outcomes.length : firstWithout) - 1]?.level;
}

/** Every wanted level that does not hold, with its reasons; and evidence that could not be written. */
function problemsOf({ outcomes, proofProblem }: VerifiedBackup, wanted: ProofLevel): readonly string[] {
  const asked = outcomes.filter(({ level }) => proofLevels.indexOf(level) <= proofLevels.indexOf(wanted));
  return [
    ...asked
      .filter(({ verdict }) => verdict !== "holds")
      .map(({ level, verdict, because }) => `${level} ${verdict}: ${because.join("; ")}`),
    ...(proofProblem === undefined
      ? []
      : [`the proof could not be written: ${proofProblem.subject}: ${proofProblem.detail} (${proofProblem.code})`]),
  ];
}
