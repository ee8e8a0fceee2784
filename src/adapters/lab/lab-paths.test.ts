import assert from "node:assert/strict";
import { test } from "node:test";
import { assertPlainPaths } from "./lab-paths.ts";

test("assertPlainPaths: a directory whose name would fall apart in an ssh_config or a mount option is refused before anything is made", () => {
  assertPlainPaths({ cacheDir: "/root/.cache/requorum", labsDir: "/tmp/requorum-test_1/labs" });
  for (const path of ["/home/my user/.cache", "/a:b", "/a,b", "/$(reboot)", "relative"]) {
    assert.throws(
      () => {
        assertPlainPaths({ cacheDir: path, labsDir: "/labs" });
      },
      { code: "LAB_UNSUPPORTED" },
    );
  }
});
