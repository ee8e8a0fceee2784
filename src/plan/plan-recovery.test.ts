import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { planned, plannedAgain, replaceGoal, sha256Hex, tampered } from "../../test/support/planned.ts";
import { canonicalPlanText, verifyPlanDigest } from "../model/canonical-plan-text.ts";
import { checkPlan } from "./check/check-plan.ts";
import { fingerprintProblems } from "./fingerprint.ts";
import { planSentences } from "./plan-sentences.ts";

const fresh = healthyKubeadm3().freshMachine("cp2");

test("planRecovery: a healthy cluster needs nothing", () => {
  const plan = planned(healthyKubeadm3().build());
  assert.equal(plan.verdict, "nothing-to-do");
  assert.deepEqual(plan.steps, []);
  assert.ok(plan.alternatives.every((alternative) => !alternative.chosen));
});

test("planRecovery: the same facts give the same plan, byte for byte", () => {
  assert.equal(canonicalPlanText(planned(fresh.build())), canonicalPlanText(planned(fresh.build())));
});

test("planRecovery: one look is not enough to act on", () => {
  const plan = planned(fresh.firstLook().build());
  assert.equal(plan.verdict, "wait");
  assert.match(plan.reasons.join(" "), /I-G1/);
  assert.equal(plan.looks, undefined);
  assert.deepEqual(plan.steps, []);
});

test("planRecovery: two looks that saw different things are not enough either", () => {
  const inventory = fresh.build();
  const first = inventory.earlierLook!;
  const plan = planned({
    ...inventory,
    earlierLook: { ...first, hosts: first.hosts.map((host) => ({ ...host, sshReachable: host.name !== "cp2" })) },
  });
  assert.equal(plan.verdict, "wait");
  assert.match(plan.reasons.join(" "), /cp2 came back/);
});

test("planRecovery: two looks less than five seconds apart count as one", () => {
  const inventory = fresh.build();
  const plan = planned({ ...inventory, earlierLook: { ...inventory.earlierLook!, takenAt: "2026-11-21T02:59:56.000Z" } });
  assert.equal(plan.verdict, "wait");
  assert.match(plan.reasons.join(" "), /4000 ms apart/);
});

test("planRecovery: several cluster ids block everything", () => {
  const plan = planned(healthyKubeadm3().foreignCluster("cp2").build());
  assert.equal(plan.verdict, "blocked");
  assert.match(plan.reasons.join(" "), /More than one cluster id answers/);
});

test("planRecovery: another cluster id than at the last good look blocks everything", () => {
  const plan = planned(healthyKubeadm3().foreignCluster("cp2").hostUnreachable("cp1").hostUnreachable("cp3").build());
  assert.equal(plan.verdict, "blocked");
  assert.match(plan.reasons.join(" "), /I-G3/);
});

test("planRecovery: quorum lost for good is said, with what this version cannot do", () => {
  const plan = planned(healthyKubeadm3().freshMachine("cp2").freshMachine("cp3").build());
  assert.equal(plan.verdict, "blocked");
  assert.match(plan.reasons.join(" "), /2 of 3 voters are proven lost.*NOT_BUILT_YET/);
});

test("planRecovery: a serious finding that no strategy takes care of is never called nothing to do", () => {
  const plan = planned(healthyKubeadm3().alarm("cp2", "NOSPACE").build());
  assert.equal(plan.verdict, "blocked");
  assert.match(plan.reasons.join(" "), /E17_NOSPACE_ALARM.*NOT_BUILT_YET/);
});

test("planRecovery: without any member list it says so", () => {
  const nothing = healthyKubeadm3().hostUnreachable("cp1").hostUnreachable("cp2").hostUnreachable("cp3").withoutLastSeen();
  const plan = planned(nothing.build());
  assert.equal(plan.verdict, "blocked");
  assert.match(plan.reasons.join(" "), /No member list is known/);
});

test("planRecovery: alternatives stand side by side, the chosen one first, with loss, risk and time", () => {
  const plan = planned(fresh.build());
  assert.deepEqual(
    plan.alternatives.map(({ name, chosen, isPossible }) => [name, chosen, isPossible]),
    [
      ["replace-member", true, true],
      ["start-stopped", false, false],
      ["wait", false, false],
    ],
  );
  const [best] = plan.alternatives;
  assert.ok(best?.risk === "destructive");
  assert.equal(
    best.expectedSeconds,
    plan.steps.reduce((sum, step) => sum + step.expectedSeconds, 0),
  );
});

test("planRecovery: a voter that serves without a Node is waited for and told, not taken for a cluster that is well", () => {
  const plan = planned(healthyKubeadm3().nodeDeleted("cp1").build());
  assert.equal(plan.verdict, "wait");
  assert.match(
    plan.reasons.join(" "),
    /^Node cp1 is not registered, though its etcd member is well: wait for its kubelet, or restart that/,
  );
  assert.deepEqual(checkPlan(plan), []);
});

test("planRecovery: a plan expires after the time that the policy gives it", () => {
  const plan = planned(fresh.build());
  assert.equal(Date.parse(plan.expiresAt) - Date.parse(plan.createdAt), 900_000);
});

