import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../test/support/inventory-builder.ts";
import { sha256Hex, tampered } from "../../test/support/planned.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import { asBackupSetId, asHostName, type HostName } from "../model/ids.ts";
import type { PlannedStep, RecoveryPlan, RestorePartsGoal } from "../model/plan.ts";
import type { FileAt, FileState, RestorableKind, RestoreDoubt } from "../model/restored-file.ts";
import type { StepArgs } from "../model/step.ts";
import { readPlan, writePlan } from "../schemas/plan.ts";
import { checkPlan } from "./check/check-plan.ts";
import { planRestore } from "./plan-restore.ts";
import { specOf } from "./steps/judge-step.ts";

const [cp1, cp2, cp3] = [asHostName("cp1"), asHostName("cp2"), asHostName("cp3")];
const caPath = "/etc/kubernetes/pki/ca.crt";
const keyPath = "/etc/kubernetes/pki/etcd/server.key";
const file = (letter: string, mode = 0o600): Extract<FileState, { kind: "file" }> => ({
  kind: "file",
  tag: letter.repeat(64),
  mode,
  uid: 0,
  gid: 0,
});

interface Given {
  readonly builder?: InventoryBuilder;
  readonly path?: string;
  readonly kind?: RestorableKind;
  readonly now?: FileState | undefined;
  readonly nearest?: string;
  readonly ca?: ReadonlyMap<HostName, FileState | undefined>;
  readonly accepts?: readonly RestoreDoubt[];
  readonly clusterId?: string;
}

function restored(given: Given = {}): RecoveryPlan {
  const { path = keyPath, kind = "pki", nearest } = given;
  const now = "now" in given ? given.now : file("a");
  const goal: RestorePartsGoal = {
    kind: "restore-parts",
    host: cp1,
    set: asBackupSetId("20260301-030000-aaaaaa"),
    parts: [kind],
    accepts: given.accepts ?? [],
  };
  const inventory = (given.builder ?? healthyKubeadm3()).build();
  const ca = given.ca ?? new Map([[cp2, file("c", 0o644)]]);
  const seen = new Map<HostName, readonly FileAt[]>([[cp1, [{ path, state: now }]]]);
  for (const [host, state] of ca) seen.set(host, [{ path: caPath, state }]);
  return planRestore({
    inventory,
    diagnosis: diagnose(inventory),
    goal,
    seen,
    wanted: {
      manifestSha256: "d".repeat(64),
      clusterId: given.clusterId,
      facts: [{ path, mode: 0o600, uid: 0, gid: 0 }],
      authorities: [{ path: caPath, tag: "c".repeat(64) }],
      files: [{ path, kind, now, nearest, becomes: file("b") }],
    },
    nowIso: new Date(Date.parse(inventory.takenAt) + 2_000).toISOString(),
    sha256Hex,
  });
}

const invariantsOf = (plan: RecoveryPlan): readonly string[] => [...new Set(checkPlan(plan).map(({ invariant }) => invariant))];

/** The same plan with other arguments, its words made to fit. */
function withArgs(plan: RecoveryPlan, change: Partial<StepArgs["host.restoreFiles"]>): RecoveryPlan {
  const steps = plan.steps.map((step) => {
    const changed = { ...step, args: { ...step.args, ...change } } as PlannedStep<"host.restoreFiles">;
    return { ...changed, describes: specOf(changed).describe(changed.args), host: changed.args.host };
  });
  return tampered(plan, { steps });
}

test("planRestore: one step puts back what differs; the checker is content, and the plan survives its file", () => {
  const plan = restored();
  assert.deepEqual([plan.verdict, plan.strategy, plan.reasons], ["act", "restore-parts", []]);
  assert.deepEqual(
    plan.steps.map(({ kind, risk, describes }) => [kind, risk, describes]),
    [["host.restoreFiles", "reversible", `Put back on cp1 from set 20260301-030000-aaaaaa: ${keyPath}; what lies there is kept aside`]],
  );
  assert.deepEqual(checkPlan(plan), []);
  assert.deepEqual(readPlan(writePlan(plan), "plan", sha256Hex).steps, plan.steps);
});

test("planRestore: from where it leads there is nothing to do", () => {
  const plan = restored({ now: file("b") });
  assert.deepEqual([plan.verdict, plan.steps.length], ["nothing-to-do", 0]);
  assert.deepEqual(checkPlan(plan), []);
});

