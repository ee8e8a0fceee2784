import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeLocalLock } from "../../../test/support/fake-local-lock.ts";
import { FakeScheduleRecords } from "../../../test/support/fake-schedule-records.ts";
import { manifestFacts } from "../../../test/support/set-world.ts";
import { runningBeside } from "../../adapters/system/node-process-owner.ts";
import type { ScheduledRun, ScheduleRecord } from "../../model/backup-schedule.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import { asBackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { backupMetrics } from "../../render/backup-metrics.ts";
import { forOthers } from "../../cli/backup/schedule-listeners.ts";
import { backupRunDocument, backupRunPage, scheduleReason } from "../../render/backup-run.ts";
import { readScheduleRecord, writeInstalledTimer, writeScheduleRecord } from "../../schemas/backup-schedule.ts";
import { readSchedule } from "./read-schedule.ts";
import { runScheduledBackup, type ScheduledBackupContext, type ScheduledSteps } from "./run-scheduled-backup.ts";

const id = asBackupSetId("20260301-030000-aaaaaa");
const manifest = { ...manifestFacts(), id } as BackupManifest;
const olderId = asBackupSetId("20260228-030000-aaaaaa");
const owner = { host: "bastion", pid: 7, bootId: "b" };
const hourMs = 3_600_000;

function world(steps: Partial<ScheduledSteps> = {}, changes: Partial<ScheduledBackupContext> = {}) {
  const clock = new FakeClock();
  const records = new FakeScheduleRecords();
  const did: string[] = [];
  const told: { readonly run: ScheduledRun; readonly record: ScheduleRecord }[] = [];
  const doing = <T>(name: string, result: T): Promise<T> => {
    did.push(name);
    clock.advance(1000);
    return Promise.resolve(result);
  };
  const context: ScheduledBackupContext = {
    cluster: "prod",
    store: "/srv/sets",
    schedule: { verify: "V3", reverify: "off", prune: "off" },
    by: "root@bastion",
    program: "requorum 0.1.0",
    ports: { clock, records, localLock: new FakeLocalLock() },
    owner,
    isRunning: () => Promise.resolve(false),
    listeners: [
      {
        name: "the webhook",
        tell: (run, record) => {
          told.push({ run, record });
          return Promise.resolve();
        },
      },
    ],
    open: () =>
      doing("open", {
        create: () => doing("create", { manifest: { ...manifest, createdAt: clock.nowIso() }, remarks: [] }),
        verify: (_manifest, level) => doing(`verify ${level}`, { level, problems: [] }),
        reverify: (_made, level) => doing(`reverify ${level}`, { id: olderId, level, problems: [] }),
        prune: (isApplied) => doing(`prune ${String(isApplied)}`, { isApplied, remove: ["sets/old.json"], refusals: [] }),
        close: () => doing("close", undefined),
        ...steps,
      }),
    ...changes,
  };
  const record = async () => readScheduleRecord((await records.read("prod", "runs")) ?? "");
  const summary = () => readSchedule({ records, isRunning: context.isRunning, nowMs: clock.nowMs() }, "prod");
  return { clock, records, did, told, context, record, summary };
}

test("scheduled backup: made, proven to the configured level, kept and told; nothing is pruned unless it is configured", async () => {
  const { context, did, told, record, summary } = world();
  const { run, error, untold } = await runScheduledBackup(context);
  assert.deepEqual([did, error, untold], [["open", "create", "verify V3", "close"], undefined, []]);
  assert.deepEqual([run.outcome, run.set?.level, run.prune], ["succeeded", "V3", undefined]);
  const kept = await record();
  assert.deepEqual([kept.running, kept.lastSuccess?.set, kept.failuresInARow], [undefined, id, 0]);
  assert.deepEqual(kept.last, run);
  assert.equal(told.length, 1);
  assert.equal((await summary())?.state, "ok");
});

