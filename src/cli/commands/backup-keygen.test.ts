import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cli, workDirectory } from "../../../test/support/captured-cli.ts";
import { AgeKeyWrapping } from "../../adapters/system/age-key-wrapping.ts";
import { identitiesOf } from "../../formats/backup-set/identity-file.ts";
import { outputDocuments } from "../../schemas/output.ts";

test("backup keygen: the secret half goes into a file of its own and nowhere else, opens what the public half sealed, and overwrites nothing", async (context) => {
  const directory = workDirectory();
  context.after(() => {
    directory.remove();
  });
  const made = await cli(["backup", "keygen", "--out", "escrow.txt", "-o", "json"], {}, directory.path);
  assert.equal(made.code, 0, made.err);
  const document = JSON.parse(made.out) as { readonly recipient: string; readonly file: string };
  outputDocuments["BackupKey"]?.schema.parse(document);
  const file = join(directory.path, "escrow.txt");
  assert.equal(document.file, file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const text = readFileSync(file, "utf8");
  const identities = identitiesOf(text);
  assert.equal(identities.length, 1);
  assert.ok(!(made.out + made.err).includes("AGE-SECRET-KEY"));
  const age = new AgeKeyWrapping();
  const content = new TextEncoder().encode("x");
  assert.deepEqual(
    await age.unwrap(await age.wrapForRecipients([document.recipient], content), { kind: "identities", identities }),
    content,
  );
  const again = await cli(["backup", "keygen", "--out", "escrow.txt"], {}, directory.path);
  assert.equal(again.code, 16);
  assert.match(again.err, /only key of a set[^]*requorum backup keygen --out \S+escrow\.txt\.new/);
  assert.equal(readFileSync(file, "utf8"), text);
  const nowhere = await cli(["backup", "keygen", "--out", "no/where"], {}, directory.path);
  assert.equal(nowhere.code, 13);
  assert.match(nowhere.err, /next: make its directory/);
  assert.equal((await cli(["backup", "keygen"], {}, directory.path)).code, 2);
});
