import { writeMetricsFile } from "../../adapters/local-fs/write-metrics-file.ts";
import { postWebhook } from "../../adapters/system/webhook.ts";
import type { ScheduleListener } from "../../app/backup/run-scheduled-backup.ts";
import type { ScheduledRun } from "../../model/backup-schedule.ts";
import type { BackupConfig } from "../../model/cluster-config.ts";
import { redactDocument } from "../../model/redact.ts";
import type { ScheduleRecords } from "../../ports/schedule-records.ts";
import { backupMetrics } from "../../render/backup-metrics.ts";
import { backupRunDocument } from "../../render/backup-run.ts";
import { count } from "../../render/words.ts";
import { toJsonValue } from "../../render/to-json-value.ts";
import { readInstalledTimer } from "../../schemas/backup-schedule.ts";
import { jsonLine } from "../json-line.ts";
import { atHome } from "./open-backup.ts";

/** Whom the configuration wants scheduled backups told. The file first: it is quick, and near. */
export function scheduleListeners({ metrics, webhook }: BackupConfig, records: ScheduleRecords): readonly ScheduleListener[] {
  return [
    ...(metrics === undefined
      ? []
      : [
          {
            name: "the metrics",
            tell: async (...[run, record]: Parameters<ScheduleListener["tell"]>) => {
              const timer = await records.read(run.cluster, "timer");
              const interval = timer === undefined ? undefined : readInstalledTimer(timer).intervalSeconds;
              await writeMetricsFile(atHome(metrics.textfile), backupMetrics(run, record, interval));
            },
          },
        ]),
    ...(webhook === undefined
      ? []
      : [
          {
            name: "the webhook",
            tell: (...[run]: Parameters<ScheduleListener["tell"]>) =>
              postWebhook(
                {
                  ...(webhook.url === undefined ? {} : { url: webhook.url }),
                  ...(webhook.urlFile === undefined ? {} : { urlFile: atHome(webhook.urlFile) }),
                  ...(webhook.caFile === undefined ? {} : { caFile: atHome(webhook.caFile) }),
                },
                jsonLine(redactDocument(toJsonValue(backupRunDocument(forOthers(run))))),
              ),
          },
        ]),
  ];
}

/**
 * What goes to others says that something failed and where to look. The detail
 * may name objects, paths, and what etcd wrote: that stays on this machine.
 */
export function forOthers(run: ScheduledRun): ScheduledRun {
  const { failure, remarks } = run;
  const rest = `told by \`requorum backup timer show\` where ${run.by} makes backups`;
  const levels = new Set(failure?.detail.match(/\bV\d (?:fails|unknown|not-tried)\b/g) ?? []);
  return {
    ...run,
    remarks: remarks.length === 0 ? [] : [`${count(remarks.length, "remark")}, ${rest}`],
    failure: failure === undefined ? undefined : { ...failure, detail: [...levels, `the rest is ${rest}`].join("; ") },
  };
}