test("scheduled backup: a set that is not proven is a failure, and never followed by pruning", async () => {
  const failing = world(
    { verify: () => Promise.resolve({ level: "V1", problems: ["V2 fails: a page is damaged"] }) },
    { schedule: { verify: "V4", reverify: "off", prune: "apply" } },
  );
  const { run, error } = await runScheduledBackup(failing.context);
  assert.deepEqual(
    [run.outcome, run.failure?.code, run.failure?.phase, error?.code],
    ["failed", "BACKUP_NOT_PROVEN", "verify", "BACKUP_NOT_PROVEN"],
  );
  assert.deepEqual(failing.did, ["open", "create", "close"]);
  const summary = await failing.summary();
  assert.deepEqual([summary?.state, summary?.lastSuccess], ["failing", undefined]);
  assert.match(summary?.because ?? "", /BACKUP_NOT_PROVEN \(verify\): V2 fails/);
});

test("scheduled backup: what keeps the store from being opened is kept and told like any failure, one after the other", async () => {
  const open = () => Promise.reject(new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store s3://b", detail: "no answer" }));
  const { context, told, record } = world({}, { open });
  await runScheduledBackup(context);
  await runScheduledBackup(context);
  const { failuresInARow, lastFailure } = await record();
  assert.deepEqual([failuresInARow, lastFailure?.phase, lastFailure?.code], [2, "open", "BACKUP_STORE_UNREACHABLE"]);
  assert.deepEqual(
    told.map(({ run }) => run.outcome),
    ["failed", "failed"],
  );
});

test("scheduled backup: pruning that is refused fails the run, and the proven set counts all the same", async () => {
  const { context, record, summary } = world(
    { prune: (isApplied) => Promise.resolve({ isApplied, remove: [], refusals: ["another cluster id"] }) },
    { schedule: { verify: "V3", reverify: "off", prune: "plan" } },
  );
  const { run } = await runScheduledBackup(context);
  assert.deepEqual([run.outcome, run.failure?.code], ["succeeded", "BACKUP_PRUNE_REFUSED"]);
  assert.deepEqual([(await record()).lastSuccess?.set, (await summary())?.state], [id, "incomplete"]);
});

test("scheduled backup: a store without room is pruned before, and tried once more, where pruning is configured", async () => {
  const full = new RecoveryError("BACKUP_STORE_FULL", {
    subject: "store /srv/sets",
    detail: "could not put packs/aa: no space is left there",
  });
  const never = { create: () => Promise.reject(full) };
  const scheduled = (prune: "apply" | "plan") => ({ schedule: { verify: "V3", reverify: "off", prune } as const });
  let tries = 0;
  const once = world(
    { create: () => (++tries === 1 ? Promise.reject(full) : Promise.resolve({ manifest, remarks: [] })) },
    scheduled("apply"),
  );
  const { run } = await runScheduledBackup(once.context);
  assert.deepEqual([run.outcome, run.prune?.remove], ["succeeded", ["sets/old.json", "sets/old.json"]]);
  assert.deepEqual(once.did, ["open", "prune true", "verify V3", "prune true", "close"]);

  const still = world(never, scheduled("apply"));
  const failed = await runScheduledBackup(still.context);
  assert.deepEqual([failed.error?.code, failed.run.failure?.phase, failed.run.prune?.remove], [full.code, "create", ["sets/old.json"]]);
  assert.deepEqual(still.did, ["open", "prune true", "close"]);

  const refused = world(
    { ...never, prune: (isApplied) => Promise.resolve({ isApplied, remove: [], refusals: ["another cluster id"] }) },
    scheduled("apply"),
  );
  assert.match(
    (await runScheduledBackup(refused.context)).error?.detail ?? "",
    /no space is left there\. Pruning was refused: another cluster id/,
  );
  const unasked = world(never, scheduled("plan"));
  await runScheduledBackup(unasked.context);
  assert.deepEqual(unasked.did, ["open", "close"], "where it only says what it would remove, it removes nothing");
});

test("scheduled backup: a set that may be listed is named in the record and to others, and no second one is made", async () => {
  const create = () =>
    Promise.reject(
      new RecoveryError("BACKUP_SET_UNDECIDED", { subject: `set ${id}`, detail: `no room. Set ${id} may still appear there` }),
    );
  const { context, did, record, summary } = world({ create }, { schedule: { verify: "V3", reverify: "off", prune: "apply" } });
  const { run } = await runScheduledBackup(context);
  assert.deepEqual(did, ["open", "close"]);
  const { lastFailure } = await record();
  assert.deepEqual([lastFailure?.code, lastFailure?.subject], ["BACKUP_SET_UNDECIDED", `set ${id}`]);
  assert.equal(forOthers(run).failure?.subject, `set ${id}`);
  assert.match((await summary())?.because ?? "", new RegExp(`BACKUP_SET_UNDECIDED .*${id}`));
});

test("scheduled backup: a listener that fails is said, and the backup stands; a bug is told, and thrown", async () => {
  const deaf = new RecoveryError("BACKUP_WEBHOOK_FAILED", { subject: "the webhook", detail: "HTTP 500" });
  const { context, record } = world({}, { listeners: [{ name: "the webhook", tell: () => Promise.reject(deaf) }] });
  const { run, error, untold } = await runScheduledBackup(context);
  assert.deepEqual([run.outcome, error, untold], ["succeeded", undefined, [{ what: "the webhook", error: deaf }]]);
  assert.equal((await record()).failuresInARow, 0);
  const buggy = world({ create: () => Promise.reject(new TypeError("x is not a function")) });
  await assert.rejects(runScheduledBackup(buggy.context), TypeError);
  assert.equal(buggy.told[0]?.run.failure?.code, "BUG");
});

test("scheduled backup: a full disk or a damaged record does not keep the backup from being made, and is said", async () => {
  const full = world();
  full.records.writeFailure = new RecoveryError("LOCAL_DISK_FULL", { subject: "file runs.json", detail: "no space" });
  const unkept = await runScheduledBackup(full.context);
  assert.deepEqual(
    [unkept.run.outcome, unkept.untold.map(({ what }) => what)],
    ["succeeded", ["the start of the run", "how far the run has come", "the end of the run"]],
  );
  const damaged = world();
  damaged.records.texts.set("prod/runs", "{");
  await assert.rejects(damaged.summary(), /record of scheduled backups/);
  const { untold } = await runScheduledBackup(damaged.context);
  assert.deepEqual(
    untold.map(({ error }) => error.code),
    ["BACKUP_RECORD_DAMAGED"],
  );
  assert.equal((await damaged.summary())?.state, "ok");
});

test("scheduled backup: an older set is looked at again before anything is pruned; one that is not what it was is loud, and nothing goes", async () => {
  const schedule = { verify: "V3", reverify: "V1", prune: "apply" } as const;
  const good = world({}, { schedule });
  const { run } = await runScheduledBackup(good.context);
  assert.deepEqual(good.did, ["open", "create", "verify V3", "reverify V1", "prune true", "close"]);
  assert.deepEqual(run.reverified, { id: olderId, level: "V1", isProven: true });
  assert.match(backupMetrics(run, await good.record(), undefined), /requorum_backup_reverify_success\{cluster="prod"\} 1/);
  const problems = ["V1 fails: pack 12 is not what its name says"];
  const rotten = world({ reverify: () => Promise.resolve({ id: olderId, level: "V0", problems }) }, { schedule });
  const found = await runScheduledBackup(rotten.context);
  assert.deepEqual(rotten.did, ["open", "create", "verify V3", "close"]);
  assert.deepEqual(
    [found.run.outcome, found.run.failure?.phase, found.error?.code, found.error?.subject],
    ["succeeded", "reverify", "BACKUP_NOT_PROVEN", `set ${olderId}`],
  );
  assert.equal((await rotten.summary())?.state, "incomplete");
  const kept = await rotten.record();
  assert.deepEqual([kept.failuresInARow, kept.last?.reverified?.isProven], [0, false]);
});

test("scheduled backup: what was remarked of the store is kept, shown and counted, and others are told only how much", async () => {
  const lost = "set x was in /srv/sets, and is there no more";
  const { context, clock, record, summary } = world(
    {
      create: () => Promise.resolve({ manifest, remarks: [lost] }),
      prune: (isApplied) => Promise.resolve({ isApplied, remove: [], refusals: [], remarks: ["packs/aa could not be removed"] }),
    },
    { schedule: { verify: "V3", reverify: "off", prune: "apply" } },
  );
  const { run } = await runScheduledBackup(context);
  const told = [lost, "packs/aa could not be removed"];
  assert.deepEqual([run.outcome, run.remarks, run.prune], ["succeeded", told, { isApplied: true, remove: [], refusals: [] }]);
  assert.deepEqual((await record()).last?.remarks, told);
  const seen = await summary();
  assert.deepEqual([seen?.state, seen?.remarks], ["ok", told]);
  const shown = (page: unknown): string => JSON.stringify(page);
  assert.match(shown(backupRunPage(backupRunDocument(run))), new RegExp(`${lost}.*packs/aa`));
  assert.match(shown(scheduleReason(seen)), new RegExp(`last scheduled backup remarked: .*${lost}.*packs/aa`));
  assert.doesNotMatch(shown(scheduleReason(seen, lost)), /was in/);
  assert.match(backupMetrics(run, await record(), undefined), /_last_run_remarks\{cluster="prod"\} 2\n/);
  assert.match(forOthers(run).remarks.join(), /^2 remarks, told by `requorum backup timer show` where root@bastion makes backups$/);
  clock.advance(hourMs);
  await runScheduledBackup({ ...context, open: world().context.open });
  assert.deepEqual((await summary())?.remarks, []);
});

test("scheduled backup: a run that was killed is a failure, as soon as somebody looks; one that still works is none", async () => {
  const { context, records, summary, record } = world({}, { isRunning: () => Promise.resolve(false) });
  records.texts.set(
    "prod/runs",
    writeScheduleRecord({
      running: { startedAt: "2026-03-01T00:00:00.000Z", ...owner },
      last: undefined,
      lastSuccess: undefined,
      lastFailure: undefined,
      failuresInARow: 0,
    }),
  );
  assert.equal((await summary())?.lastFailure?.code, "BACKUP_RUN_KILLED");
  assert.equal((await summary())?.state, "failing");
  const alive = await readSchedule({ records, isRunning: () => Promise.resolve(true), nowMs: 0 }, "prod");
  assert.equal(alive?.state, "waiting");
  await runScheduledBackup(context);
  const kept = await record();
  assert.deepEqual([kept.lastFailure?.code, kept.failuresInARow], ["BACKUP_RUN_KILLED", 0]);
});

test("scheduled backup: a second run beside the first is refused, and takes nothing of what that one tells", async () => {
  const { context, record } = world();
  let second: unknown;
  const open = async () => {
    second = await runScheduledBackup(context).catch((error: unknown) => error);
    return context.open();
  };
  const first = await runScheduledBackup({ ...context, open });
  assert.equal(first.run.outcome, "succeeded");
  assert.ok(second instanceof RecoveryError);
  assert.equal(second.code, "RUN_LOCKED");
  assert.equal(second.remedies[0]?.command, "requorum backup timer show");
  assert.equal((await record()).lastSuccess?.set, id);
});

test("scheduled backup: a lock that cannot be let go changes nothing of what was done, and is said", async () => {
  const { context } = world();
  const release = () => Promise.reject(new RecoveryError("LOCAL_FILE_FAILED", { subject: "file x", detail: "read-only" }));
  const localLock = { acquire: () => Promise.resolve({ release }) };
  const { run, untold } = await runScheduledBackup({ ...context, ports: { ...context.ports, localLock } });
  assert.deepEqual([run.outcome, untold.map(({ what }) => what)], ["succeeded", ["the end of the lock"]]);
});

test("scheduled backup: a run that is killed after its set was proven has a set, and was killed all the same", async () => {
  const { context, records, summary } = world({}, { schedule: { verify: "V3", reverify: "V1", prune: "off" } });
  let during: string | undefined;
  const open = async () => {
    const steps = await context.open();
    const reverify: ScheduledSteps["reverify"] = (...given) => {
      during = records.texts.get("prod/runs");
      return steps.reverify(...given);
    };
    return { ...steps, reverify };
  };
  await runScheduledBackup({ ...context, open });
  assert.ok(during !== undefined);
  records.texts.set("prod/runs", during);
  const found = await summary();
  assert.deepEqual(
    [found?.state, found?.lastSuccess?.set, found?.lastFailure?.code, found?.lastFailure?.phase, found?.failuresInARow],
    ["incomplete", id, "BACKUP_RUN_KILLED", "reverify", 0],
  );
});

test("scheduled backup: a run that went with its machine's power is a failure after the next boot", async () => {
  const here = { ...owner, machine: "m".repeat(32) };
  const { context, records, summary } = world({}, { owner: here, isRunning: runningBeside({ ...here, bootId: "the next one" }) });
  let during: string | undefined;
  const open = () => {
    during = records.texts.get("prod/runs");
    return context.open();
  };
  await runScheduledBackup({ ...context, open });
  assert.ok(during !== undefined);
  records.texts.set("prod/runs", during);
  assert.equal((await summary())?.lastFailure?.code, "BACKUP_RUN_KILLED");
});

test("schedule: later than two intervals it is overdue, also when no run ever came; without a known interval nobody says so", async () => {
  const { context, clock, records, summary } = world();
  const timer = {
    unit: "requorum-backup-prod",
    scope: "system",
    schedule: "every 6h",
    intervalSeconds: 6 * 3600,
    installedAt: clock.nowIso(),
  } as const;
  assert.equal(await summary(), undefined);
  records.texts.set("prod/timer", writeInstalledTimer(timer));
  assert.equal((await summary())?.state, "waiting");
  assert.equal((await summary())?.nextBy, new Date(clock.nowMs() + 6 * hourMs).toISOString());
  clock.advance(12 * hourMs + 1);
  assert.match((await summary())?.because ?? "", /no proven set since the timer was installed/);
  await runScheduledBackup(context);
  assert.equal((await summary())?.state, "ok");
  clock.advance(12 * hourMs + 5000);
  assert.equal((await summary())?.state, "overdue");
  records.texts.set("prod/timer", writeInstalledTimer({ ...timer, intervalSeconds: undefined }));
  assert.equal((await summary())?.state, "ok");
});

test("backupMetrics: every name has help, type and one value of the cluster; what is not known is left out", async () => {
  const { context, told } = world();
  await runScheduledBackup(context);
  const [first] = told;
  assert.ok(first !== undefined);
  const text = backupMetrics(first.run, first.record, undefined);
  assert.match(text, /^requorum_backup_last_run_success\{cluster="prod"\} 1$/m);
  assert.match(text, /^requorum_backup_last_set_proven_level\{cluster="prod"\} 3$/m);
  assert.match(text, /^requorum_backup_last_success_timestamp_seconds\{cluster="prod"\} 1772334\d+/m);
  assert.doesNotMatch(text, /interval_seconds|last_failure|NaN|undefined/);
  for (const block of text.trimEnd().split(/^(?=# HELP)/m))
    assert.match(block, /^# HELP (\S+) .+\n# TYPE \1 gauge\n\1\{cluster="prod"\} \S+\n?$/);
});
