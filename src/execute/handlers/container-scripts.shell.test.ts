import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { asideFunctions } from "./container-scripts.ts";

function moveAside(
  context: TestContext,
  prepare: (root: string) => readonly string[],
): { readonly root: string; readonly run: () => void } {
  const root = mkdtempSync(join(tmpdir(), "requorum-aside-"));
  context.after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const paths = prepare(root);
  const script = `set -eu\n${asideFunctions}\nrun=R; aside=$1/aside; mkdir -p "$aside"; shift\nfor path in "$@"; do move_aside "$path"; done\n`;
  return {
    root,
    run: () => {
      execFileSync("sh", ["-c", script, "sh", root, ...paths]);
    },
  };
}

test("move_aside: a file and a folder are renamed below their own path, and the manifest says from where to where", (context) => {
  const { root, run } = moveAside(context, (base) => {
    mkdirSync(join(base, "etc/pki"), { recursive: true });
    writeFileSync(join(base, "etc/pki/ca.key"), "secret");
    writeFileSync(join(base, "etc/admin.conf"), "conf");
    return [join(base, "etc/pki"), join(base, "etc/admin.conf"), join(base, "etc/absent")];
  });
  run();
  assert.equal(existsSync(join(root, "etc/pki")), false);
  assert.equal(readFileSync(join(root, "aside", root, "etc/pki/ca.key"), "utf8"), "secret");
  const manifest = readFileSync(join(root, "aside/manifest.tsv"), "utf8").trim().split("\n");
  assert.equal(manifest.length, 2);
  assert.match(manifest[0] ?? "", /^\d{4}-\d\d-\d\dT[\d:]+Z\t.*\/etc\/pki\t.*\/aside\/.*\/etc\/pki$/);
});

test("move_aside: twice is once, and what comes again later is kept beside what was kept before", (context) => {
  const { root, run } = moveAside(context, (base) => {
    writeFileSync(join(base, "config.yaml"), "first");
    return [join(base, "config.yaml")];
  });
  run();
  run();
  writeFileSync(join(root, "config.yaml"), "second");
  run();
  assert.equal(readFileSync(join(root, "aside", root, "config.yaml"), "utf8"), "first");
  assert.equal(readFileSync(`${join(root, "aside", root, "config.yaml")}.2`, "utf8"), "second");
});
