import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { cli, workDirectory, type CliResult } from "../../../test/support/captured-cli.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { webhookReceiver } from "../../../test/support/webhook-receiver.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { readClusterConfig } from "../../schemas/config.ts";
import { outputDocuments } from "../../schemas/output.ts";
import { writeInstalledTimer } from "../../schemas/backup-schedule.ts";

/** A cluster that answers nobody: every scheduled backup of it fails. */
function setting(context: TestContext) {
  const directory = workDirectory();
  context.after(() => {
    directory.remove();
  });
  const { path } = directory;
  const passphrase = join(path, "passphrase");
  writeFileSync(passphrase, "planted-secret-passphrase\n", { mode: 0o600 });
  const clock = new FakeClock();
  const call = (words: readonly string[], more = "", answers: readonly string[] = [], signal?: AbortSignal): Promise<CliResult> => {
    const section = `backup: { store: ${join(path, "store")}, passphraseFile: ${passphrase}${more} }\n`;
    const text = `apiVersion: requorum/v1\ncluster: prod\nhosts: [{ name: cp1, address: 10.0.0.11, roles: [control-plane] }]\n${section}`;
    const options = {
      config: readClusterConfig(text, "/r.yaml"),
      ports: { clock },
      isTty: answers.length > 0,
      answers,
      ...(signal && { signal }),
    };
    return cli(words, options, path);
  };
  return { path, clock, call };
}

function documentOf({ out, err }: CliResult): { readonly [field: string]: unknown } {
  const document = JSON.parse(out) as { readonly kind: string };
  assert.doesNotThrow(() => outputDocuments[document.kind]?.schema.parse(document), err);
  return document;
}

test("backup run: a failed backup is loud: exit code, metrics, webhook, backup list and status say it, and no secret is in any of it", async (context) => {
  const { path, call } = setting(context);
  const { bodies, origin } = await webhookReceiver(context);
  const textfile = join(path, "requorum.prom");
  const more = `, metrics: { textfile: ${textfile} }, webhook: { url: "${origin}/t0ken" }`;
  const ran = await call(["backup", "run", "-o", "json"], more);
  assert.equal(ran.code, 10, ran.err);
  assert.match(ran.err, /BACKUP_NO_SOURCE/);
  const { outcome, failure } = documentOf(ran);
  assert.deepEqual([outcome, (failure as { readonly phase: string }).phase], ["failed", "create"]);
  // What may name objects and paths stays here.
  const sent = documentOf({ ...ran, out: bodies.join("") });
  const { detail, ...rest } = sent["failure"] as { readonly detail: string; readonly code: string };
  assert.match(detail, /^the rest is told by `requorum backup timer show`/);
  assert.equal(rest.code, "BACKUP_NO_SOURCE");
  assert.deepEqual({ ...sent, failure: undefined }, { ...documentOf(ran), failure: undefined });
  const metrics = readFileSync(textfile, "utf8");
  assert.match(metrics, /^requorum_backup_last_run_success\{cluster="prod"\} 0$/m);
  assert.equal(statSync(textfile).mode & 0o777, 0o644);
  const list = await call(["backup", "list"]);
  assert.equal(list.code, 3);
  assert.match(list.out, /THE LAST ONE FAILED[^]*BACKUP_NO_SOURCE \(create\)/);
  documentOf(await call(["backup", "list", "-o", "json"]));
  assert.match((await call(["status"])).out, /scheduled +THE LAST ONE FAILED/);
  documentOf(await call(["status", "-o", "json"]));
  const runs = readFileSync(join(path, "state/prod/backup-schedule/runs.json"), "utf8");
  assert.doesNotMatch([ran.out, ran.err, bodies.join(""), metrics, runs].join(""), /planted-secret|t0ken/);
});

test("backup run: a store that cannot be opened, and a webhook and metrics that cannot be told, are said", async (context) => {
  const { path, call } = setting(context);
  rmSync(join(path, "passphrase"));
  const more = `, metrics: { textfile: ${join(path, "none", "x.prom")} }, webhook: { urlFile: ${join(path, "none")} }`;
  const { code, out } = await call(["backup", "run"], more);
  assert.equal(code, 2);
  assert.match(out, /open: BACKUP_KEY_INVALID[^]*not told: the metrics[^]*not told: the webhook/);
  const credential = join(path, "credential");
  writeFileSync(credential, "another\n", { mode: 0o400 });
  assert.equal((await call(["backup", "run", "--credential", credential])).code, 10);
});