test("planRecovery: interrupted after any step, planning again leads home or waits for a kubelet", () => {
  for (const [start, options] of [
    [fresh, {}],
    [healthyKubeadm3().etcdDataLost("cp2"), {}],
    [healthyKubeadm3().freshMachine("cp1").clusterInfoServer("10.150.0.11:6443"), {}],
    [healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4), { goal: replaceGoal("cp2", "cp4"), attestLost: ["cp2"] }],
  ] as const) {
    const plan = planned(start.build(), options);
    plan.steps.forEach((step, index) => {
      const again = plannedAgain({ ...plan, steps: plan.steps.slice(0, index + 1) }, options);
      assert.deepEqual(checkPlan(again), [], `after ${step.id} ${step.kind}`);
      if (again.verdict === "nothing-to-do") return;
      if (again.verdict === "wait") {
        // Everything is done but the kubelet's first report, which comes by itself.
        assert.match(again.reasons.join(" "), /^Node \S+ is not (Ready|registered), though its etcd member is well/);
        return;
      }
      assert.equal(again.verdict, "act", `after ${step.id} ${step.kind}: ${again.reasons.join(" ")}`);
      assert.equal(plannedAgain(again, options).verdict, "nothing-to-do", `after ${step.id} ${step.kind}`);
    });
  }
});

test("verifyPlanDigest: any change of the content shows", () => {
  const plan = planned(fresh.build());
  assert.ok(verifyPlanDigest(plan, sha256Hex));
  assert.ok(!verifyPlanDigest({ ...plan, cluster: "production" }, sha256Hex));
  assert.ok(verifyPlanDigest(tampered(plan, { cluster: "production" }), sha256Hex));
});

test("fingerprintProblems: unchanged facts fit; a machine that came back, a new member or another machine do not", () => {
  const plan = planned(healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4).build(), {
    goal: replaceGoal("cp2", "cp4"),
    attestLost: ["cp2"],
  });
  const then = healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4);
  assert.deepEqual(fingerprintProblems(plan, then.build()), []);
  assert.match(
    fingerprintProblems(plan, healthyKubeadm3().spareMachine("cp4", 4).build()).join(" "),
    /machine id of host cp2 was not known/,
  );
  assert.match(
    fingerprintProblems(plan, then.unstartedMember("10.150.0.99").build()).join(" "),
    /was not in the list when the plan was made/,
  );
  assert.match(fingerprintProblems(plan, then.memberRemoved("cp2").build()).join(" "), /no longer in the list like that/);
  assert.match(fingerprintProblems(plan, then.freshMachine("cp3").build()).join(" "), /machine id of host cp3/);
  assert.match(fingerprintProblems(plan, then.foreignCluster("cp3").build()).join(" "), /cluster id/);
});

test("fingerprintProblems: a lost member that answers again, and a port that answers where a machine was said to be lost, do not fit", () => {
  const lost = planned(healthyKubeadm3().etcdDataLost("cp2").build());
  const answering = fingerprintProblems(lost, healthyKubeadm3().build()).join(" ");
  assert.match(answering, /was lost \(observed-data-lost\) when the plan was made, now it answers/);
  const silent = healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4).build();
  const attested = planned(silent, { goal: replaceGoal("cp2", "cp4"), attestLost: ["cp2"] });
  const refusing = silent.reach.map((reach) =>
    reach.to === "cp2" && reach.port === "ssh" ? { ...reach, outcome: "refused" as const } : reach,
  );
  assert.match(fingerprintProblems(attested, { ...silent, reach: refusing }).join(" "), /was said to be lost, but .* reaches its ssh port/);
});

test("fingerprintProblems: what a run's own steps changed is not held against it, what somebody else changed is", () => {
  const plan = planned(fresh.build());
  const ids = plan.steps.map((step) => step.id);
  const upTo = (kind: (typeof plan.steps)[number]["kind"]) => new Set(ids.slice(0, plan.steps.findIndex((step) => step.kind === kind) + 1));
  const problems = (kind: Parameters<typeof upTo>[0], now: typeof fresh) => fingerprintProblems(plan, now.build(), upTo(kind));
  const removed = fresh.memberRemoved("cp2");
  const half = removed.unstartedMember("10.150.0.12", { isLearner: true });
  assert.deepEqual(problems("etcd.saveSnapshot", fresh), []);
  assert.deepEqual(problems("etcd.removeMember", fresh), []);
  assert.deepEqual(problems("etcd.removeMember", removed), []);
  assert.deepEqual(problems("kubeadm.joinControlPlane", half), []);
  assert.deepEqual(problems("etcd.saveSnapshot", fresh.hostUnreachable("cp3")), []);
  assert.match(problems("etcd.saveSnapshot", removed).join(" "), /no longer in the list/);
  assert.match(problems("etcd.removeMember", half).join(" "), /was not in the list/);
  assert.match(problems("etcd.removeMember", removed.unstartedMember("10.150.0.99")).join(" "), /was not in the list/);
  assert.match(problems("etcd.saveSnapshot", healthyKubeadm3()).join(" "), /now it answers/);
});

test("planSentences: a plan can be read aloud", () => {
  const [head, first] = planSentences(planned(fresh.build()));
  assert.equal(head, "act: replace-member");
  assert.match(first ?? "", /^s01 \[read-only\] Save a snapshot of etcd .* \(quorum after: 2 of 3 healthy, 2 needed\)$/);
});
