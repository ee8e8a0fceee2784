import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { cli, workDirectory, type CliResult } from "../../../test/support/captured-cli.ts";
import { FakeBackupKeys, firstSet, manifestFacts, secondSet, seededBytes, setWorld, writeSet } from "../../../test/support/set-world.ts";
import { DirectoryStore } from "../../adapters/backup-store/directory-store.ts";
import { toBase64Url } from "../../formats/backup-set/byte-text.ts";
import { asBackupSetId } from "../../model/ids.ts";
import { readClusterConfig } from "../../schemas/config.ts";
import { outputDocuments } from "../../schemas/output.ts";

const recipient = `age1${"q".repeat(58)}`;

/** A store with two sets of another machine. */
function setting(context: TestContext) {
  const directory = workDirectory();
  context.after(() => {
    directory.remove();
  });
  const place = join(directory.path, "store");
  const world = setWorld(new DirectoryStore(place));
  const write = async (): Promise<void> => {
    await writeSet(world.writing, { "/etc/kubernetes/pki/ca.key": seededBytes(1, 100) });
  };
  const call = (words: readonly string[], options: { readonly trusts?: boolean; readonly section?: boolean } = {}): Promise<CliResult> => {
    const signers = options.trusts === false ? "" : `, signers: [${toBase64Url(world.keys.signing.publicKey)}]`;
    const section = options.section === false ? "" : `backup: { store: ${place}, recipients: [${recipient}]${signers} }\n`;
    const text = `apiVersion: requorum/v1\ncluster: ${manifestFacts().cluster.name}\nhosts: [{ name: cp1, address: 10.0.0.11 }]\n${section}`;
    return cli(words, { config: readClusterConfig(text, "/r.yaml"), ports: { clock: world.clock } }, directory.path);
  };
  return { place, world, write, call };
}

/** The document, held against its schema. */
function documentOf({ out, err }: CliResult): { readonly [field: string]: unknown } {
  const document = JSON.parse(out) as { readonly kind: string };
  assert.doesNotThrow(() => outputDocuments[document.kind]?.schema.parse(document), err);
  return document;
}

test("backup list: an empty store is no error, and says how to make the first set and what this machine signs with", async (context) => {
  const { call } = setting(context);
  const { code, out } = await call(["backup", "list"]);
  assert.equal(code, 0);
  assert.match(out, /no backup sets in .*store\n +nothing of a store is there: .* a disk that is not mounted/);
  assert.match(out, /requorum backup create/);
  assert.match(out, /this machine has signed nothing yet/);
  const { sets, isStore } = documentOf(await call(["backup", "list", "-o", "json"]));
  assert.deepEqual([sets, isStore], [[], false]);
});

test("backup list and show: a set of a known signer is trusted, of another one it is told, a damaged manifest is listed as damaged", async (context) => {
  const { place, write, call } = setting(context);
  await write();
  const known = await call(["backup", "list"]);
  assert.equal(known.code, 0, known.err);
  assert.match(known.out, new RegExp(`${firstSet}.*never tried`));
  documentOf(await call(["backup", "list", "-o", "json"]));
  const shown = await call(["backup", "show", "-o", "json"]);
  assert.equal((documentOf(shown)["set"] as { readonly id: string }).id, firstSet);
  assert.match((await call(["backup", "show", firstSet.slice(0, 12)])).out, new RegExp(firstSet));
  const unknown = await call(["backup", "list"], { trusts: false });
  assert.equal(unknown.code, 3);
  assert.match(unknown.out, /not trusted/);
  assert.match(unknown.out, /backup\.signers/);
  const path = join(place, "sets", `${firstSet}.json`);
  writeFileSync(path, readFileSync(path, "utf8").replace(/revision/, "revislon"));
  const damaged = await call(["backup", "list"]);
  assert.equal(damaged.code, 3);
  assert.match(damaged.out, new RegExp(`${firstSet}: damaged`));
  documentOf(await call(["backup", "list", "-o", "json"]));
  assert.equal((await call(["backup", "show", firstSet])).code, 15);
});

