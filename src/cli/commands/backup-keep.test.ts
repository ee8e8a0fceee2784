import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cli } from "../../../test/support/captured-cli.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { dayId, proveDay, writeDay } from "../../../test/support/prune-world.ts";
import { setWorld } from "../../../test/support/set-world.ts";
import { DirectoryStore } from "../../adapters/backup-store/directory-store.ts";
import { defaultPaths, defaultRetention, type ClusterConfig } from "../../model/cluster-config.ts";
import { backupCopiedSchema, backupPruneSchema } from "../../schemas/backup-keep-output.ts";

let work = "";
let config: ClusterConfig;
const clock = new FakeClock("2026-03-10T00:00:00.000Z");

before(async () => {
  work = await mkdtemp(join(tmpdir(), "requorum-keep-cli-"));
  const world = setWorld(new DirectoryStore(join(work, "sets")));
  for (let day = 1; day <= 5; day += 1) await writeDay(world.writing, day);
  await proveDay(world, 1, "V4");
  const signer = Buffer.from(world.keys.signing.publicKey).toString("base64url");
  config = {
    apiVersion: "requorum/v1",
    cluster: "north",
    platform: "kubeadm",
    etcdTopology: "stacked",
    controlPlaneEndpoint: undefined,
    loadBalancer: "none",
    hosts: [],
    ssh: { connectTimeoutMs: 1000 },
    paths: defaultPaths,
    policy: { planLifetimeMs: 3_600_000 },
    backup: {
      store: join(work, "sets"),
      recipients: [],
      signers: [signer],
      source: "follower",
      retention: { ...defaultRetention, last: 2, daily: 0, weekly: 0, monthly: 0, neverBelow: 1 },
    },
  };
});
after(() => rm(work, { recursive: true, force: true }));

const call = (words: readonly string[], options: Parameters<typeof cli>[1] = {}) =>
  cli(["backup", ...words], { config, ports: { clock }, ...options }, work);
const sets = async (store = "sets") => (await readdir(join(work, store, "sets"))).sort();
const nameOf = (day: number) => `${dayId(day)}.json`;

test("backup copy: the set is in the other store, and a second call sends nothing", async () => {
  // Of a machine whose key is not known here.
  await writeDay(setWorld(new DirectoryStore(join(work, "sets"))).writing, 6);
  const { code, out, err } = await call(["copy", "latest", "--to", "other", "-o", "json"]);
  await rm(join(work, "sets", "sets", nameOf(6)));
  assert.deepEqual([code, err], [0, ""]);
  const document = backupCopiedSchema.parse(JSON.parse(out));
  assert.deepEqual([document.id, document.wasListed, document.passedOver.map(({ id }) => id)], [dayId(5), false, [dayId(6)]]);
  assert.deepEqual(await sets("other"), [nameOf(5)]);
  const again = await call(["copy", dayId(5), "--to", join(work, "other")]);
  assert.match(again.out, /was there already, and was read again/);
  const without = await call(["copy", "latest"]);
  assert.equal(without.code, 2);
});

test("backup prune --plan: says what goes, what stays and why each, in words and as a document", async () => {
  const { code, out, err } = await call(["prune", "--plan"], { columns: 120 });
  assert.equal(code, 0, err);
  assert.match(out, new RegExp(`goes\\s+${dayId(3)}`));
  assert.match(out, new RegExp(`keep\\s+${dayId(1)}.*V4.*the last one proven to V2`));
  const { out: json } = await call(["prune", "--plan", "-o", "json"]);
  const document = backupPruneSchema.parse(JSON.parse(json));
  assert.equal(document.pruned, null);
  assert.equal((await sets()).length, 5);
});

test("backup prune: without a terminal and without consent nothing is changed, and the call that agrees is given whole", async () => {
  const { code, err } = await call(["prune", "--last", "3"]);
  assert.equal(code, 16);
  assert.match(err.replaceAll(/\s+/g, " "), /requorum backup prune --last 3 --approve [0-9a-f]{12}/);
  assert.equal((await sets()).length, 5);
  const wrong = await call(["prune", "--approve", "0123456789ab"]);
  assert.equal(wrong.code, 16);
  const typed = await call(["prune"], { isTty: true, answers: ["south"] });
  assert.equal(typed.code, 16);
  assert.equal((await sets()).length, 5);
});

