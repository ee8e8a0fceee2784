import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { backupUnits, credentialPlace, signedUnit } from "../../formats/systemd/backup-units.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { NodeHashing } from "./node-hashing.ts";
import { SystemdUnitHost } from "./systemd-unit-host.ts";

function host(context: TestContext, scope: "system" | "user" = "system"): { readonly units: SystemdUnitHost; readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), "requorum-unit-host-"));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return { units: new SystemdUnitHost({ scope, directory: join(directory, "units"), user: "nobody" }), directory };
}

test("units: written whole and readable for systemd, moved aside under a name that it does not read, removed", async (context) => {
  const { units, directory } = host(context);
  assert.deepEqual(await units.read("a.timer"), { kind: "none" });
  await units.write("a.timer", "one");
  await units.write("a.timer", "two");
  const path = join(directory, "units", "a.timer");
  assert.deepEqual([readFileSync(path, "utf8"), statSync(path).mode & 0o777], ["two", 0o644]);
  assert.deepEqual(readdirSync(join(directory, "units")), ["a.timer"]);
  await units.moveAside("a.timer", "2026");
  assert.deepEqual(readdirSync(join(directory, "units")), ["a.timer.kept-2026"]);
  symlinkSync("/dev/null", join(directory, "units", "masked.timer"));
  assert.deepEqual(await units.read("masked.timer"), { kind: "other" });
  await units.remove("masked.timer");
  mkdirSync(join(directory, "units", "b.timer"));
  await assert.rejects(units.write("b.timer", "x"), isRecoveryError("LOCAL_FILE_FAILED"));
  assert.deepEqual(readdirSync(join(directory, "units")).sort(), ["a.timer.kept-2026", "b.timer"]);
});

test("units: systemd itself finds nothing wrong with what requorum writes, for the system and for a user, and understands or refuses a calendar", async (context) => {
  for (const scope of ["system", "user"] as const) {
    const { units } = host(context, scope);
    const made = backupUnits({
      cluster: "prod.example",
      scope,
      command: [process.execPath, "/opt/100% of/it$/requorum.js", "--credential", credentialPlace],
      environment: { HOME: "/root", XDG_STATE_HOME: '/var/li"b' },
      writable: ["/srv/backup sets"],
      passphraseFile: "/etc/pass phrase",
      runSecondsMax: 3600,
      when: { kind: "calendar", expression: "Mon..Fri 03:00" },
    }).map(({ name, text }) => ({ name, text: signedUnit(text, (body) => new NodeHashing().sha256Hex(body)) }));
    const found = await units.verify(made);
    if (found === undefined) {
      context.diagnostic("there is no systemd-analyze here");
      return;
    }
    assert.deepEqual(found, []);
    const broken = made.map(({ name, text }) => ({ name, text: text.replace("Type=oneshot", "Type=often") }));
    assert.match((await units.verify(broken))?.join("\n") ?? "", /often/);
  }
  const { units } = host(context);
  const fits = await units.checkCalendar("*-*-* 03:00");
  assert.ok(fits.kind === "fits" && fits.nextMs.length > 10);
  assert.equal((fits.nextMs[1] ?? 0) - (fits.nextMs[0] ?? 0), 86_400_000);
  const workdays = await units.checkCalendar("Mon..Fri *-*-* 08..18:00/15");
  assert.ok(workdays.kind === "fits");
  const gapsMs = workdays.nextMs.slice(1).map((time, index) => time - (workdays.nextMs[index] ?? 0));
  // From Friday 18:45 to Monday 08:00.
  assert.equal(Math.max(...gapsMs), 61.25 * 3_600_000);
  assert.equal((await units.checkCalendar("foo")).kind, "wrong");
  assert.equal((await units.checkCalendar("--version")).kind, "wrong");
});

test("units: the directory of a store is made, but not that of a disk that is not mounted", async (context) => {
  const { units, directory } = host(context);
  await units.makeDirectory(join(directory, "sets"), { isBelowMount: true });
  await units.makeDirectory(join(directory, "sets"), { isBelowMount: true });
  await units.makeDirectory(join(directory, "state", "requorum"), { isBelowMount: false });
  assert.ok(statSync(join(directory, "state", "requorum")).isDirectory());
  await assert.rejects(
    units.makeDirectory(join(directory, "nas", "sets"), { isBelowMount: true }),
    isRecoveryError("LOCAL_FILE_FAILED", /is the disk mounted/),
  );
});

test("units: what systemctl does not do is an error with its words", async (context) => {
  const { units } = host(context);
  await assert.rejects(units.systemctl(["--no-such-option"]), isRecoveryError("BACKUP_TIMER_FAILED"));
});
