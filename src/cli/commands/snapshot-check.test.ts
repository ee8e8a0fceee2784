import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cli, workDirectory } from "../../../test/support/captured-cli.ts";
import { landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { snapshotChecksSchema } from "../../schemas/file-output.ts";

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
  const shown = await cli(["snapshot", "check", join(work, "none.db"), whole], {}, work);
  assert.equal(shown.code, 2);
  assert.match(shown.out, /none\.db +NOT READ .*\(FILE_NOT_FOUND\)[^]*whole\.db +GOOD +3 +2/);
});
