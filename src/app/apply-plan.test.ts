import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { wholeReplacePlan } from "../../test/crash/crash-world.ts";
import { fingerprintOf, fingerprintProblems } from "../plan/fingerprint.ts";
import { clusterModelOf } from "../model/cluster-model-of.ts";
import type { Inventory } from "../model/inventory.ts";
import { consentOf } from "../model/plan.ts";
import { NodeCertificates } from "../adapters/system/node-certificates.ts";
import { NodeHashing } from "../adapters/system/node-hashing.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeHostAccess } from "../../test/support/fake-host-access.ts";
import { FakeLastSeenStore } from "../../test/support/fake-last-seen-store.ts";
import { FakeLocalLock } from "../../test/support/fake-local-lock.ts";
import { FakeRunStore } from "../../test/support/fake-run-store.ts";
import { planned } from "../../test/support/planned.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { AppContext } from "./app-ports.ts";
import { applyPlan, planStale } from "./apply-plan.ts";

const then = healthyKubeadm3().freshMachine("cp3").build();
const plan = { ...wholeReplacePlan, cluster: then.config.cluster, fingerprint: fingerprintOf(then, clusterModelOf(then)) };
const staleNow = (now: Inventory) => planStale(plan, fingerprintProblems(plan, now), now);

test("planStale: a machine that presents another host key by now is said to be that, with its remedy before planning again", () => {
  const error = staleNow(healthyKubeadm3().freshMachine("cp3").hostKeyChanged("cp3").build());
  assert.equal(error.code, "PLAN_STALE");
  assert.match(error.detail, /^cp3 could not be looked at \(no SSH session\)\. The machine id of host cp3 was /);
  assert.match(error.remedies[0]?.why ?? "", /ssh-keygen -R/);
  assert.equal(error.remedies.at(-1)?.command, "requorum plan");
});

test("planStale: machines that changed and can be seen are only said to have changed", () => {
  const error = staleNow(healthyKubeadm3().build());
  assert.doesNotMatch(error.detail, /could not be looked at/);
  assert.deepEqual(
    error.remedies.map((remedy) => remedy.command),
    ["requorum plan"],
  );
});

test("applyPlan: a prompt that was answered late is followed by another look, one that was answered at once is not", async () => {
  const nothing = healthyKubeadm3().withoutLastSeen().hostUnreachable("cp1").hostUnreachable("cp2").hostUnreachable("cp3").build();
  const silent = planned(nothing);
  const noAnswer = new RecoveryError("SSH_UNREACHABLE", { subject: "any host", detail: "no answer" });
  const looksFor = async (answeredAfterMs: number): Promise<number> => {
    const clock = new FakeClock(silent.createdAt);
    const hostAccess = new FakeHostAccess();
    for (const host of nothing.config.hosts) hostAccess.failWith(host.name, () => noAnswer);
    const nobody = { dial: () => Promise.reject(noAnswer), close: () => Promise.resolve() };
    let looks = 0;
    const context: AppContext = {
      config: nothing.config,
      ports: {
        hostAccess,
        etcd: nobody,
        kube: nobody,
        certificates: new NodeCertificates(),
        runs: new FakeRunStore(),
        localLock: new FakeLocalLock(),
        lastSeen: new FakeLastSeenStore(),
        clock,
        hashing: new NodeHashing(),
      },
      operator: { by: "someone", host: "laptop" },
      program: "requorum test",
      signal: new AbortController().signal,
      report: (event) => {
        if (event.kind === "phase" && event.text.startsWith("looking whether the cluster is still")) looks += 1;
      },
    };
    const askConsent = async () => {
      await clock.sleep(answeredAfterMs);
      return consentOf({ digest: silent.digest, by: "someone", how: "typed-cluster-name", at: clock.nowIso() });
    };
    // There is nothing to carry out in it: what counts is how often was looked before that was said.
    await assert.rejects(applyPlan(context, { plan: silent, askConsent }), { code: "PLAN_REFUSED" });
    return looks;
  };
  assert.equal(await looksFor(1_000), 1);
  assert.equal(await looksFor(60_000), 2);
});
