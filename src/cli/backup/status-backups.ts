import type { AppContext } from "../../app/app-ports.ts";
import { glanceAtBackups, type BackupGlance, type GlancedSet } from "../../app/backup/glance-at-backups.ts";
import type { ScheduleSummary } from "../../model/backup-schedule.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { unreadWords } from "../../render/backup-pages.ts";
import type { StatusBackup, StatusDocument } from "../../render/status-document.ts";
import type { CliContext } from "../cli-context.ts";
import { openBackup } from "./open-backup.ts";
import { scheduleHere } from "./schedule-here.ts";

/** `status` is repeated every few seconds, and must not wait for a store that is far away or down. */
const limitMs = 2000;

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
  const empty = { ...here, isSeen: false, newest: undefined, lastProven: undefined, lost: undefined };
  try {
    const backup = await openBackup(cli, config);
    try {
      const context = { backup: backup.ports, trust: backup.trust, signal: AbortSignal.any([app.signal, tooLate]) };
      const nowMs = app.ports.clock.nowMs();
      const { newest, lastProven, lost, unreadable } = await glanceAtBackups(context, config.cluster, nowMs);
      const backups = { ...empty, isSeen: true, newest: shown(newest, nowMs), lastProven: shown(lastProven, nowMs), lost };
      const problem = newestProblem({ newest, unreadable });
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
export function newestProblem({ newest, unreadable }: Pick<BackupGlance, "newest" | "unreadable">): string | undefined {
  const [first] = unreadable;
  const more = unreadable.length === 1 ? "" : `, and ${String(unreadable.length - 1)} more`;
  if (first !== undefined)
    return `backup set ${first}${more}: its manifest is damaged, gone or not to be read, and it is newer than what is shown`;
  const unread = unreadWords(newest?.restorability);
  return newest === undefined || unread === undefined ? undefined : `backup set ${newest.manifest.id}: ${unread}`;
}

function shown(set: GlancedSet | undefined, nowMs: number): StatusBackup | undefined {
  if (set === undefined) return undefined;
  const { manifest, restorability } = set;
  return {
    id: manifest.id,
    createdAt: manifest.createdAt,
    ageSeconds: Math.max(0, Math.round((nowMs - Date.parse(manifest.createdAt)) / 1000)),
    level: restorability.level,
    score: restorability.score,
    expectedRtoSeconds:
      restorability.expectedRto === undefined
        ? undefined
        : Math.round((restorability.expectedRto.apiMs ?? restorability.expectedRto.etcdMs) / 1000),
    marks: [...new Set(manifest.marks.map(({ code }) => code))],
  };
}
