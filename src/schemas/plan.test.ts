import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { planned, replaceGoal, sha256Hex } from "../../test/support/planned.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { checkPlan } from "../plan/check/check-plan.ts";
import { readPlan, writePlan } from "./plan.ts";

const plan = planned(healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4).build(), {
  goal: replaceGoal("cp2", "cp4"),
  attestLost: ["cp2"],
});

function refusal(text: string): RecoveryError {
  try {
    readPlan(text, "plan.json", sha256Hex);
  } catch (error) {
    assert.ok(error instanceof RecoveryError, String(error));
    assert.equal(error.code, "PLAN_INVALID");
    return error;
  }
  throw new Error("the damaged plan was read");
}

test("readPlan: what was written is read back, 64-bit numbers and all", () => {
  for (const [options, builder] of [
    [{ goal: replaceGoal("cp2", "cp4"), attestLost: ["cp2"] }, healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4)],
    [{}, healthyKubeadm3().etcdDataLost("cp2")],
    [{}, healthyKubeadm3().kubeletStopped("cp2").kubeletStopped("cp3")],
    [{}, healthyKubeadm3()],
  ] as const) {
    const written = planned(builder.build(), options);
    const read = readPlan(writePlan(written), "plan.json", sha256Hex);
    assert.equal(writePlan(read), writePlan(written));
    assert.deepEqual(checkPlan(read), []);
    assert.equal(typeof read.fingerprint.revisionAtLeast, "bigint");
  }
});

test("readPlan: a plan that was changed after it was made is refused by its digest", () => {
  assert.match(refusal(writePlan(plan).replace('"cluster": "demo"', '"cluster": "prod"')).message, /changed after it was made/);
});

test("readPlan: a damaged file is refused with the place and what was expected", () => {
  const text = writePlan(plan);
  assert.match(refusal("").detail, /empty/);
  assert.match(refusal(text.slice(0, 500)).detail, /plan\.json/);
  assert.match(
    refusal(text.replace(/"minRevision": "[0-9]+"/, '"minRevision": "many"')).detail,
    /steps\.0\.args\.minRevision: expected a whole number/,
  );
  assert.match(refusal(text.replace('"kind": "etcd.removeMember"', '"kind": "etcd.restoreSnapshot"')).detail, /steps\.1\.kind/);
  assert.match(
    refusal(text.replace(/"memberId": "[0-9a-f]+",\n( +)"(name|minRevision)"/, '"memberId": "not hex",\n$1"$2"')).detail,
    /not a member id/,
  );
  assert.match(refusal(text.replace('"kind": "RecoveryPlan"', '"kind": "Inventory"')).detail, /kind/);
});

test("readPlan: a key that nobody knows is refused: it would not be in the digest of what is run", () => {
  assert.match(refusal(writePlan(plan).replace('"cluster": "demo"', '"cluster": "demo",\n  "force": true')).detail, /force/);
});
