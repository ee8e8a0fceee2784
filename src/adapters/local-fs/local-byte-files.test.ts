import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, copyFileSync, mkdtempSync, openSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { LocalByteFiles } from "./local-byte-files.ts";

function fileWith(context: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "requorum-files-"));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  writeFileSync(join(directory, "file"), text);
  return join(directory, "file");
}

test("LocalByteFiles reads ranges, and only ranges inside the file", (context) => {
  const file = new LocalByteFiles().open(fileWith(context, "0123456789"));
  const into = new Uint8Array(4);
  file.readInto(3, into);
  assert.equal(new TextDecoder().decode(into), "3456");
  assert.throws(() => {
    file.readInto(8, into);
  }, RangeError);
  file.assertUnchanged();
  file.close();
});

test("LocalByteFiles: a pipe in a data dir is no file, and is not waited for", (context) => {
  const pipe = `${fileWith(context, "")}.wal`;
  execFileSync("mkfifo", [pipe]);
  const files = new LocalByteFiles();
  assert.throws(() => files.open(pipe), { code: "FILE_NOT_RECOGNISED", message: /a device, a pipe or a socket/ });
  assert.throws(() => files.open(join(pipe, "..")), { code: "FILE_NOT_RECOGNISED", message: /this is a directory/ });
  assert.throws(() => files.open("/dev/null"), { code: "FILE_NOT_RECOGNISED" });
});

test("LocalByteFiles: a file that grows, shrinks or is replaced while it is read is FILE_CHANGED", (context) => {
  const grown = fileWith(context, "0123456789");
  const first = new LocalByteFiles().open(grown);
  appendFileSync(grown, "x");
  assert.throws(
    () => {
      first.assertUnchanged();
    },
    { code: "FILE_CHANGED" },
  );
  first.close();

  const cut = fileWith(context, "0123456789");
  const second = new LocalByteFiles().open(cut);
  truncateSync(cut, 5);
  assert.throws(
    () => {
      second.readInto(4, new Uint8Array(3));
    },
    { code: "FILE_CHANGED" },
  );
  second.close();

  const replaced = fileWith(context, "0123456789");
  const third = new LocalByteFiles().open(replaced);
  writeFileSync(`${replaced}.new`, "0123456789");
  renameSync(`${replaced}.new`, replaced);
  assert.throws(
    () => {
      third.assertUnchanged();
    },
    { code: "FILE_CHANGED", detail: /another file/ },
  );
  third.close();
});

test("LocalByteFiles: what is not there, and what is no file, is named", (context) => {
  const files = new LocalByteFiles();
  const path = fileWith(context, "");
  assert.throws(() => files.kindOf(`${path}.none`), { code: "LOCAL_FILE_FAILED", detail: /ENOENT/ });
  assert.throws(() => files.kindOf("/dev/null"), { code: "FILE_NOT_RECOGNISED" });
  assert.equal(files.kindOf(path), "file");
  assert.throws(() => files.open(join(path, "..")), { code: "FILE_NOT_RECOGNISED" });
});

test("LocalByteFiles: what was copied here is read under the name that it has where it lies", (context) => {
  const path = fileWith(context, "0123456789");
  const why = new RecoveryError("SSH_UNREACHABLE", { subject: "host cp2", detail: "no answer" });
  const files = new LocalByteFiles([
    { name: "ssh://cp1/var/lib/etcd/", path: join(path, "..") },
    { name: "ssh://cp2/var/lib/etcd", error: why },
  ]);
  assert.equal(files.kindOf("ssh://cp1/var/lib/etcd"), "directory");
  assert.deepEqual(files.list("ssh://cp1/var/lib/etcd/"), ["file"]);
  const file = files.open("ssh://cp1/var/lib/etcd/file");
  assert.deepEqual([file.name, file.size], ["ssh://cp1/var/lib/etcd/file", 10]);
  file.assertUnchanged();
  file.close();
  assert.throws(() => files.kindOf("ssh://cp2/var/lib/etcd"), why);
});

test("LocalByteFiles: a file that an etcd has open is held by it, also where no lock is to be seen", async (context) => {
  const path = fileWith(context, "0123456789");
  assert.equal(new LocalByteFiles().lockHolder(path), undefined);
  const program = join(path, "..", "etcd");
  copyFileSync("/bin/sleep", program);
  const descriptor = openSync(path, "r");
  const etcd = spawn(program, ["60"], { stdio: ["ignore", "ignore", "ignore", descriptor] });
  context.after(() => {
    etcd.kill("SIGKILL");
    closeSync(descriptor);
  });
  await once(etcd, "spawn");
  assert.deepEqual(new LocalByteFiles().lockHolder(path), { pid: etcd.pid });
});
