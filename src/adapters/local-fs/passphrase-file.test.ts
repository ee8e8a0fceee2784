import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RecoveryError } from "../../model/recovery-error.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { readPassphraseFile } from "./passphrase-file.ts";

test("readPassphraseFile: the first line; a file that others may read, an empty and a missing one are refused without a word of it", async (context) => {
  const work = mkdtempSync(join(tmpdir(), "requorum-passphrase-"));
  context.after(() => {
    rmSync(work, { recursive: true });
  });
  const file = (content: string, mode = 0o600): string => {
    const path = join(work, "passphrase");
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  assert.equal(await readPassphraseFile(file("correct horse \nsecond\n")), "correct horse ");
  assert.equal(await readPassphraseFile(file("without an end")), "without an end");
  const refused = (path: string, text: RegExp): Promise<void> =>
    assert.rejects(
      readPassphraseFile(path),
      (error) =>
        isRecoveryError("BACKUP_KEY_INVALID", text)(error) &&
        !String(error).includes("horse") &&
        /first line of that file is the passphrase/.test((error as RecoveryError).remedies[0]?.why ?? ""),
    );
  await refused(file("correct horse\n", 0o640), /mode 640/);
  await refused(file("\ncorrect horse\n"), /first line is empty/);
  await refused(file("horse".repeat(1000)), /no passphrase/);
  await refused(join(work, "none"), /there is no such file/);
});