test("backup list: without the file that names the store it ends with 3, and says where to find that", async (context) => {
  const { place, write, call } = setting(context);
  await write();
  rmSync(join(place, "requorum-store.json"));
  const nameless = await call(["backup", "list"]);
  assert.equal(nameless.code, 3, nameless.err);
  assert.match(
    nameless.out.replaceAll(/\s+/g, " "),
    /requorum-store\.json, by which the store is known, is not in .*put it back from aside\//,
  );
  assert.equal((documentOf(await call(["backup", "list", "-o", "json"]))["remarks"] as readonly string[]).length, 1);
});

test("backup list: a set that nobody tried and whose packs are gone fails, and is not only untried", async (context) => {
  const { place, write, call } = setting(context);
  await write();
  rmSync(join(place, "packs"), { recursive: true });
  for (const verb of ["list", "show"]) {
    const { code, out, err } = await call(["backup", verb]);
    assert.equal(code, 3, err);
    assert.match(out, /fails[^]*packs\/[^]*not in the store/);
    assert.doesNotMatch(out, /never tried/);
  }
});

test("backup list: where nothing can be kept it lists all the same, and says that it will not miss a set", async (context) => {
  const { place, world, write } = setting(context);
  await write();
  const trust = ["--trust-signer", toBase64Url(world.keys.signing.publicKey)];
  const config = readClusterConfig(
    `apiVersion: requorum/v1\ncluster: ${manifestFacts().cluster.name}\nhosts: [{ name: cp1, address: 10.0.0.11 }]\n`,
    "/r.yaml",
  );
  const { code, out, err } = await cli(
    ["backup", "list", "--store", place, ...trust],
    { config, ports: { clock: world.clock } },
    "/proc/nope",
  );
  assert.equal(code, 3, err);
  assert.match(out.replaceAll(/\s+/g, " "), new RegExp(`what is there cannot be remembered, .*LOCAL_FILE_FAILED.* ${firstSet}`));
  assert.equal(
    (await cli(["backup", "list", "--store", place, ...trust], {}, "/proc/nope")).code,
    0,
    "of no cluster nothing is remembered",
  );
});

test("backup list: where a store was and none is, it sends nobody to a create that refuses", async (context) => {
  const { place, write, call } = setting(context);
  await write();
  await call(["backup", "list"]);
  rmSync(place, { recursive: true });
  const { code, out } = await call(["backup", "list"]);
  assert.equal(code, 3);
  assert.match(out.replaceAll(/\s+/g, " "), /only if that store is gone for good: begin a new one: requorum backup create --new-store /);
  assert.doesNotMatch(out, /make the first one/);
});