test("backup run: Ctrl-C is told with what applies to it, and its result stands", async (context) => {
  const { call } = setting(context);
  const signal = AbortSignal.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "stopped by SIGINT" }));
  const { code, out, err } = await call(["backup", "run"], "", [], signal);
  assert.equal(code, 130, err);
  assert.match(out, /no proven backup/);
  assert.match(err, /stopped by SIGINT[^]*requorum backup timer show/);
  assert.doesNotMatch(err, /resume/);
});

test("backup list: of another store than the configured one the schedule is not shown, and is no reason to fail", async (context) => {
  const { path, call } = setting(context);
  await call(["backup", "run"]);
  for (const same of ["store", `${path}/store/`]) assert.equal((await call(["backup", "list", "--store", same])).code, 3, same);
  const other = await call(["backup", "list", "--store", "other", "-o", "json"]);
  assert.equal(other.code, 0, other.err);
  assert.equal(documentOf(other)["schedule"], null);
  assert.match(other.err, /^$/);
});

test("backup timer: a plan with both units is shown first; refused without consent, nothing is written", async (context) => {
  const { path, call } = setting(context);
  const words = ["backup", "timer", "install", "--every", "6h", "--files-only"];
  const planned = await call([...words, "--plan"]);
  assert.equal(planned.code, 0, planned.err);
  assert.match(planned.out, /what install would do[^]*requorum-backup-prod\.service[^]*OnUnitActiveSec=21600s/);
  assert.match(planned.out, /--timeout[^]*LoadCredential=requorum:.*passphrase/);
  assert.doesNotMatch(planned.out, /planted-secret/);
  documentOf(await call([...words, "--plan", "-o", "json"]));
  const daily = ["backup", "timer", "install", "--on-calendar", "*-*-* 03:00", "--files-only"];
  const refused = (await call(daily)).err;
  assert.match(refused, /CONSENT_MISSING/);
  assert.ok(refused.includes("requorum backup timer install --on-calendar '*-*-* 03:00' --files-only --plan"), refused);
  assert.equal((await call([...daily, "--plan"])).code, 0, "what was advised works");
  for (const action of ["show", "remove"]) {
    const { code, err } = await call(["backup", "timer", action, "--every", "6h"]);
    assert.equal(code, 2);
    assert.match(err, new RegExp(`option --every[^]*not ${action}[^]*requorum backup timer install --every 6h --plan\n`));
  }
  assert.equal((await call(words, "", ["other"])).code, 16);
  assert.deepEqual(readdirSync(path), ["passphrase"]);
  assert.equal((await call(["backup", "timer", "install", "--every", "5m"])).code, 2);
  assert.equal((await call(["backup", "timer", "install", "--every", "0.1h"])).code, 2);
});

test("backup timer show: without the section nobody is sent to an install that refuses", async (context) => {
  const { path } = setting(context);
  const config = readClusterConfig("apiVersion: requorum/v1\ncluster: prod\nhosts: [{ name: cp1, address: 10.0.0.11 }]\n", "/r.yaml");
  const shown = await cli(["backup", "timer"], { config }, path);
  assert.match(shown.out.replaceAll(/\s+/g, " "), /no section `backup`: no backup can be made.*requorum backup keygen/, shown.err);
  assert.doesNotMatch(shown.out, /timer install/);
  assert.equal(documentOf(await cli(["backup", "timer", "-o", "json"], { config }, path))["isConfigured"], false);
});

test("backup timer show: the units and how scheduled backups stand; later than two intervals is exit code 3", async (context) => {
  const { path, clock, call } = setting(context);
  const none = await call(["backup", "timer"]);
  assert.equal(none.code, 0, none.err);
  const next = documentOf(await call(["backup", "timer", "-o", "json"]))["hasSystemd"] === true ? "timer install --every 6h" : "run";
  assert.match(none.out, new RegExp(`none on this machine[^]*requorum backup ${next}\n`));
  await call(["backup", "run"]);
  writeFileSync(
    join(path, "state/prod/backup-schedule/timer.json"),
    writeInstalledTimer({
      unit: "requorum-backup-prod",
      scope: "system",
      schedule: "every 6h",
      intervalSeconds: 21600,
      installedAt: clock.nowIso(),
    }),
  );
  clock.advance(13 * 3_600_000);
  const late = await call(["backup", "timer", "show", "-o", "json"]);
  assert.equal(late.code, 3);
  assert.equal((documentOf(late)["schedule"] as { readonly state: string }).state, "overdue");
  writeFileSync(join(path, "state/prod/backup-schedule/runs.json"), "{");
  assert.match((await call(["status"])).out, /scheduled backups \(BACKUP_RECORD_DAMAGED/);
});
