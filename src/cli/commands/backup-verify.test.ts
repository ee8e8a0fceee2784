import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { DirectoryStore } from "../../adapters/backup-store/directory-store.ts";
import { FileBackupKeys } from "../../adapters/local-fs/file-backup-keys.ts";
import { SystemClock } from "../../adapters/system/system-clock.ts";
import { toBase64Url } from "../../formats/backup-set/byte-text.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { asHostName } from "../../model/ids.ts";
import { backupVerificationSchema } from "../../schemas/backup-output.ts";
import { cli, workDirectory, type CliResult } from "../../../test/support/captured-cli.ts";
import { loopbackConfig } from "../../../test/support/real-etcd-subject.ts";
import { FakeBackupKeys, firstSet, recipient, secondSet, writeSet } from "../../../test/support/set-world.ts";
import { verifyWorld } from "../../../test/support/verify-world.ts";

const directory = workDirectory();
const work = directory.path;
const place = join(work, "store");
mkdirSync(place);
const world = await verifyWorld({ store: new DirectoryStore(place) });
after(() => {
  directory.remove();
  rmSync(world.spoolDirectory, { recursive: true });
});
const config: ClusterConfig = {
  ...loopbackConfig([asHostName("cp1")]),
  cluster: "north",
  backup: {
    store: place,
    recipients: [recipient],
    signers: [toBase64Url(world.set.keys.signing.publicKey)],
    source: "follower",
    retention: { last: 1, daily: 1, weekly: 1, monthly: 1, neverBelow: 1 },
  },
};
// What the machine that makes the backups holds.
for (const [storeId, key] of world.set.keys.dataKeys)
  await new FileBackupKeys({ stateDirectory: join(work, "state") }).writeDataKey(storeId, key);

const requorum = (words: readonly string[]): Promise<CliResult> => cli(words, { config, ports: { clock: new SystemClock() } }, work);

test("backup verify: to V3 without being told, with the key that this machine holds; the list then says what is proven", async () => {
  const { code, out, err } = await requorum(["backup", "verify"]);
  assert.equal(code, 0, err);
  assert.match(out, /proven to V3  set 20260301-030000-aaaaaa/);
  assert.match(out, /V2  holds .*structure and every object.*V4  not tried .*not asked for/s);
  assert.match(out, /proof: proofs\/20260301-030000-aaaaaa\/[^]*requorum backup drill/);
  assert.doesNotMatch(out + err, /PRIVATE KEY|planted/);
  assert.deepEqual(readdirSync(join(work, "cache", "spool")), []);
  const list = await requorum(["backup", "list", "-o", "json"]);
  const [set] = (
    JSON.parse(list.out) as { readonly sets: readonly { readonly proof: { readonly level: string; readonly score: number } }[] }
  ).sets;
  assert.deepEqual([set?.proof.level, set?.proof.score], ["V3", 65]);
});

test("backup verify -o json: a newer set of an unknown signer is passed over, and the document says so, as standard error does not", async () => {
  const stranger = { ...world.set.writing, keys: new FakeBackupKeys() };
  await writeSet(stranger, {}, { id: secondSet, facts: { createdAt: new SystemClock().nowIso() } });
  const { code, out, err } = await requorum(["backup", "verify", "--level", "V1", "-o", "json"]);
  rmSync(join(place, "sets", `${secondSet}.json`));
  assert.deepEqual([code, err], [0, ""]);
  const { id, passedOver } = backupVerificationSchema.parse(JSON.parse(out));
  const signer = toBase64Url((await stranger.keys.signingKey()).publicKey);
  assert.deepEqual(
    [id, passedOver.map((set) => [set.id, set.command])],
    [firstSet, [[secondSet, `requorum backup verify ${secondSet} --level V1 --trust-signer ${signer}`]]],
  );
});

test("backup verify -o json gives every level; what is damaged is exit code 15", async () => {
  const verify = async (level: string) => {
    const { code, out } = await requorum(["backup", "verify", firstSet, "--level", level, "-o", "json"]);
    const { levels } = JSON.parse(out) as {
      readonly levels: readonly { readonly level: string; readonly verdict: string; readonly because: readonly string[] }[];
    };
    return { code, levels };
  };
  assert.equal((await verify("V1")).code, 0);
  const packs = readdirSync(join(place, "packs"), { recursive: true, encoding: "utf8" }).filter((name) => name.length > 60);
  const pack = join(place, "packs", packs[0] ?? "");
  const whole = readFileSync(pack);
  rmSync(pack);
  writeFileSync(
    pack,
    whole.map((byte, at) => (at === 5000 ? byte ^ 4 : byte)),
  );
  const damaged = await verify("V3");
  assert.equal(damaged.code, 15);
  assert.deepEqual(
    damaged.levels.map(({ verdict }) => verdict),
    ["holds", "fails", "not-tried", "not-tried", "not-tried", "not-tried"],
  );
  // A level that holds below one that fails is not shown as if it were all.
  const list = await requorum(["backup", "list"]);
  assert.match(list.out, /20260301-030000-aaaaaa .* V0, V1 fails [^]*20260301-030000-aaaaaa +V1 fails: /);
  const listed = JSON.parse((await requorum(["backup", "list", "-o", "json"])).out) as { readonly sets: readonly object[] };
  assert.partialDeepStrictEqual(listed.sets, [{ state: "trusted", standing: "fails" }]);
  assert.deepEqual([list.code, (await requorum(["backup", "show", firstSet])).code], [3, 3], "what is proven damaged is no good end");
  rmSync(pack);
  writeFileSync(pack, whole);
});

test("backup verify: a proof that the store does not take is told, and a failure, though every level holds", async (context) => {
  const put = Object.getOwnPropertyDescriptor(DirectoryStore.prototype, "put")?.value as DirectoryStore["put"];
  context.mock.method(DirectoryStore.prototype, "put", function (this: DirectoryStore, ...call: Parameters<DirectoryStore["put"]>) {
    if (!call[0].startsWith("proofs/")) return put.call(this, ...call);
    return Promise.reject(new RecoveryError("BACKUP_STORE_FULL", { subject: `store ${place}`, detail: "no space is left there" }));
  });
  const { code, out, err } = await requorum(["backup", "verify", firstSet, "--level", "V1"]);
  assert.equal(code, 13, err);
  assert.match(out, /V1 {2}holds[^]*the proof was not written: store .*no space is left there \(BACKUP_STORE_FULL\)/);
  assert.match(err, /BACKUP_STORE_FULL[^]*requorum backup prune/);
  const json = await requorum(["backup", "verify", firstSet, "--level", "V1", "-o", "json"]);
  assert.equal(json.code, 13);
  assert.match((JSON.parse(json.out) as { readonly proofProblem: string }).proofProblem, /no space is left/);
  assert.match(json.err, /"BACKUP_STORE_FULL"/);
});

test("backup verify of a set whose manifest was cut says so at V0, when it is named in full", async () => {
  const manifest = join(place, "sets", `${firstSet}.json`);
  const whole = readFileSync(manifest);
  rmSync(manifest);
  writeFileSync(manifest, whole.subarray(0, -3));
  const { code, out } = await requorum(["backup", "verify", firstSet]);
  rmSync(manifest);
  writeFileSync(manifest, whole);
  assert.equal(code, 15);
  assert.match(out, /V0 fails/);
  assert.match(out, /proof was not written: there is no manifest/);
});

test("an identity and a passphrase are not given both", async () => {
  const { code, err } = await requorum(["backup", "verify", "--identity", "a", "--passphrase-file", "b"]);
  assert.equal(code, 2);
  assert.match(err, /either --identity or --passphrase-file/);
});
