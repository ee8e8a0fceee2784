/** Scheduled backups of a real etcd: what `requorum backup run` and the timer do when everything works, and when a set does not hold. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createGrpcEtcdDialer } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import type { BackupConfig, BackupScheduleConfig, ClusterConfig } from "../../src/model/cluster-config.ts";
import { asHostName } from "../../src/model/ids.ts";
import { outputDocuments } from "../../src/schemas/output.ts";
import { cli, workDirectory, type CliResult } from "../support/captured-cli.ts";
import { MachinesBelow, kubeadmFiles } from "../support/machines-below.ts";
import { RealEtcd } from "../support/real-etcd.ts";
import { dialerOptions, loopbackConfig } from "../support/real-etcd-subject.ts";

const secret = "planted-91ab-secret";
const cp1 = asHostName("cp1");
const etcd = await RealEtcd.start({ memberCount: 1, version: "3.6" });
const directory = workDirectory();
const work = directory.path;
const machines = new MachinesBelow(etcd.directory);
const dialer = createGrpcEtcdDialer(dialerOptions(etcd, machines));
const { recipient } = await new AgeKeyWrapping().newIdentity();
after(async () => {
  await dialer.close();
  await machines.close();
  await etcd.close();
  directory.remove();
});
machines.put(cp1, kubeadmFiles(secret));
const dataDir = etcd.member(cp1).dataDir;
machines.mount(cp1, dataDir);
const credential = join(work, "credential");
writeFileSync(credential, `${secret} passphrase\n`, { mode: 0o400 });
const textfile = join(work, "requorum.prom");

interface Run {
  readonly outcome: string;
  readonly set: { readonly id: string; readonly level: string | null; readonly isProven: boolean };
  readonly reverified: { readonly id: string; readonly level: string | null; readonly isProven: boolean } | null;
  readonly prune: { readonly isApplied: boolean; readonly remove: readonly string[] } | null;
  readonly failure: { readonly phase: string; readonly code: string; readonly detail: string } | null;
}

async function requorum(words: readonly string[], schedule: BackupScheduleConfig): Promise<CliResult> {
  const loopback = loopbackConfig([cp1]);
  const backup: BackupConfig = {
    store: join(work, "store"),
    recipients: [recipient],
    // Not there: systemd puts it where --credential says.
    passphraseFile: join(work, "none"),
    signers: [],
    source: "follower",
    retention: { last: 1, daily: 0, weekly: 0, monthly: 0, neverBelow: 1 },
    schedule,
    metrics: { textfile },
  };
  const config: ClusterConfig = { ...loopback, paths: { ...loopback.paths, etcdDataDir: dataDir }, backup };
  const result = await cli(words, { config, ports: { hostAccess: machines, etcd: dialer, clock: new SystemClock() } }, work);
  assert.doesNotMatch(result.out + result.err, new RegExp(secret));
  return result;
}

async function run(schedule: BackupScheduleConfig): Promise<Run & { readonly code: number; readonly err: string }> {
  const ran = await requorum(["backup", "run", "--credential", credential, "-o", "json"], schedule);
  const document = JSON.parse(ran.out) as Run;
  assert.doesNotThrow(() => outputDocuments["BackupRun"]?.schema.parse(document));
  return { ...document, code: ran.code, err: ran.err };
}

test("backup run: a set of a real etcd is made, proven and kept, and the next one prunes by the rules when that is configured", async () => {
  await etcd.etcdctl(cp1, ["put", "/registry/configmaps/shop/c", secret]);
  const first = await run({ verify: "V2", reverify: "off", prune: "plan" });
  // The API is down: a mark, and no failure.
  assert.equal(first.code, 3, first.err);
  assert.deepEqual(
    [first.outcome, first.set.level, first.set.isProven, first.prune?.remove, first.failure],
    ["succeeded", "V2", true, [], null],
  );
  await etcd.etcdctl(cp1, ["put", "/registry/configmaps/shop/c", "newer"]);
  const planned = await run({ verify: "V2", reverify: "off", prune: "plan" });
  assert.deepEqual(planned.prune, { isApplied: false, remove: [`sets/${first.set.id}.json`], refusals: [] });
  const applied = await run({ verify: "V2", reverify: "V1", prune: "apply" });
  assert.deepEqual(applied.reverified, { id: first.set.id, level: "V1", isProven: true });
  assert.equal(applied.prune?.remove.length, 2);
  const list = await requorum(["backup", "list"], { verify: "V2", reverify: "off", prune: "off" });
  assert.match(list.out, new RegExp(`${applied.set.id}[^]*scheduled here: as scheduled`));
  assert.doesNotMatch(list.out, new RegExp(`${first.set.id}|${planned.set.id}`));
  assert.match(readFileSync(textfile, "utf8"), /^requorum_backup_last_set_proven_level\{.*\} 2$/m);
});

test("backup run: parts that do not belong together fail the level that says so, and nothing is pruned", async () => {
  const failed = await run({ verify: "V3", reverify: "off", prune: "apply" });
  assert.equal(failed.code, 15, failed.err);
  assert.deepEqual([failed.outcome, failed.set.isProven, failed.prune, failed.failure?.code], ["failed", false, null, "BACKUP_NOT_PROVEN"]);
  assert.match(failed.failure?.detail ?? "", /V3 (?:fails|unknown|not-tried)/);
  assert.match((await requorum(["backup", "list"], { verify: "V3", reverify: "off", prune: "off" })).out, /THE LAST ONE FAILED/);
});
