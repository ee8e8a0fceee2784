import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DirectoryStore } from "./directory-store.ts";
import { listScript } from "./ssh-scripts.ts";

test(
  "DirectoryStore: a pipe or a link in an object's place is told at once, and neither waited for nor followed",
  { timeout: 5_000 },
  async () => {
    const root = mkdtempSync(join(tmpdir(), "requorum-hostile-"));
    mkdirSync(join(root, "indexes"));
    const [pipe, linked] = [`indexes/${"a".repeat(64)}`, `indexes/${"b".repeat(64)}`];
    execFileSync("mkfifo", [join(root, pipe)]);
    symlinkSync("/etc/hostname", join(root, linked));
    const store = new DirectoryStore(root);
    for (const name of [pipe, linked])
      await assert.rejects(store.get(name), { code: "BACKUP_STORE_FAILED", message: /something else than a file has its name/ });
    rmSync(root, { recursive: true });
  },
);

test("SshStore: a file that goes while the store is listed is left out, and the others are told", () => {
  const root = mkdtempSync(join(tmpdir(), "requorum-vanishing-"));
  const folder = join(root, "store");
  mkdirSync(join(folder, "claims"), { recursive: true });
  for (const name of ["a.json", "b.json"]) writeFileSync(join(folder, "claims", name), "x");
  writeFileSync(join(root, "stat"), `#!/bin/sh\nrm -f ${folder}/claims/a.json\nPATH=\${PATH#*:} exec stat "$@"\n`);
  chmodSync(join(root, "stat"), 0o755);
  const listed = spawnSync("sh", ["-c", listScript, "sh", folder, "claims/"], {
    env: { PATH: `${root}:${process.env["PATH"] ?? ""}` },
    encoding: "utf8",
  });
  rmSync(root, { recursive: true });
  assert.deepEqual([listed.status, listed.stdout.replaceAll(/ \d+ /g, " ")], [0, "1 ./claims/b.json\n"]);
});
