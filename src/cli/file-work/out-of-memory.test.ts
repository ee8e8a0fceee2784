import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { carried } from "./carried-error.ts";
import { outOfMemory } from "./out-of-memory.ts";

test("outOfMemory: a thread that ends for want of memory, and what is too large to be made, are expected errors; a bug is none", async () => {
  const script = "const kept = []; for (;;) kept.push(Array.from({ length: 1000 }, () => ({})));";
  const worker = new Worker(script, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } });
  const [error] = (await once(worker, "error")) as [unknown];
  assert.equal(outOfMemory(error)?.code, "OUT_OF_MEMORY");
  const tooLong = thrownBy(() => "x".repeat(2 ** 30));
  assert.equal(outOfMemory(tooLong)?.code, "OUT_OF_MEMORY");
  assert.equal(carried(tooLong).kind, "expected");
  assert.equal(outOfMemory(new RangeError("Maximum call stack size exceeded")), undefined);
  assert.equal(carried(new Error("a bug")).kind, "bug");
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
