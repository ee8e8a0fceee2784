import assert from "node:assert/strict";
import test from "node:test";
import { isChangingCall } from "./changing-call.ts";
import { commandTable } from "./command-table.ts";

test("isChangingCall: every verb that carries out a run, and no other, is stopped when it is safe and not after some seconds", () => {
  const told = commandTable.filter(({ path }) => isChangingCall(["--config", "x", ...path])).map(({ path }) => path.join(" "));
  const known = commandTable.filter(({ carriesOutRuns }) => carriesOutRuns === true).map(({ path }) => path.join(" "));
  assert.deepEqual(told, known);
});
