import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { LocalDataDirWriter } from "./local-data-dir-writer.ts";

function inDirectory(use: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "requorum-data-dir-"));
  try {
    use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const isNotEmpty = (error: unknown): boolean => error instanceof RecoveryError && error.code === "TARGET_NOT_EMPTY";

test("new data dir: nothing is at its place before commit, and then all of it, private", () => {
  inDirectory((directory) => {
    const target = join(directory, "below", "m1");
    const dir = new LocalDataDirWriter().begin(target);
    const file = dir.create("member/snap/db");
    file.write(Buffer.from("0123"));
    file.write(Buffer.from("4567"));
    file.patch(1, Buffer.from("ab"));
    file.close();
    assert.equal(existsSync(target), false);
    dir.commit();
    assert.equal(readFileSync(join(target, "member/snap/db"), "utf8"), "0ab34567");
    assert.deepEqual(readdirSync(join(directory, "below")), ["m1"]);
    assert.equal(statSync(join(target, "member/snap")).mode & 0o777, 0o700);
    assert.equal(statSync(join(target, "member/snap/db")).mode & 0o777, 0o600);
  });
});

test("new data dir: an empty directory is taken, one with anything in it is TARGET_NOT_EMPTY, also when that came meanwhile", () => {
  inDirectory((directory) => {
    const target = join(directory, "m1");
    mkdirSync(target);
    const dir = new LocalDataDirWriter().begin(target);
    dir.create("member/wal/x").close();
    writeFileSync(join(target, "came"), "");
    assert.throws(() => {
      dir.commit();
    }, isNotEmpty);
    assert.throws(() => new LocalDataDirWriter().begin(target), isNotEmpty);
    rmSync(join(target, "came"));
    dir.commit();
    assert.deepEqual(readdirSync(target), ["member"]);
  });
});

test("new data dir: what is discarded leaves nothing", () => {
  inDirectory((directory) => {
    const dir = new LocalDataDirWriter().begin(join(directory, "m1"));
    dir.create("member/snap/db").close();
    dir.discard();
    assert.deepEqual(readdirSync(directory), []);
  });
});
