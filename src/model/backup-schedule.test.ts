import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyScheduleRecord, scheduleSummaryOf, type InstalledTimer, type ScheduleRecord } from "./backup-schedule.ts";

const nowMs = Date.parse("2026-11-22T15:00:00.000Z");
const timer = (installedAt: string): InstalledTimer => ({
  unit: "requorum-backup-prod",
  scope: "system",
  schedule: "every 6h",
  intervalSeconds: 6 * 3600,
  installedAt,
});
const proven = (at: string): ScheduleRecord => ({ ...emptyScheduleRecord, lastSuccess: { at, set: "20271122-031500-aaaaaa" } });
const summary = (record: ScheduleRecord | undefined, installedAt: string | undefined) =>
  scheduleSummaryOf(record, installedAt === undefined ? undefined : timer(installedAt), nowMs);

test("scheduleSummaryOf: a last proven set that is dated in the future proves no freshness, with a timer or without, and is told", () => {
  for (const installedAt of ["2026-10-01T00:00:00.000Z", undefined]) {
    const { state, because } = summary(proven("2027-11-22T03:15:00.000Z"), installedAt) ?? {};
    assert.equal(state, "overdue");
    assert.match(because ?? "", /20271122-031500-aaaaaa, is dated in the future \(2027-11-22T03:15:00\.000Z\)/);
  }
  // Two clocks that differ by minutes.
  assert.equal(summary(proven("2026-11-22T15:10:00.000Z"), "2026-10-01T00:00:00.000Z")?.state, "ok");
});

test("scheduleSummaryOf: a timer that was installed by a clock that was ahead hides no backup that is overdue, and says no next run", () => {
  const ahead = "2027-11-22T03:00:00.000Z";
  const old = summary(proven("2026-11-20T03:15:00.000Z"), ahead);
  assert.deepEqual([old?.state, old?.nextBy], ["overdue", undefined]);
  assert.equal(summary(proven("2026-11-22T09:15:00.000Z"), ahead)?.state, "ok");
  const none = summary(undefined, ahead);
  assert.deepEqual([none?.state, none?.nextBy], ["overdue", undefined]);
  assert.match(none?.because ?? "", /installed in the future/);
});
