import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import { planned, replaceGoal } from "../../../test/support/planned.ts";
import type { DataDirFacts } from "../../model/inventory.ts";
import { checkPlan } from "../check/check-plan.ts";

test("planWait: a powered-off machine is waited for, and replacing it stands beside it with what it needs", () => {
  const plan = planned(healthyKubeadm3().hostUnreachable("cp2").build());
  assert.equal(plan.verdict, "wait");
  assert.match(plan.reasons.join(" "), /A machine that is only off comes back with all its data/);
  const replace = plan.alternatives.find((alternative) => alternative.name === "replace-member");
  assert.ok(replace !== undefined && !replace.isPossible);
  assert.match(replace.because, /--attest-lost cp2/);
  assert.deepEqual(checkPlan(plan), []);
});

test("planWait: asking for a replacement does not make a silent machine dead", () => {
  const plan = planned(healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4).build(), { goal: replaceGoal("cp2", "cp4") });
  assert.equal(plan.verdict, "wait");
  assert.match(plan.reasons.join(" "), /requorum plan replace cp2 --with cp4 --attest-lost cp2/);
});

test("planWait: unreachable from here only is not dead, even if the operator says so", () => {
  const plan = planned(healthyKubeadm3().hostUnreachableFromOperator("cp2").spareMachine("cp4", 4).build(), {
    goal: replaceGoal("cp2", "cp4"),
    attestLost: ["cp2"],
  });
  assert.equal(plan.verdict, "wait");
  assert.match(plan.reasons.join(" "), /The word that cp2 is lost is not taken/);
  assert.deepEqual(plan.lossProofs, []);
});

test("planWait: a changed host key is an answer, not a death", () => {
  const plan = planned(healthyKubeadm3().hostKeyChanged("cp2").spareMachine("cp4", 4).build(), {
    goal: replaceGoal("cp2", "cp4"),
    attestLost: ["cp2"],
  });
  assert.notEqual(plan.verdict, "act");
});

test("planWait: where a reachable machine's data is in doubt, the reason says what the doubt is", () => {
  const left = { exists: true, isEmpty: false, hasFiles: true, mayBeData: "member.old/snap/db", hasWal: false, hasBackend: false };
  const plan = planned(healthyKubeadm3().etcdDataLost("cp2").dataDirFacts("cp2", left).build());
  assert.deepEqual([plan.verdict, plan.lossProofs], ["wait", []]);
  assert.match(plan.reasons.join(" "), /not proven lost: \/var\/lib\/etcd holds member\.old\/snap\/db/);
  // A snapshot that somebody saved there is not the member's data.
  const lost = planned(
    healthyKubeadm3()
      .etcdDataLost("cp2")
      .dataDirFacts("cp2", { ...left, mayBeData: "" })
      .build(),
  );
  assert.deepEqual([lost.verdict, lost.lossProofs[0]?.kind, checkPlan(lost)], ["act", "observed-data-lost", []]);
  assert.ok(lost.steps.some((step) => step.kind === "host.moveStateAside"));
});

test("planWait: what cannot be proven on a machine that answers comes with its way out", () => {
  const reasons = (change: Partial<DataDirFacts>) =>
    planned(healthyKubeadm3().etcdDataLost("cp2").dataDirFacts("cp2", change).build()).reasons.join(" ");
  assert.match(reasons({ unmountedAt: "/var/lib/etcd" }), /take its line out of \/etc\/fstab .* daemon-reload/);
  const disk = reasons({ kernelErrors: ["I/O error, dev sdb"] });
  assert.match(disk, /gone for good: power cp2 off, and say so: requorum plan replace cp2 --with HOST --attest-lost cp2=/);
  assert.match(reasons({ mountsGap: "systemctl: no bus" }), /no bus\. See to it that cp2 can be asked/);
  const left = { isEmpty: false, hasFiles: true, mayBeData: "member.old/snap/db" };
  assert.match(reasons(left), /move it out of \/var\/lib\/etcd on cp2/);
  const inPlace = planned(healthyKubeadm3().etcdStopped("cp2").build());
  assert.match(inPlace.reasons.join(" "), /move \/etc\/kubernetes\/manifests\/etcd\.yaml and then \/var\/lib\/etcd aside on cp2/);
});

test("planWait: a join that failed a moment ago is waited for, and the reason says for how long", () => {
  const joining = (ageSeconds: number) =>
    planned(
      healthyKubeadm3()
        .spareMachine("cp4", 4)
        .unstartedMember("10.150.0.14", { isLearner: true })
        .patchHost("cp4", (host) =>
          host.kubernetesFiles.kind === "unknown"
            ? host
            : {
                ...host,
                kubernetesFiles: { ...host.kubernetesFiles, value: { ...host.kubernetesFiles.value, kubeletConf: true } },
                kubernetesFilesAgeSeconds: ageSeconds,
              },
        )
        .build(),
    );
  assert.equal(joining(150).verdict, "wait");
  assert.match(joining(150).reasons.join(" "), /files on cp4 is 2 min old.* longer than 20 min: plan again in 18 min/);
  assert.equal(joining(1200).lossProofs[0]?.kind, "never-started");
});

test("planWait: two of three machines off: hold, because a majority can come back", () => {
  const plan = planned(healthyKubeadm3().hostUnreachable("cp2").hostUnreachable("cp3").build());
  assert.equal(plan.verdict, "wait");
  assert.match(plan.loss.words, /Nothing is lost if 2 of 3 voters come back/);
});

test("planWait: damage that waiting does not heal is named, and the verdict is blocked", () => {
  const plan = planned(healthyKubeadm3().diskFull("cp2").build());
  assert.equal(plan.verdict, "blocked");
  assert.match(plan.reasons[0] ?? "", /N06_FILESYSTEM_FULL/);
});

test("planWait: data on another filesystem than before: what is said can be done, and starts no etcd on nothing", () => {
  const words = (mountPointBefore: string, dir: object) =>
    planned(
      healthyKubeadm3()
        .kubeletStopped("cp2")
        .etcdStopped("cp2")
        .dataDirFacts("cp2", { mountPointBefore, ...dir })
        .build(),
    ).reasons.join(" ");
  const gone = { exists: true, isEmpty: true, hasFiles: false, hasWal: false, hasBackend: false };
  const missing = words("/var/lib/etcd", { mountPoint: "/", ...gone });
  assert.match(missing, /Mount that one again at \/var\/lib\/etcd on cp2 .*mount --bind \/var\/lib\/etcd \/var\/lib\/etcd is enough/);
  assert.doesNotMatch(missing, /start kubelet/);
  const covered = words("/var", { mountPoint: "/var/lib/etcd", ...gone });
  assert.match(covered, /Something is mounted over it at \/var\/lib\/etcd on cp2/);
  assert.doesNotMatch(covered, /--bind|start kubelet/);
  assert.match(words("/", { mountPoint: "/var/lib/etcd" }), /mounted over it .*moved there on purpose: systemctl start kubelet on cp2/);
  assert.doesNotMatch(words("/var/lib/etcd", { mountPoint: "/", isNewborn: true }), /start kubelet/);
  assert.match(words("/var/lib/etcd", gone), /Look on which filesystem \/var\/lib\/etcd is on cp2/);
});
