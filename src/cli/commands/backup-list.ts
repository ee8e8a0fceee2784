import { listAndRemember, type ListedBackupSet } from "../../app/backup/list-backups.ts";
import { ageSecondsOf } from "../../catalogue/time-of-set.ts";
import type { Restorability } from "../../catalogue/verify/restorability.ts";
import { toBase64Url } from "../../formats/backup-set/byte-text.ts";
import {
  setSummary,
  type BackupListDocument,
  type BackupProofSummary,
  type BackupSetDocument,
  type ListedBackup,
} from "../../render/backup-document.ts";
import { backupListPage } from "../../render/backup-pages.ts";
import { scheduleHere } from "../backup/schedule-here.ts";
import { withBackup } from "../backup/with-backup.ts";
import type { CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    return withBackup(invocation, { isQuiet: true, worksAlone: true }, async ({ app, display, backup }) => {
      const context = { backup: backup.ports, trust: backup.trust, signal: app.signal };
      const nowMs = app.ports.clock.nowMs();
      const [{ sets, lost, isStore, remarks }, schedule] = await Promise.all([
        listAndRemember(context, app.config.cluster, nowMs),
        app.config.cluster === "" || backup.isOther ? undefined : scheduleHere(cli, app.config.cluster, nowMs),
      ]);
      display.stop();
      const document: BackupListDocument = {
        apiVersion: "requorum/v1",
        kind: "BackupList",
        cluster: app.config.cluster,
        store: backup.ports.store.place,
        publicKey: backup.publicKey === undefined ? undefined : toBase64Url(backup.publicKey),
        schedule,
        lost,
        isStore: sets.length > 0 || isStore,
        remarks,
        sets: sets.map((one) => listed(one, nowMs)),
      };
      printResult(cli, document, () => backupListPage(document));
      const isLate = schedule?.state === "failing" || schedule?.state === "overdue";
      const isGood = sets.every(({ set, restorability }) => set.kind === "trusted" && isSound(restorability));
      return !isLate && lost === undefined && remarks.length === 0 && isGood ? "done" : "findings";
    });
  },
};

function listed({ set, restorability }: ListedBackupSet, nowMs: number): ListedBackup {
  if (set.kind === "damaged") return { state: "damaged", because: set.because, object: set.object.name };
  return {
    state: set.kind,
    ...standingOf(set, restorability),
    ageSeconds: ageSecondsOf(set.manifest, nowMs),
    set: setSummary(set.manifest),
    proof: proofSummary(restorability),
  };
}

/** What is said of a whole set beside its state. */
export function standingOf(
  set: { readonly because: string },
  restorability: Restorability | undefined,
): Pick<BackupSetDocument, "standing" | "because"> {
  if (restorability === undefined) return { standing: "unknown", because: set.because };
  return { standing: restorability.standing, because: isSound(restorability) ? "" : (restorability.because[0] ?? "") };
}

/** Nothing speaks against it. Nobody need have proven it: that is shown, and no alarm. undefined: it is not trusted. */
export function isSound(restorability: Restorability | undefined): boolean {
  return restorability?.standing === "holds" || restorability?.standing === "unverified";
}

/** undefined: nobody tried. */
export function proofSummary(restorability: Restorability | undefined): BackupProofSummary | undefined {
  if (restorability?.provenAt === undefined) return undefined;
  const { level, provenAt, score, because, expectedRto } = restorability;
  const seconds = (ms: number): number => Math.round(ms / 100) / 10;
  return {
    level,
    at: provenAt,
    score,
    because,
    expectedRto:
      expectedRto === undefined
        ? undefined
        : {
            etcdSeconds: seconds(expectedRto.etcdMs),
            apiSeconds: expectedRto.apiMs === undefined ? undefined : seconds(expectedRto.apiMs),
          },
  };
}
