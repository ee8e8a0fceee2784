import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { shellWord } from "./shell-word.ts";

test("shellWord: a path of plain letters stays readable, any other comes back from a shell as it was", () => {
  assert.equal(shellWord("/home/me/plan-0123.json"), "/home/me/plan-0123.json");
  for (const text of ["", "a b", "$(reboot)", "it's; reboot", "`x`", "a\nb", "*"]) {
    assert.equal(execFileSync("/bin/sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" }), text);
  }
});
