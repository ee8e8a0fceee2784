import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeScheduleRecords } from "../../../test/support/fake-schedule-records.ts";
import { FakeUnitHost } from "../../../test/support/fake-unit-host.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { readInstalledTimer } from "../../schemas/backup-schedule.ts";
import { carryOutTimerPlan, planTimerInstall, planTimerRemove, type InstallRequest } from "./change-timer.ts";

const request: InstallRequest = {
  every: { words: "6h", seconds: 21600 },
  calendar: undefined,
  facts: {
    command: ["/usr/bin/node", "requorum.js"],
    environment: {},
    writable: ["/srv/sets"],
    passphraseFile: undefined,
  },
  directories: [],
  storeDirectory: "/srv/sets",
  runSecondsMax: 3600,
  isStarted: true,
};
const timer = "requorum-backup-prod.timer";
const service = "requorum-backup-prod.service";

function world() {
  const units = new FakeUnitHost();
  const records = new FakeScheduleRecords();
  return { cluster: "prod", units, records, clock: new FakeClock(), hashing: new NodeHashing() };
}

async function installed(wanted = request) {
  const made = world();
  await carryOutTimerPlan(made, await planTimerInstall(made, wanted));
  return made;
}

test("timer install: the plan changes nothing; carried out, it writes both units, notes the schedule and starts the timer", async () => {
  const made = world();
  const plan = await planTimerInstall(made, request);
  assert.deepEqual([made.units.log, [...made.records.texts]], [[], []]);
  await carryOutTimerPlan(made, plan);
  assert.deepEqual(made.units.log, [
    "mkdir /srv/sets",
    `write ${service}`,
    `write ${timer}`,
    "daemon-reload",
    `enable ${timer}`,
    `restart ${timer}`,
  ]);
  const kept = readInstalledTimer((await made.records.read("prod", "timer")) ?? "");
  assert.deepEqual([kept.schedule, kept.intervalSeconds], ["every 6h", 21600]);
});

test("timer install again: other times replace our own units; one that was changed by hand is kept beside", async () => {
  const made = await installed();
  made.units.files.set(service, `${made.units.files.get(service) ?? ""}Environment=A=B\n`);
  const before = made.units.files.get(service);
  made.units.log.length = 0;
  await carryOutTimerPlan(made, await planTimerInstall(made, { ...request, every: { words: "1d", seconds: 86400 } }));
  assert.deepEqual(made.units.log.slice(1, 4), [`aside ${service}`, `write ${service}`, `write ${timer}`]);
  assert.equal(made.units.files.get(`${service}.kept-20260301030000`), before);
});

test("timer install again, just the same: nothing is done, so that no run begins and what is overdue stays so", async () => {
  const made = await installed();
  // Somebody stopped it: then it is started.
  assert.ok((await planTimerInstall(made, request)).actions.length > 0);
  made.units.state = { activeState: "active", unitFileState: "enabled" };
  assert.deepEqual((await planTimerInstall(made, request)).actions, []);
  assert.ok((await planTimerInstall(made, { ...request, every: { words: "1d", seconds: 86400 } })).actions.length > 0);
  // A record that is damaged is written anew.
  made.records.texts.set("prod/timer", "{");
  assert.ok((await planTimerInstall(made, request)).actions.some(({ kind }) => kind === "record"));
});

test("timer install and remove: a unit of somebody else, and a masked one, are never touched", async () => {
  for (const kind of ["file", "link"] as const) {
    const made = world();
    if (kind === "file") made.units.files.set(timer, "[Timer]\nOnCalendar=daily\n");
    else made.units.others.add(timer);
    await assert.rejects(planTimerInstall(made, request), isRecoveryError("BACKUP_TIMER_FOREIGN"));
    await assert.rejects(planTimerRemove(made), isRecoveryError("BACKUP_TIMER_FOREIGN"));
    assert.deepEqual(made.units.log, []);
  }
});

test("timer install: a unit that somebody wrote between plan and consent stops it", async () => {
  const made = world();
  const plan = await planTimerInstall(made, request);
  made.units.files.set(timer, "[Timer]\nOnCalendar=daily\n");
  await assert.rejects(carryOutTimerPlan(made, plan), isRecoveryError("BACKUP_TIMER_FOREIGN"));
  assert.equal(made.units.files.get(timer), "[Timer]\nOnCalendar=daily\n");
});

