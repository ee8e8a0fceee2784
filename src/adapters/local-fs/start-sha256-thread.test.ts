import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { LocalByteFiles } from "./local-byte-files.ts";
import { startSha256Thread } from "./start-sha256-thread.ts";

const content = Buffer.alloc(700_001, "requorum");
const sizeBytes = content.length - 32;

function fileWith(context: TestContext, bytes: Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), "requorum-sha256-"));
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  writeFileSync(join(directory, "file"), bytes);
  return join(directory, "file");
}

const files = new LocalByteFiles([], (work) => startSha256Thread(work, { minBytes: 1 }));

test("sha256 beside: the hash of the first bytes of the file, with progress to its end", (context) => {
  const file = files.open(fileWith(context, content));
  const shown: number[] = [];
  const pending = file.startSha256?.(sizeBytes);
  assert.equal(
    pending?.wait((done) => shown.push(done)),
    createHash("sha256").update(content.subarray(0, sizeBytes)).digest("hex"),
  );
  assert.equal(shown.at(-1), sizeBytes);
  assert.equal(pending.wait(), pending.wait(), "the answer stays");
  file.close();
});

test("sha256 beside: a file that took the place, became shorter, or is gone gives no hash, and does not end the program", (context) => {
  const path = fileWith(context, content);
  const file = files.open(path);
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
  assert.equal(file.startSha256?.(sizeBytes)?.wait(), undefined, "another file");
  file.close();
  const cut = files.open(path);
  truncateSync(path, 1000);
  assert.equal(cut.startSha256?.(sizeBytes)?.wait(), undefined, "shorter");
  rmSync(path);
  assert.equal(cut.startSha256?.(sizeBytes)?.wait(), undefined, "gone");
  cut.close();
});

test("sha256 beside: no thread for a file that is hashed sooner than one starts", (context) => {
  const file = new LocalByteFiles([], startSha256Thread).open(fileWith(context, content));
  assert.equal(file.startSha256?.(sizeBytes), undefined);
  file.close();
});
