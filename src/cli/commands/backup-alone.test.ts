/** What is left after a disaster: a store, an identity and the public key of who signed; no configuration, and nothing that a machine kept. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { backupSetSchema } from "../../schemas/backup-output.ts";
import { DirectoryStore } from "../../adapters/backup-store/directory-store.ts";
import { AgeKeyWrapping } from "../../adapters/system/age-key-wrapping.ts";
import { toBase64Url } from "../../formats/backup-set/byte-text.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { cli, workDirectory, type CliResult } from "../../../test/support/captured-cli.ts";
import { loopbackConfig } from "../../../test/support/real-etcd-subject.ts";
import { firstSet, setWorld, writeSet } from "../../../test/support/set-world.ts";

const directory = workDirectory();
const work = directory.path;
const store = join(work, "sets");
mkdirSync(store);
const world = setWorld(new DirectoryStore(store));
const wrapping = new AgeKeyWrapping();
const { identity, recipient } = await wrapping.newIdentity();
await writeSet({ ...world.writing, wrapping }, { "/etc/kubernetes/pki/ca.key": Buffer.from("key") }, { recipients: [recipient] });
writeFileSync(join(work, "escrow.txt"), `${identity}\n`, { mode: 0o600 });
const signer = toBase64Url(world.keys.signing.publicKey);
after(() => {
  directory.remove();
});

const alone = (...words: readonly string[]): Promise<CliResult> => cli(["backup", ...words, "--store", store], {}, work);

test("backup list and show work on a store without a configuration, and trust the signer that is named", async () => {
  const unknown = await alone("list");
  assert.equal(unknown.code, 3, unknown.err);
  assert.match(unknown.out, /not trusted/);
  const { code, out, err } = await alone("list", "--trust-signer", signer);
  assert.equal(code, 0, err);
  assert.match(out, /20260301-030000-aaaaaa .* north .* never tried/);
  assert.equal((await alone("show", firstSet, "--trust-signer", signer)).code, 0);
});

test("backup verify and drill open a set with an identity and the named signer alone; the proof counts afterwards", async () => {
  const opened = ["--identity", "escrow.txt", "--trust-signer", signer];
  const untrusted = await alone("verify", firstSet, "--level", "V1", "--identity", "escrow.txt");
  assert.equal(untrusted.code, 10);
  assert.match(untrusted.out.replaceAll(/\s+/g, " "), /or give it as --trust-signer/);
  const again = /requorum (backup verify .* --trust-signer \S+)\n/.exec(untrusted.out)?.[1] ?? "";
  const trusted = await cli(again.split(" "), {}, work);
  assert.match(trusted.out, /proven to V1/, again);
  assert.doesNotMatch(untrusted.out, /requorum backup drill/, "what keeps it from V1 keeps a drill from it too");
  const { code, out, err } = await alone("verify", firstSet, "--level", "V1", ...opened);
  assert.equal(code, 0, err);
  assert.match(out, /proven to V1/);
  // Its snapshot is none of etcd: that the key opened it is what is seen here.
  const drilled = await alone("drill", firstSet, ...opened);
  assert.match(drilled.out, /V1 {2}holds/);
  assert.doesNotMatch(drilled.out, /requorum backup drill/, "a drill names no further drill");
  assert.doesNotMatch(drilled.out, /no key to open|BACKUP_KEY_WRONG|BACKUP_SET_UNTRUSTED/);
});

test("backup copy works on two stores without a configuration: the signer is named, and so is the set", async () => {
  const to = ["--to", join(work, "other")];
  const untrusted = await alone("copy", firstSet, ...to);
  assert.equal(untrusted.code, 15);
  assert.match(untrusted.err.replaceAll(/\s+/g, " "), /give it to this call as --trust-signer/);
  const again = `requorum backup copy ${firstSet} --store ${store} --to ${join(work, "other")} --trust-signer ${signer}`;
  assert.ok(untrusted.err.includes(again), untrusted.err);
  const { code, out, err } = await alone("copy", firstSet, ...to, "--trust-signer", signer);
  assert.equal(code, 0, err);
  assert.match(out, new RegExp(`copied, and read back  set ${firstSet}`));
  assert.ok(out.replaceAll(/\s+/g, " ").includes(`backup verify ${firstSet} --store ${join(work, "other")} --trust-signer ${signer}`), out);
  assert.equal((await cli(["backup", "show", firstSet, "--store", join(work, "other"), "--trust-signer", signer], {}, work)).code, 0);
  assert.equal((await alone("copy", ...to)).code, 2);
});

test("backup verify and show without a configuration ask for the name of the set; a configuration that was named must be there", async () => {
  for (const verb of ["verify", "show", "get latest"].map((words) => words.split(" "))) {
    const { code, err } = await alone(...verb);
    assert.equal(code, 2);
    assert.match(err.replaceAll(/\s+/g, " "), /nothing says which cluster's newest set is meant: give the set's name/);
    assert.ok(err.replaceAll(/\s+/g, " ").includes(`requorum backup list --store ${store}`), err);
  }
  const { code, err } = await alone("list", "--config", "mistyped.yaml");
  assert.equal(code, 2);
  assert.match(err, /CONFIG_NOT_FOUND/);
  assert.equal((await alone("create")).code, 2);
});

/** Of the first one a drill found above that its snapshot is none. */
const untried = join(work, "untried");
mkdirSync(untried);
await writeSet(
  { ...setWorld(new DirectoryStore(untried)).writing, keys: world.writing.keys, wrapping },
  { "/etc/kubernetes/pki/ca.key": Buffer.from("key") },
  { recipients: [recipient] },
);

