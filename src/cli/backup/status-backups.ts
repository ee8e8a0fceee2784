import type { AppContext } from "../../app/app-ports.ts";
import { glanceAtBackups, type BackupGlance, type GlancedSet } from "../../app/backup/glance-at-backups.ts";
import { ageSecondsOf } from "../../catalogue/time-of-set.ts";
import type { ScheduleSummary } from "../../model/backup-schedule.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { unreadWords } from "../../render/backup-pages.ts";
import type { StatusBackup, StatusDocument } from "../../render/status-document.ts";
import type { CliContext } from "../cli-context.ts";
import { openBackup } from "./open-backup.ts";
import { scheduleHere } from "./schedule-here.ts";

/** `status` is repeated every few seconds, and must not wait for a store that is far away or down. */
const limitMs = 2000;
/** Of that the store has as long to list its packs; the sets are shown without them then. */
const listingMs = 1500;

/** undefined: no backups are configured. What cannot be seen of the store is said, and nothing else of the look is lost. */
export async function statusBackups(
  cli: Pick<CliContext, "directories">,
  app: AppContext,
): Promise<{ readonly backups: StatusDocument["backups"]; readonly problem?: string }> {
  const { config } = app;
  if (config.backup === undefined) return { backups: undefined };
  const { schedule, problem } = await scheduleIfReadable(cli, app);
  const seen = await storeGlance(cli, app, { store: config.backup.store, schedule });
  const problems = [problem, seen.problem].filter((words) => words !== undefined);
  return problems.length === 0 ? { backups: seen.backups } : { backups: seen.backups, problem: problems.join("; ") };
}

/** What this machine keeps is near: nobody waits for it, and it is there when the store is not. */
async function scheduleIfReadable(
  cli: Pick<CliContext, "directories">,
  { config, ports }: AppContext,
): Promise<{ readonly schedule: ScheduleSummary | undefined; readonly problem?: string }> {
  try {
    return { schedule: await scheduleHere(cli, config.cluster, ports.clock.nowMs()) };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return { schedule: undefined, problem: `scheduled backups (${error.code}: ${error.detail})` };
  }
}

async function storeGlance(
  cli: Pick<CliContext, "directories">,
  app: AppContext,
  here: { readonly store: string; readonly schedule: ScheduleSummary | undefined },
): Promise<{ readonly backups: StatusDocument["backups"]; readonly problem?: string }> {
  const { config } = app;
  const tooLate = AbortSignal.timeout(limitMs);
  const empty = { ...here, isSeen: false, newest: undefined, lastProven: undefined, lost: undefined, passedOver: [] };
  try {
    const backup = await openBackup(cli, config);
    try {
      const context = { backup: backup.ports, trust: backup.trust, signal: AbortSignal.any([app.signal, tooLate]) };
      const nowMs = app.ports.clock.nowMs();
      const listing = AbortSignal.any([context.signal, AbortSignal.timeout(listingMs)]);
      const glance = await glanceAtBackups(context, config.cluster, nowMs, listing);
      const { newest, lastProven, lost } = glance;
      const passedOver = glance.passedOver.map(({ id, words, signer }) => ({
        id,
        because: words,
        command: signer === undefined ? undefined : `requorum backup show ${id} --trust-signer ${shellWord(signer)}`,
      }));
      const backups = { ...empty, isSeen: true, newest: shown(newest, nowMs), lastProven: shown(lastProven, nowMs), lost, passedOver };
      const problem = newestProblem(glance);
      return problem === undefined ? { backups } : { backups, problem };
    } finally {
      await backup.close();
    }
  } catch (error) {
    app.signal.throwIfAborted();
    if (!tooLate.aborted && !(error instanceof RecoveryError)) throw error;
    const why =
      error instanceof RecoveryError && !tooLate.aborted
        ? `${error.code}: ${error.detail}`
        : `${here.store} gave no answer within ${String(limitMs / 1000)} s`;
    return { backups: empty, problem: `the backup sets (${why})` };
  }
}

/** Why what is shown of the newest set is not all that there is to know. */
export function newestProblem({
  newest,
  unreadable,
  unlisted,
}: Pick<BackupGlance, "newest" | "unreadable" | "unlisted">): string | undefined {
  const [first] = unreadable;
  const more = unreadable.length === 1 ? "" : `, and ${String(unreadable.length - 1)} more`;
  const unread = unreadWords(newest?.restorability);
  const problems = [
    first !== undefined
      ? `backup set ${first}${more}: its manifest is damaged, gone or not to be read, and it is newer than what is shown`
      : newest !== undefined && unread !== undefined
        ? `backup set ${newest.manifest.id}: ${unread}`
        : undefined,
    unlisted === undefined || newest === undefined
      ? undefined
      : `whether the packs of the backup sets are still in the store (${unlisted}); what is said of them was proven once`,
  ].filter((words) => words !== undefined);
  return problems.length === 0 ? undefined : problems.join("; ");
}

function shown(set: GlancedSet | undefined, nowMs: number): StatusBackup | undefined {
  if (set === undefined) return undefined;
  const { manifest, restorability } = set;
  return {
    id: manifest.id,
    createdAt: manifest.createdAt,
    ageSeconds: ageSecondsOf(manifest, nowMs),
    standing: restorability.standing,
    because: restorability.standing === "fails" ? (restorability.because[0] ?? "") : "",
    level: restorability.level,
    score: restorability.score,
    expectedRtoSeconds:
      restorability.expectedRto === undefined
        ? undefined
        : Math.round((restorability.expectedRto.apiMs ?? restorability.expectedRto.etcdMs) / 1000),
    marks: [...new Set(manifest.marks.map(({ code }) => code))],
  };
}
