/** An API server answered 500 at the one moment of the write proof: the run looked at that proof for two minutes and failed. */
import assert from "node:assert/strict";
import test from "node:test";
import { executeRun } from "../../src/execute/executor/execute-run.ts";
import { asHostName } from "../../src/model/ids.ts";
import { plan, ReplaceWorld } from "../crash/replace-world.ts";

const path = "/api/v1/namespaces/kube-system/configmaps";

async function verifiedWith(refusals: number): Promise<{ readonly outcome: string; readonly detail: string }> {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, "plan");
  world.kube.failNext("POST", path, { status: 500, reason: "InternalError" }, { host: asHostName("cp3"), times: refusals });
  const quiet = { report: () => undefined, signal: new AbortController().signal };
  return await executeRun({ ...quiet, plan, run: world.run, consent: world.consent(), context: world.context() });
}

test("an API server that refuses writes for a moment does not fail the verification", async () => {
  const { outcome, detail } = await verifiedWith(3);
  assert.equal(outcome, "succeeded", detail);
});

test("an API server that goes on refusing writes fails the verification, and is named", async () => {
  const { outcome, detail } = await verifiedWith(1_000);
  assert.equal(outcome, "failed");
  assert.match(detail, /a write through the API server on cp3: the write was answered 500/);
});