/** All verbs that read a store alone. */
const reading: readonly (readonly string[])[] = [
  ["list"],
  ["show", firstSet],
  ["verify", firstSet, "--level", "V1", "--identity", "escrow.txt"],
  ["copy", firstSet, "--to", join(work, "third")],
];

test("backup verbs with --store work beside a configuration without the section; making a set and pruning need it", async () => {
  const config: ClusterConfig = { ...loopbackConfig([asHostName("cp1")]), cluster: "north" };
  const beside = (...words: readonly string[]): Promise<CliResult> =>
    cli(["backup", ...words, "--store", untried], { config, ports: { clock: world.clock } }, work);
  for (const words of reading) {
    const { code, err } = await beside(...words, "--trust-signer", signer);
    assert.equal(code, 0, `${words.join(" ")}: ${err}`);
  }
  for (const words of [["create"], ["prune", "--plan"]]) assert.match((await beside(...words)).err, /BACKUP_NOT_CONFIGURED/);
});

test("backup verbs with --store leave a configuration aside that is not valid, and say so; one that was named stops them", async () => {
  const configFailure = new RecoveryError("CONFIG_INVALID", { subject: "requorum.yaml", detail: "line 3: no such field" });
  const beside = (words: readonly string[]): Promise<CliResult> =>
    cli(["backup", ...words, "--store", untried, "--trust-signer", signer], { configFailure }, work);
  for (const words of [...reading, ["get", firstSet, "ns/x", "--identity", "escrow.txt"]]) {
    const { err } = await beside(words);
    assert.match(err.replaceAll(/\s+/g, " "), /configuration is left aside.*line 3: no such field \(CONFIG_INVALID\)/, words.join(" "));
    assert.doesNotMatch(err, /invalid configuration/);
  }
  assert.equal((await beside(["list"])).code, 0);
  for (const name of [
    ["--config", "requorum.yaml"],
    ["--cluster", "north"],
  ])
    assert.equal((await beside(["list", ...name])).code, 2);
});

test("backup verbs that only read make no key and write nothing in the state directory", async (context) => {
  const virgin = workDirectory();
  context.after(() => {
    virgin.remove();
  });
  const { out } = await cli(["backup", "list", "--store", "nosuch"], {}, virgin.path);
  assert.match(out, /has signed nothing yet/);
  for (const words of [["list"], ["show", firstSet]])
    await cli(["backup", ...words, "--store", untried, "--trust-signer", signer], {}, virgin.path);
  assert.equal(existsSync(join(virgin.path, "state")), false);
});

test("an identity file that is not there, or is a directory, is wrong usage, and not a failure of this machine", async () => {
  for (const [name, why] of [
    ["mistyped.txt", "there is no such file"],
    ["untried", "it is a directory"],
  ] as const) {
    const { code, err } = await cli(
      ["backup", "get", firstSet, "--store", untried, "--trust-signer", signer, "--identity", name],
      {},
      work,
    );
    assert.equal(code, 2, err);
    assert.ok(err.replaceAll(/\s+/g, " ").includes(`${join(work, name)}: ${why}`), err);
    assert.match(err, /BACKUP_KEY_INVALID/);
  }
});

test("backup show lists the files of a machine with a key, and says which machines there are where it has none of that one", async () => {
  const opened = ["--identity", "escrow.txt", "--trust-signer", signer];
  const { code, out, err } = await alone("show", firstSet, "--host", "cp1", ...opened);
  assert.equal(code, 3, err); // it was tried above, and has no snapshot
  assert.match(out, /Files of cp1[^]*pki +\S+ (?:B|KiB).* \/etc\/kubernetes\/pki\/ca\.key/);
  const json = await alone("show", firstSet, "--host", "cp1", ...opened, "-o", "json");
  const { files } = backupSetSchema.parse(JSON.parse(json.out));
  assert.deepEqual(
    files?.map(({ host, path, mode }) => [host, path, mode]),
    [["cp1", "/etc/kubernetes/pki/ca.key", "0600"]],
  );
  const other = await alone("show", firstSet, "--host", "cp9", ...opened);
  assert.equal(other.code, 2);
  assert.match(other.err, /no files of cp9; it has files of cp1/);
  assert.equal((await alone("show", firstSet, "--host", "cp1", "--trust-signer", signer)).code, 2, "no key");
  const plain = await alone("show", firstSet, "--trust-signer", signer, "-o", "json");
  assert.equal(backupSetSchema.parse(JSON.parse(plain.out)).files, null);
});