test("backup prune: a plan is agreed to by its digest, another by the cluster's name, the rest by --yes", async () => {
  const plan = backupPruneSchema.parse(JSON.parse((await call(["prune", "--plan", "--last", "4", "-o", "json"])).out));
  clock.advance(60_000);
  const approved = await call(["prune", "--last", "4", "--approve", plan.digest.slice(0, 12)]);
  assert.equal(approved.code, 0, approved.err);
  assert.equal((await sets()).length, 5, "the oldest is the proven one, and the other four are the newest");
  assert.equal((await call(["prune", "--last", "3"], { isTty: true, answers: ["north"] })).code, 0);
  assert.deepEqual(await sets(), [1, 3, 4, 5].map(nameOf));
  const yes = await call(["prune", "--yes"]);
  assert.match(yes.out, /removed\s+1 set/);
  assert.deepEqual(await sets(), [1, 4, 5].map(nameOf));
});

test("backup prune --plan: the command that agrees is whole, and a digest of another plan never ends as if all were done", async () => {
  const shown = await call(["prune", "--plan", "--last", "1"], { columns: 200 });
  const [, options = "", digest = ""] = /requorum backup prune (.*)--approve ([0-9a-f]{12})/.exec(shown.out) ?? [];
  assert.equal(options, "--last 1 ");
  // By these rules nothing is to go.
  const other = await call(["prune", "--last", "9", "--approve", digest]);
  assert.equal(other.code, 16, other.out);
  assert.match(other.err.replaceAll(/\s+/g, " "), /are others than then, or the options are.*requorum backup prune --last 9 --plan/);
});

test("backup prune: packs that a killed prune left go, though no set is to go", async () => {
  const [id = ""] = (await sets()).slice(-1);
  const index = join(work, "sets", "indexes", "0".repeat(64));
  await writeFile(index, "left over");
  const longAgo = new Date(Date.now() - 2 * 3_600_000); // A younger one may be of a writer that is not listed yet.
  await utimes(index, longAgo, longAgo);
  const { code, out, err } = await call(["prune"]);
  assert.equal(code, 0, err);
  assert.match(out, /1 object that no set needs/);
  assert.deepEqual((await sets()).slice(-1), [id]);
  assert.match((await call(["prune"])).out, /Nothing was to go/);
});

test("backup prune: sets of what may be an orphan refuse it, until somebody says from where on they are right", async () => {
  const world = setWorld(new DirectoryStore(join(work, "orphan")));
  const signers = [Buffer.from(world.keys.signing.publicKey).toString("base64url")];
  for (const [day, clusterId] of [
    [1, "01"],
    [2, "01"],
    [3, "ff"],
    [4, "ff"],
  ] as const)
    await writeDay(world.writing, day, { clusterId: clusterId.padStart(16, "0") });
  assert.ok(config.backup !== undefined);
  const orphaned = { config: { ...config, backup: { ...config.backup, signers } } };
  const refused = await call(["prune", "--store", "orphan", "--yes"], orphaned);
  assert.equal(refused.code, 16);
  assert.match(refused.err, /00000000000000ff/);
  assert.match(refused.err, new RegExp(`--accept-from ${dayId(3)}`));
  assert.equal((await call(["prune", "--store", "orphan", "--plan"], orphaned)).code, 16);
  assert.equal((await sets("orphan")).length, 4);
  const accepted = await call(["prune", "--store", "orphan", "--yes", "--accept-from", dayId(3)], orphaned);
  assert.equal(accepted.code, 0, accepted.err);
  assert.deepEqual(await sets("orphan"), [3, 4].map(nameOf));
});

test("backup prune: numbers and ages that are none are wrong usage", async () => {
  await writeFile(join(work, "x"), "");
  for (const words of [
    ["--last", "-1"],
    ["--daily", "many"],
    ["--within", "5m"],
    ["--aside", "x"],
    ["--accept-from", "yesterday"],
  ])
    assert.equal((await call(["prune", ...words])).code, 2, words.join(" "));
});
