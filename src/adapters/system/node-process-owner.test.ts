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
  assert.equal(await isRunning({ ...own, machine: "m", bootId: "another" }), undefined);
  if (own.machine !== undefined) assert.equal(await isRunning({ ...own, bootId: "another" }), false);
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

test("of two machines of one name a boot id tells nothing; of one that is known to be this one it does", async () => {
  const own = { host: "bastion", pid: 1, bootId: "A", machine: "m1" };
  for (const [other, expected] of [
    [{ ...own, bootId: "B" }, false],
    [{ ...own, bootId: "B", machine: "m2" }, undefined],
    [{ host: "bastion", pid: 1, bootId: "B" }, undefined],
  ] as const)
    assert.equal(await runningBeside(own)(other), expected);
  const { machine, ...nameless } = own;
  assert.equal(await runningBeside(nameless)({ ...nameless, bootId: "B" }), undefined, machine);
});

test("a process that may not be looked at is not gone; only the kernel's own word says so", async () => {
  const own = { host: "bastion", pid: 1, bootId: "A", machine: "m1" };
  const failing = (code: string) => Object.assign(new Error(code), { code });
  for (const [readCode, killCode, expected] of [
    ["ENOENT", "EPERM", undefined], // hidepid=2
    ["EACCES", "EPERM", undefined], // hidepid=1
    ["EMFILE", undefined, undefined],
    ["ENOENT", "ESRCH", false],
  ] as const) {
    const look = {
      readStat: () => Promise.reject(failing(readCode)),
      signalNothing: () => {
        if (killCode !== undefined) throw failing(killCode);
      },
    };
    assert.equal(await runningBeside(own, look)({ ...own, pid: 7, processStart: "5" }), expected, readCode);
  }
});
