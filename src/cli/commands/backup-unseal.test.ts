import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { backupUnsealedSchema } from "../../schemas/backup-output.ts";
import { cli } from "../../../test/support/captured-cli.ts";
import { firstSet, seededBytes, setWorld, writeSet } from "../../../test/support/set-world.ts";
import { DirectoryStore } from "../../adapters/backup-store/directory-store.ts";
import { errorSchema } from "../../schemas/output.ts";
import { AgeKeyWrapping } from "../../adapters/system/age-key-wrapping.ts";

const secret = seededBytes(7, 1675);
let work = "";
let signer = "";

before(async () => {
  work = await mkdtemp(join(tmpdir(), "requorum-unseal-cli-"));
  const world = setWorld(new DirectoryStore(join(work, "sets")));
  const wrapping = new AgeKeyWrapping({ passphraseWorkFactor: 4 });
  const { identity, recipient } = await wrapping.newIdentity();
  await writeSet(
    { ...world.writing, wrapping },
    { "/etc/kubernetes/pki/ca.key": secret },
    { recipients: [recipient], passphrase: "correct horse" },
  );
  signer = Buffer.from(world.keys.signing.publicKey).toString("base64url");
  const private600 = { mode: 0o600 };
  await writeFile(join(work, "identity.txt"), `# created: 2026-03-01\n# public key: ${recipient}\n${identity}\n`, private600);
  await writeFile(join(work, "passphrase"), "correct horse\n", private600);
  await writeFile(join(work, "seen.txt"), `${identity}\n`, { mode: 0o644 });
  await writeFile(join(work, "other.txt"), `${(await wrapping.newIdentity()).identity}\n`, private600);
});
after(() => rm(work, { recursive: true, force: true }));

function unseal(to: string, ...words: readonly string[]): ReturnType<typeof cli> {
  return cli(["backup", "unseal", firstSet, "--store", join(work, "sets"), "--to", join(work, to), ...words], {}, work);
}

test("backup unseal: with a store, an identity file and the signer's key no configuration is needed", async () => {
  const { code, out, err } = await unseal("one", "--identity", join(work, "identity.txt"), "--trust-signer", signer);
  assert.equal(code, 0, err);
  assert.match(out, /set 20260301-030000-aaaaaa of cluster north/);
  assert.deepEqual(await readFile(join(work, "one/cp1/etc/kubernetes/pki/ca.key")), Buffer.from(secret));
});

test("backup unseal and copy: the marks of the set are told with what is taken out of it", async () => {
  const world = setWorld(new DirectoryStore(join(work, "marked")));
  const wrapping = new AgeKeyWrapping({ passphraseWorkFactor: 4 });
  const marks = [{ code: "NO_QUORUM", because: "one of three members answered" }] as const;
  const set = { recipients: [], passphrase: "correct horse", facts: { marks } };
  await writeSet({ ...world.writing, wrapping }, { "/etc/kubernetes/pki/ca.key": secret }, set);
  const trust = ["--store", join(work, "marked"), "--trust-signer", Buffer.from(world.keys.signing.publicKey).toString("base64url")];
  for (const verb of [
    ["unseal", firstSet, "--to", join(work, "five"), "--passphrase-file", join(work, "passphrase")],
    ["copy", firstSet, "--to", join(work, "copied")],
  ]) {
    const { code, out, err } = await cli(["backup", ...verb, ...trust], {}, work);
    assert.equal(code, 0, err);
    assert.match(out, /NO_QUORUM {2}one of three members answered/);
  }
});

test("backup unseal: the passphrase alone does it too, and JSON says what was written", async () => {
  const { code, out } = await unseal("two", "--passphrase-file", join(work, "passphrase"), "--trust-signer", signer, "-o", "json");
  assert.equal(code, 0);
  const document = backupUnsealedSchema.parse(JSON.parse(out));
  assert.deepEqual(
    document.files.map(({ path, sizeBytes }) => [path, sizeBytes]),
    [["cp1/etc/kubernetes/pki/ca.key", "1675"]],
  );
});

test("backup unseal: an unknown signer is named, and the call that trusts it is given whole", async () => {
  const { code, err } = await unseal("three", "--identity", join(work, "identity.txt"));
  assert.equal(code, 15);
  assert.ok(err.replaceAll(/\s+/g, " ").includes(`--trust-signer ${signer}`), err);
  assert.match(err, /requorum backup unseal 20260301-030000-aaaaaa --to/);
});

test("backup unseal: another identity, none at all, a set without name, two kinds of key: each says what is wrong", async () => {
  for (const [words, code, said] of [
    [["--trust-signer", signer, "--identity", join(work, "other.txt")], 15, /not sealed for the given identity/],
    [["--trust-signer", signer, "--identity", join(work, "passphrase")], 2, /identity 1: expected "AGE-SECRET-KEY-1"/],
    [["--trust-signer", signer, "--identity", join(work, "seen.txt")], 2, /seen\.txt: others than its owner may read it \(mode 644\)/],
    [["--trust-signer", signer], 2, /this machine holds no key/],
    [["--trust-signer", "abc"], 2, /is no public key/],
    [["--trust-signer", signer, "--identity", "x", "--passphrase-file", "y"], 2, /one is enough/],
  ] as const) {
    const result = await unseal("four", ...words);
    assert.equal(result.code, code, result.err);
    assert.match(result.err.replaceAll(/\s+/g, " "), said);
    assert.ok(!result.err.includes("correct horse"));
  }
  const unnamed = await cli(["backup", "unseal", "--store", join(work, "sets"), "--to", join(work, "five")], {}, work);
  assert.equal(unnamed.code, 2);
  assert.match(unnamed.err.replaceAll(/\s+/g, " "), /give the set's name/);
});

test("backup unseal: a key that does not open the set is told with a call that names that set, and works without a configuration", async () => {
  await writeFile(join(work, "another"), "wrong horse\n", { mode: 0o600 });
  for (const words of [
    ["--identity", join(work, "other.txt")],
    ["--passphrase-file", join(work, "another")],
  ]) {
    const { err } = await unseal("six", "--trust-signer", signer, ...words, "-o", "json");
    const [command = ""] = errorSchema.parse(JSON.parse(err)).error.remedies.flatMap(({ command: one }) => one ?? []);
    assert.ok(command.startsWith(`requorum backup show ${firstSet} --store ${join(work, "sets")} `), command);
    const shown = await cli(command.split(" ").slice(1), {}, work);
    assert.match(shown.out, /opens with +age1\w+, the passphrase/, shown.err);
  }
});

test("backup unseal: a directory in the way may be an unsealed set, and is not spoken of as the newest data there is", async () => {
  const words = ["--passphrase-file", join(work, "passphrase"), "--trust-signer", signer];
  assert.equal((await unseal("twice", ...words)).code, 0);
  const { code, err } = await unseal("twice", ...words);
  assert.notEqual(code, 0);
  assert.match(err.replaceAll(/\s+/g, " "), /a set that was unsealed before.*you may remove it.*mv \S+twice \S+twice\.aside/);
  assert.doesNotMatch(err, /newest data/);
});

test("backup unseal: a file in the way, as the only key, is neither moved nor removed by what is advised", async () => {
  const words = ["--passphrase-file", join(work, "passphrase"), "--trust-signer", signer];
  const { err } = await unseal("identity.txt", ...words);
  assert.match(err.replaceAll(/\s+/g, " "), /TARGET_NOT_EMPTY.*it is a file.*name another directory/);
  assert.doesNotMatch(err, /\brm\b|\bmv\b|unsealed before/);
});
