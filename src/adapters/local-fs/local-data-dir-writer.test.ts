import assert from "node:assert/strict";
import fs, {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
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

test("new data dir: of two writers to one target that end at once, the slower one finds TARGET_NOT_EMPTY, also at the very last", (context) => {
  inDirectory((directory) => {
    const target = join(directory, "m1");
    const [fast, slow] = [new LocalDataDirWriter().begin(target), new LocalDataDirWriter().begin(target)];
    for (const dir of [fast, slow]) dir.create("member/snap/db").close();
    const rename = fs.renameSync;
    const mocked = context.mock.method(fs, "renameSync", (from: string, to: string) => {
      mocked.mock.restore();
      syncBuiltinESMExports();
      fast.commit(); // after the slower one has looked for the last time
      rename(from, to);
    });
    syncBuiltinESMExports();
    assert.throws(
      () => {
        slow.commit();
      },
      (error) => isRecoveryError("TARGET_NOT_EMPTY")(error) && /while this data dir was being written/.test(error.detail),
    );
    slow.discard();
    assert.deepEqual(readdirSync(directory), ["m1"]);
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

test("new data dir: what a killed writer left is not at the target, and not in the way of the next one", () => {
  inDirectory((directory) => {
    const target = join(directory, "m1");
    const told: (string | undefined)[] = [];
    const writer = new LocalDataDirWriter((path) => told.push(path));
    const killed = writer.begin(target);
    killed.create("member/snap/db").write(Buffer.from("half"));
    assert.equal(existsSync(target), false);
    assert.equal(existsSync(told[0] ?? ""), true);
    const next = writer.begin(target);
    next.create("member/snap/db").close();
    next.commit();
    assert.deepEqual(readdirSync(target), ["member"]);
    assert.deepEqual(told.slice(2), [undefined]);
    assert.deepEqual([killed.leftovers, next.leftovers], [[], [told[0]]]);
    assert.equal(existsSync(told[0] ?? ""), true, "nobody removes it unasked");
  });
});

test("new data dir: a file, a link and a link into nothing at the target are TARGET_NOT_EMPTY, and stay as they are", () => {
  inDirectory((directory) => {
    writeFileSync(join(directory, "file"), "data");
    symlinkSync(join(directory, "none"), join(directory, "dangling"));
    symlinkSync(directory, join(directory, "link"));
    for (const name of ["file", "dangling", "link"]) assert.throws(() => new LocalDataDirWriter().begin(join(directory, name)), isNotEmpty);
    assert.deepEqual(readdirSync(directory), ["dangling", "file", "link"]);
  });
});

test("new data dir: where nothing can be written, the error names the place and why", () => {
  inDirectory((directory) => {
    writeFileSync(join(directory, "file"), "");
    assert.throws(() => new LocalDataDirWriter().begin(join(directory, "file", "m1")), {
      code: "LOCAL_FILE_FAILED",
      detail: /no directory/,
    });
  });
});

test("new data dir: a mount point is refused before anything is written, with the way round", (context) => {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const empty = mounts.map((text) => text.split(" ")[1] ?? "").find((path) => path.startsWith("/") && isEmptyDirectory(path));
  if (empty === undefined) {
    context.skip("no empty mount point here");
    return;
  }
  assert.throws(
    () => new LocalDataDirWriter().begin(empty),
    (error) =>
      isRecoveryError("LOCAL_FILE_FAILED")(error) &&
      error.detail.includes("nothing was written") &&
      remediesOf(error).join().includes("/new"),
  );
});

const isRecoveryError =
  (code: string) =>
  (error: unknown): error is RecoveryError =>
    error instanceof RecoveryError && error.code === code;
const remediesOf = (error: RecoveryError): readonly string[] => error.remedies.map(({ why, command }) => command ?? why);

/** What the refusal of this target advises. */
function advised(target: string): string {
  try {
    new LocalDataDirWriter().begin(target);
  } catch (error) {
    if (error instanceof RecoveryError) return `${error.code} ${remediesOf(error).join()}`;
    throw error;
  }
  throw new Error(`${target} was not refused`);
}

test("new data dir: what is advised for a target in the way does no harm", () => {
  inDirectory((directory) => {
    const target = join(directory, "m 1");
    mkdirSync(join(target, "member"), { recursive: true });
    assert.equal(advised(target), `TARGET_NOT_EMPTY mv '${target}' '${target}.aside'`);
    mkdirSync(`${target}.aside`);
    assert.equal(advised(target), `TARGET_NOT_EMPTY mv '${target}' '${target}.aside-2'`, "into .aside it would be moved");
    const before = process.cwd();
    try {
      process.chdir(join(target, "member"));
      assert.doesNotMatch(advised(target), /mv /, "the working directory lies in it");
    } finally {
      process.chdir(before);
    }
  });
  assert.doesNotMatch(advised("/dev/null"), /mv /);
  assert.match(advised("/proc"), /restore to \/proc\/new/, "a mount point that is not empty");
});

test("new data dir: an empty directory that was there gives it its owner and its mode", (context) => {
  if (process.getuid?.() !== 0) {
    context.skip("only root gives files away");
    return;
  }
  inDirectory((directory) => {
    const target = join(directory, "m1");
    mkdirSync(target);
    chmodSync(target, 0o770);
    chownSync(target, 1000, 1001);
    const dir = new LocalDataDirWriter().begin(target);
    dir.create("member/snap/db").close();
    dir.commit();
    for (const path of ["", "member", "member/snap", "member/snap/db"]) {
      const { uid, gid, mode } = statSync(join(target, path));
      assert.deepEqual([uid, gid, mode & 0o777], [1000, 1001, path === "" ? 0o770 : path.endsWith("db") ? 0o600 : 0o700], path);
    }
  });
});

function isEmptyDirectory(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}
