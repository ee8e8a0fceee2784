import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { endThread, isThreadHanging } from "./end-thread.ts";

test("endThread: a thread that hangs in a call of the system is left alone after a while, and is known to hang", async (context) => {
  const work = mkdtempSync(join(tmpdir(), "requorum-hanging-"));
  context.after(() => {
    rmSync(work, { recursive: true });
  });
  const pipe = join(work, "pipe");
  execFileSync("mkfifo", [pipe]);
  const script = `const { openSync } = require("fs"); require("worker_threads").parentPort.postMessage("here"); openSync(${JSON.stringify(pipe)}, "r");`;
  const worker = new Worker(script, { eval: true });
  await once(worker, "message");
  await pause(100); // for the one call that it has still to make
  await endThread(worker, 50);
  assert.equal(isThreadHanging(), true);
  const ended = once(worker, "exit");
  closeSync(openSync(pipe, "r+")); // somebody to write: the thread's open(2) returns
  await ended;
  assert.equal(isThreadHanging(), false);
  const other = new Worker("setInterval(() => {}, 1000)", { eval: true });
  await endThread(other);
  assert.equal(isThreadHanging(), false);
});
