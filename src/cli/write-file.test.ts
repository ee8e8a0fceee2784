import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RecoveryError } from "../model/recovery-error.ts";
import { assertNoFile, writeNewFile } from "./write-file.ts";

const work = mkdtempSync(join(tmpdir(), "requorum-write-file-"));
after(() => {
  rmSync(work, { recursive: true, force: true });
});

const refused = (code: string) => (error: unknown) => error instanceof RecoveryError && error.code === code;

test("writeNewFile: a file of the user's that is named like a part of it, or a link laid in its way, is left alone", async () => {
  writeFileSync(join(work, "precious"), "keep");
  writeFileSync(join(work, "plan.json.part"), "keep too");
  symlinkSync(join(work, "precious"), join(work, "saved.json.part"));
  await writeNewFile(join(work, "plan.json"), "{}", { replaces: true });
  await writeNewFile(join(work, "saved.json"), "{}", { replaces: true });
  assert.equal(readFileSync(join(work, "plan.json.part"), "utf8"), "keep too");
  assert.equal(readFileSync(join(work, "precious"), "utf8"), "keep");
  assert.equal(statSync(join(work, "plan.json")).mode & 0o777, 0o600);
});

test("writeNewFile: an existing file is refused and kept unless it may be replaced", async () => {
  const path = join(work, "requorum.yaml");
  writeFileSync(path, "mine");
  await assert.rejects(writeNewFile(path, "new", { replaces: false }), refused("LOCAL_FILE_FAILED"));
  await assert.rejects(assertNoFile(path), refused("LOCAL_FILE_FAILED"));
  await assertNoFile(join(work, "none.yaml"));
  assert.equal(readFileSync(path, "utf8"), "mine");
});

test("writeNewFile: a write that fails leaves nothing behind, and what was there stays", async () => {
  mkdirSync(join(work, "taken"));
  const before = readdirSync(work);
  await assert.rejects(writeNewFile(join(work, "taken"), "x", { replaces: true }), refused("LOCAL_FILE_FAILED"));
  await assert.rejects(writeNewFile(join(work, "no-such-directory", "x"), "x", { replaces: true }), refused("LOCAL_FILE_FAILED"));
  assert.deepEqual(readdirSync(work), before);
});