test("planRestore: directories that are missing are made as their files tell", () => {
  const { steps } = restored({ now: { kind: "absent" }, nearest: "/etc/kubernetes" });
  assert.deepEqual(steps[0]?.kind === "host.restoreFiles" ? steps[0].args.directories : [], [
    { path: "/etc/kubernetes/pki", mode: 0o700, uid: 0, gid: 0 },
    { path: "/etc/kubernetes/pki/etcd", mode: 0o700, uid: 0, gid: 0 },
  ]);
});

const blocked: readonly (readonly [string, Given, RegExp])[] = [
  [
    "a CA that another machine does not have",
    {
      ca: new Map([
        [cp2, file("c")],
        [cp3, file("e")],
      ]),
    },
    /not the CA that cp3 uses/,
  ],
  ["a CA that no other machine could be asked for", { ca: new Map([[cp2, undefined]]) }, /not known.*--accept OTHER_CA/],
  ["a file that could not be looked at", { now: undefined }, /is not known/],
  ["a directory in the file's place", { now: { kind: "other", what: "a directory" } }, /is a directory/],
  ["a set of another etcd cluster", { clusterId: "deadbeef" }, /--accept OTHER_CLUSTER_ID/],
  [
    "etcd's manifest where its data is gone",
    { builder: healthyKubeadm3().etcdDataLost("cp1"), kind: "static-pod", path: "/etc/kubernetes/manifests/etcd.yaml" },
    /make a new, empty cluster/,
  ],
];
for (const [what, given, words] of blocked)
  test(`planRestore: ${what} blocks, with the reason`, () => {
    const plan = restored(given);
    assert.equal(plan.verdict, "blocked");
    assert.match(plan.reasons.join("\n"), words);
    assert.deepEqual(plan.steps, []);
  });

test("planRestore: what is accepted by name is planned, and stands in the words that are agreed to", () => {
  const plan = restored({ ca: new Map([[cp2, file("e")]]), accepts: ["OTHER_CA"] });
  assert.equal(plan.verdict, "act");
  assert.match(plan.steps[0]?.describes ?? "", /accepted though not proven: OTHER_CA/);
  assert.deepEqual(checkPlan(plan), []);
});

test("checkPlan: a plan that restores files is refused when what it rests on is taken away", () => {
  const plan = restored();
  const [step] = plan.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  const [first] = step.args.files;
  assert.ok(first !== undefined);
  const hosts = (state: FileState) =>
    plan.start.hosts.map((host) => (host.name === cp2 ? { ...host, files: [{ path: caPath, state }] } : host));
  const cases: readonly (readonly [string, RecoveryPlan])[] = [
    ["I-G4", tampered(plan, { goal: { kind: "recover" } })],
    ["I-G4", withArgs(plan, { accepts: ["OTHER_CLUSTER_ID"] })],
    ["I-S7", withArgs(plan, { files: [{ ...first, path: "/etc/../root/x" }] })],
    ["I-S7", withArgs(plan, { files: [{ ...first, was: file("f") }] })],
    ["I-S7", withArgs(plan, { files: [{ ...first, becomes: file("b", 0o4755) }] })],
    ["I-S16", withArgs(plan, { authorities: [] })],
    ["I-S16", tampered(plan, { start: { ...plan.start, hosts: hosts(file("e")) } })],
    ["I-S16", tampered(plan, { start: { ...plan.start, hosts: hosts({ kind: "absent" }) } })],
    ["I-G1", tampered(plan, { looks: undefined })],
  ];
  for (const [invariant, broken] of cases)
    assert.ok(invariantsOf(broken).includes(invariant), `${invariant}: ${invariantsOf(broken).join()}`);
});

test("checkPlan: etcd's manifest is not put back where etcd would start without its data, or while it may not be missed (I-S11, I-S1)", () => {
  const plan = restored({ kind: "static-pod", path: "/etc/kubernetes/manifests/etcd.yaml" });
  assert.deepEqual([plan.verdict, checkPlan(plan)], ["act", []]);
  const gone = plan.start.hosts.map((host) => (host.name === cp1 ? { ...host, hasStartableEtcdData: false } : host));
  assert.ok(invariantsOf(tampered(plan, { start: { ...plan.start, hosts: gone } })).includes("I-S11"));
  const members = plan.start.members?.map((member) => (member.host === cp3 ? { ...member, isHealthy: false } : member));
  assert.ok(invariantsOf(tampered(plan, { start: { ...plan.start, members } })).includes("I-S1"));
});
