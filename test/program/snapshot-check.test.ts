import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cli, workDirectory } from "../support/captured-cli.ts";
import { landmarkWrites as writes, snapshotBytes } from "../support/kube-database.ts";
import { below, dataDirFilesOf } from "../support/memory-data-dir.ts";
import { putRequest } from "../support/raft-requests.ts";
import { memoryFileContext } from "../support/memory-file-context.ts";
import { checkFile } from "../../src/app/files/check-file.ts";
import { fileChecksPage } from "../../src/render/file-checks-page.ts";
import { fileCheckPage } from "../../src/render/file-check-page.ts";
import { snapshotChecksSchema } from "../../src/schemas/file-output.ts";
import { drawPage } from "../../src/cli/terminal/draw-page.ts";

test("snapshot check: several files get a row each, also one that is not there, and the highest exit code counts", async (context) => {
  const directory = workDirectory();
  const work = directory.path;
  context.after(() => {
    directory.remove();
  });
  const put = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(work, name), bytes);
    return join(work, name);
  };
  const whole = put("whole.db", snapshotBytes({ writes }));
  const changed = snapshotBytes({ writes });
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  const bad = put("bad.db", changed);
  const { code, out } = await cli(["snapshot", "check", bad, join(work, "none.db"), whole, "-o", "json"], {}, work);
  assert.equal(code, 15);
  const { files } = snapshotChecksSchema.parse(JSON.parse(out));
  assert.deepEqual(
    files.map((one) => [one.check?.verdict, one.error?.code]),
    [
      ["damaged", undefined],
      [undefined, "FILE_NOT_FOUND"],
      ["good", undefined],
    ],
  );
  // One file gives the same document as several.
  const one = await cli(["snapshot", "check", whole, "-o", "json"], {}, work);
  assert.deepEqual([one.code, snapshotChecksSchema.parse(JSON.parse(one.out)).files], [0, files.slice(2)]);
  const none = await cli(["snapshot", "check", join(work, "none.db"), "-o", "json"], {}, work);
  assert.deepEqual([none.code, snapshotChecksSchema.parse(JSON.parse(none.out)).files], [2, files.slice(1, 2)]);
  const shown = await cli(["snapshot", "check", join(work, "none.db"), whole], {}, work);
  assert.equal(shown.code, 2);
  assert.match(shown.out, /none\.db +NOT READ .*\(FILE_NOT_FOUND\)[^]*whole\.db +GOOD +3 +2/);
});

test("check: of a file that ends inside the database it says so, and speaks of no bytes behind its last page", () => {
  const whole = snapshotBytes({ writes });
  const files = { "/head.db": whole.slice(0, 100), "/middle.db": whole.slice(0, 6000), "/behind.db": whole.slice(0, whole.length - 18) };
  const context = memoryFileContext(files);
  const words = (path: string) => checkFile(context, path).checks.find((part) => part.name === "sha256")?.detail ?? "";
  for (const path of ["/head.db", "/middle.db"]) assert.match(words(path), /ends inside the database/, path);
  assert.match(words("/behind.db"), /14 bytes stand behind its last whole page/);
});

test("check: why a file cannot be opened is said once", () => {
  const check = checkFile(memoryFileContext({ "/empty.db": new Uint8Array(0) }), "/empty.db");
  const page = drawPage(fileCheckPage(check), { columns: 160, hasColor: false });
  assert.equal(page.split("it is empty").length - 1, 1, page);
  assert.match(page, /structure +damaged +it cannot be read, see below/);
});

test("check of several data dirs gives the revisions that a start would have, and says so where it has only those without the log", () => {
  const requests = [putRequest("/a", { value: "1" }), putRequest("/b", { value: "2" })];
  const files = dataDirFilesOf({ writes, requests });
  const withoutLog = Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith("member/wal/")));
  const context = memoryFileContext({ ...below("/whole", files), ...below("/nolog", withoutLog), "/s.db": snapshotBytes({ writes }) });
  const checked = ["/whole", "/nolog", "/s.db"].map((path) => ({ file: path, check: checkFile(context, path), error: undefined }));
  assert.deepEqual(
    checked.map(({ check }) => [check.revision, check.startRevision]),
    [
      [3n, 5n],
      [3n, undefined],
      [3n, 3n],
    ],
  );
  const page = drawPage(fileChecksPage({ apiVersion: "requorum/v1", kind: "SnapshotChecks", files: checked }), {
    columns: 200,
    hasColor: false,
  });
  assert.match(page, /KEYS WITHOUT LOG[^]*whole +GOOD +5 +2[^]*nolog +DAMAGED +3 without log +2[^]*s\.db +GOOD +3 +2/);
});