test("backup list, show and status: a set of the future has no age and is not taken, and is told; a newer one of an unknown signer is named, with a call that works", async (context) => {
  const { world, write, call } = setting(context);
  await write();
  world.clock.advance(2 * 3_600_000);
  const future = asBackupSetId("20270301-030000-cccccc");
  await writeSet(world.writing, {}, { id: future, facts: { createdAt: "2027-03-01T03:00:00.000Z" } });
  const keys = new FakeBackupKeys();
  await writeSet({ ...world.writing, keys }, {}, { id: secondSet, facts: { createdAt: "2026-03-01T04:00:00.000Z" } });
  const list = await call(["backup", "list"]);
  assert.equal(list.code, 3);
  assert.match(list.out, new RegExp(`set ${future} is dated in the future \\(2027-`));
  assert.match(list.out, new RegExp(`\n *${secondSet}[^]*\n *${firstSet}[^]*\n *${future} +in the future`));
  const sets = documentOf(await call(["backup", "list", "-o", "json"]))["sets"] as readonly { readonly ageSeconds: number | null }[];
  assert.deepEqual(
    sets.map(({ ageSeconds }) => ageSeconds),
    [3600, 7200, null],
  );
  const shown = await call(["backup", "show"]);
  assert.match(shown.out, new RegExp(firstSet));
  const json = await call(["backup", "show", "latest", "-o", "json"]);
  assert.equal(json.err, "");
  assert.match(shown.err, new RegExp(`set ${future} is dated in the future`));
  const [words = ""] = new RegExp(`requorum backup show ${secondSet} --trust-signer \\S+`).exec(shown.err) ?? [];
  const trusted = await call(words.split(" ").slice(1));
  assert.deepEqual([trusted.code, trusted.err], [0, ""]);
  const passedOver = documentOf(json)["passedOver"] as readonly { readonly id: string; readonly command: string | null }[];
  assert.deepEqual(
    passedOver.map((set) => [set.id, set.command]),
    [
      [future, null],
      [secondSet, words],
    ],
  );
  assert.deepEqual(documentOf(await call(["backup", "show", firstSet, "-o", "json"]))["passedOver"], []);
  assert.match(trusted.out, new RegExp(secondSet));
  const named = await call(["backup", "show", future]);
  assert.deepEqual([named.code, named.err], [3, ""]);
  assert.match(named.out, /dated in the future \(2027-[^]*made with a wrong clock, or this machine's clock is wrong/);
  const status = await call(["status"]);
  assert.match(status.out, new RegExp(`backup +${firstSet}, 2 h 0 min old, `));
  assert.match(status.out.replaceAll(/\s+/g, " "), new RegExp(`set ${future} is dated in the future.*set ${secondSet} of .*${words}`));
  documentOf(await call(["status", "-o", "json"]));
});

test("status: a set whose packs are gone fails, whatever was proven of it", async (context) => {
  const { place, write, call } = setting(context);
  await write();
  rmSync(join(place, "packs"), { recursive: true });
  const { out } = await call(["status"]);
  assert.match(out, new RegExp(`backup +${firstSet}, .* old, it fails`));
  assert.match(out, /not in the store in the size that was written/);
});

test("backup diff: a set alone is compared with nothing, and the call that is meant most is given", async (context) => {
  const { call } = setting(context);
  const { code, err } = await call(["backup", "diff", "latest"]);
  assert.equal(code, 2);
  assert.match(err, /say what the set is compared with[^]*requorum backup diff latest live\n/);
});

test("backup show: a set that is not there is a usage error that names those that are; latest of none says whose", async (context) => {
  const { write, call } = setting(context);
  const none = await call(["backup", "show"]);
  assert.equal(none.code, 2);
  assert.match(none.err, /BACKUP_SET_NOT_FOUND/);
  assert.match(none.err, /there is none at all/);
  await write();
  assert.match((await call(["backup", "show", secondSet])).err, new RegExp(`only one there is ${firstSet}`));
});

test("backup verbs: without the section they say what it needs; wrong words are usage errors, and nothing is made", async (context) => {
  const { place, call } = setting(context);
  const { code, err } = await call(["backup", "list"], { section: false });
  assert.equal(code, 2);
  assert.match(err, /BACKUP_NOT_CONFIGURED/);
  assert.match(err, /recipients: \[age1/);
  assert.equal((await call(["backup", "create", "--accept", "EVERYTHING"])).code, 2);
  assert.match((await call(["backup", "create", "--from", "cp9"])).err, /no host cp9, but cp1/);
  assert.throws(() => readdirSync(place), /ENOENT/);
});

test("status: one line about the newest set and what is proven of it; a store that cannot be read is not known", async (context) => {
  const { place, write, call } = setting(context);
  assert.match((await call(["status"])).out, /backup +there is no set in/);
  await write();
  assert.match((await call(["status"])).out, new RegExp(`backup +${firstSet}, .* old, nothing proven`));
  documentOf(await call(["status", "-o", "json"]));
  rmSync(place, { recursive: true });
  writeFileSync(place, "no directory");
  const unseen = await call(["status"]);
  assert.match(unseen.out, /backup +unknown in/);
  assert.match(unseen.out, /the backup sets \(BACKUP_STORE_/);
  assert.match((await call(["status"], { section: false })).out, /backup +none configured/);
});
