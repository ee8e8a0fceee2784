import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { runningBeside, thisProcess } from "./node-process-owner.ts";

test("this process runs; one of another boot, or of the same number that began at another time, does not", async () => {
  const own = await thisProcess();
  const isRunning = runningBeside(own);
  assert.equal(own.pid, process.pid);
  assert.match(own.bootId, /^[0-9a-f-]{36}$/);
  assert.equal(await isRunning(own), true);
  assert.equal(await isRunning({ ...own, bootId: "another" }), false);
  assert.equal(await isRunning({ ...own, processStart: "1" }), false);
  assert.equal(await isRunning({ host: own.host, pid: own.pid, bootId: own.bootId }), true);
});

test("of another host, or without a boot id, nothing is known", async () => {
  const own = await thisProcess();
  assert.equal(await runningBeside(own)({ ...own, host: "elsewhere" }), undefined);
  assert.equal(await runningBeside(own)({ ...own, bootId: "" }), undefined);
  assert.equal(await runningBeside({ ...own, bootId: "" })(own), undefined);
});

test("a process that has ended does not run", async () => {
  const own = await thisProcess();
  const child = spawn("/bin/true");
  const pid = child.pid ?? 0;
  await new Promise((resolve) => child.once("close", resolve));
  assert.equal(await runningBeside(own)({ host: own.host, bootId: own.bootId, pid }), false);
});
