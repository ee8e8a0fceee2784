import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { cli, workDirectory, type CliResult } from "../../../test/support/captured-cli.ts";
import {
  firstSet,
  manifestFacts,
  partHead,
  recipient,
  secondSet,
  seededBytes,
  setWorld,
  writeSet,
} from "../../../test/support/set-world.ts";
import { DirectoryStore } from "../../adapters/backup-store/directory-store.ts";
import { SetWriter } from "../../catalogue/set-writer.ts";
import { toBase64Url } from "../../formats/backup-set/byte-text.ts";
import { asHostName } from "../../model/ids.ts";
import { readClusterConfig } from "../../schemas/config.ts";

const directory = workDirectory();
const work = directory.path;
const store = join(work, "sets");
const world = setWorld(new DirectoryStore(store));
await writeSet(world.writing, { "/etc/kubernetes/pki/ca.key": seededBytes(1, 100) });
const writer = await SetWriter.begin(world.writing, { id: secondSet, recipients: [recipient] });
await writer.addPart(partHead("/etc/kubernetes/pki/ca.key", { host: asHostName("cp2") }), seededBytes(1, 100));
await writer.finish(manifestFacts({ createdAt: "2026-03-01T04:00:00.000Z" }));
after(() => {
  directory.remove();
});

const restore = (...words: readonly string[]): Promise<CliResult> => {
  const signer = toBase64Url(world.keys.signing.publicKey);
  const text = `apiVersion: requorum/v1\ncluster: north\nhosts: [{ name: cp1, address: 10.0.0.11 }]\nbackup: { store: ${store}, recipients: [age1${"q".repeat(58)}], signers: [${signer}] }\n`;
  world.clock.advance(86_400_000);
  const options = { config: readClusterConfig(text, "/r.yaml"), ports: { clock: world.clock } };
  return cli(["backup", "restore", ...words], options, work);
};

test("backup restore latest of a machine that was down then: the whole call with the newest set that has it is given", async () => {
  const { code, err } = await restore("latest", "--host", "cp1", "--pki", "--identity", "escrow.txt");
  assert.equal(code, 2);
  assert.match(err, /BACKUP_SET_LACKS_PARTS/);
  assert.ok(err.replaceAll(/\s+/g, " ").includes(`requorum backup restore ${firstSet} --host cp1 --pki --identity escrow.txt`), err);
});

test("backup restore and plan --out: a file that is there is never replaced, and nothing is asked before", async () => {
  const file = join(work, "notes.json");
  writeFileSync(file, "mine");
  for (const words of [
    ["backup", "restore", "latest", "--host", "cp1", "--pki", "--out", "notes.json"],
    ["plan", "--out", file],
  ]) {
    const { code, err } = await cli(words, {}, work);
    assert.equal(code, 13);
    assert.match(err, /LOCAL_FILE_FAILED[^]*exists already and is not replaced/);
  }
  assert.equal(readFileSync(file, "utf8"), "mine");
});