test("timer remove: takes what install wrote and nothing else, and keeps what was changed by hand", async () => {
  const made = await installed();
  made.units.files.set("other.timer", "theirs");
  made.units.files.set(timer, `${made.units.files.get(timer) ?? ""}# mine\n`);
  made.units.log.length = 0;
  await carryOutTimerPlan(made, await planTimerRemove(made));
  assert.deepEqual(made.units.log, [`disable --now ${timer}`, `aside ${timer}`, `remove ${service}`, "daemon-reload"]);
  assert.deepEqual([...made.units.files.keys()].sort(), ["other.timer", `${timer}.kept-20260301030000`]);
  assert.equal(await made.records.read("prod", "timer"), undefined);
  assert.deepEqual((await planTimerRemove(made)).actions, []);
});

test("timer install: the interval of a calendar is its longest gap; what systemd does not understand is a usage error", async () => {
  const made = world();
  const day = 86_400_000;
  made.units.calendar = { kind: "fits", nextMs: [0, day, 4 * day, 5 * day] };
  const plan = await planTimerInstall(made, { ...request, every: undefined, calendar: "Mon..Fri 03:00" });
  assert.equal(plan.timer?.intervalSeconds, (3 * day) / 1000);
  made.units.calendar = { kind: "wrong", detail: "Invalid argument" };
  await assert.rejects(
    planTimerInstall(made, { ...request, every: undefined, calendar: "foo" }),
    isRecoveryError("USAGE", /Invalid argument/),
  );
  await assert.rejects(planTimerInstall(made, { ...request, every: undefined }), isRecoveryError("USAGE"));
});

test("timer install: without systemd it writes nothing, unless only the files are wanted; units that systemd would not take are not written", async () => {
  const made = world();
  made.units.runs = false;
  await assert.rejects(planTimerInstall(made, request), isRecoveryError("BACKUP_TIMER_UNSUPPORTED"));
  const plan = await planTimerInstall(made, { ...request, isStarted: false });
  assert.ok(plan.actions.every(({ kind }) => kind !== "systemctl"));
  made.units.problems = [`${service}: bad`];
  await assert.rejects(
    planTimerInstall(made, { ...request, isStarted: false }),
    isRecoveryError("BACKUP_TIMER_FAILED", /nothing was written/),
  );
});

test("timer install: who is told what must be known: unchecked units, an unknown interval, user units without lingering", async () => {
  const made = world();
  made.units.scope = "user";
  made.units.lingers = false;
  made.units.problems = undefined;
  const { notes } = await planTimerInstall(made, { ...request, every: undefined, calendar: "daily" });
  assert.match(notes.join("\n"), /no systemd-analyze[^]*not known[^]*enable-linger/);
});

test("timer install: on a machine without systemd the plan is shown with what would be refused, and nothing is carried out", async () => {
  const made = world();
  made.units.runs = false;
  await assert.rejects(planTimerInstall(made, request), isRecoveryError("BACKUP_TIMER_UNSUPPORTED", /not what runs this machine/));
  const { units, notes } = await planTimerInstall(made, { ...request, isOnlyShown: true });
  assert.deepEqual(
    units.map(({ name }) => name),
    [service, timer],
  );
  assert.match(notes.join("\n"), /would be refused here: systemd: it is not what runs this machine\. With --files-only/);
  assert.deepEqual(made.units.log, []);
});

test("timer install: where no systemd runs, the call that only writes the files has the schedule that was asked for", async () => {
  const made = world();
  made.units.runs = false;
  for (const [wanted, when] of [
    [{ every: { words: "1d", seconds: 86400 } }, "--every 1d"],
    [{ every: undefined, calendar: "*-*-* 03:00" }, "--on-calendar '*-*-* 03:00'"],
  ] as const) {
    const error: unknown = await planTimerInstall(made, { ...request, ...wanted }).catch((caught: unknown) => caught);
    assert.ok(error instanceof RecoveryError && error.code === "BACKUP_TIMER_UNSUPPORTED", String(error));
    assert.equal(error.remedies[0]?.command, `requorum backup timer install ${when} --files-only`);
  }
});
