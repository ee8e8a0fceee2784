import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../test/support/inventory-builder.ts";
import { sha256Hex, tampered } from "../../test/support/planned.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import { asBackupSetId, asHostName, type HostName } from "../model/ids.ts";
import type { PlannedStep, RecoveryPlan, RestorePartsGoal } from "../model/plan.ts";
import type { FileAt, FileState, PodOfFile, RestorableKind, RestoreDoubt } from "../model/restored-file.ts";
import type { StepArgs } from "../model/step.ts";
import { readPlan, writePlan } from "../schemas/plan.ts";
import { checkPlan } from "./check/check-plan.ts";
import { planRestore } from "./plan-restore.ts";
import { specOf } from "./steps/judge-step.ts";

const [cp1, cp2, cp3] = [asHostName("cp1"), asHostName("cp2"), asHostName("cp3")];
const caPath = "/etc/kubernetes/pki/ca.crt";
const saKey = "/etc/kubernetes/pki/sa.key";
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
  readonly pod?: PodOfFile;
  readonly ends?: { readonly becomes: string; readonly was?: string };
  /** What the other machines have at the file's own path. */
  readonly others?: ReadonlyMap<HostName, FileState | undefined>;
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
  for (const [host, state] of given.others ?? []) seen.set(host, [...(seen.get(host) ?? []), { path, state }]);
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
      files: [{ path, kind, now, nearest, becomes: file("b"), pod: given.pod, ends: given.ends }],
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
  ["etcd's manifest", { kind: "static-pod", path: "/etc/kubernetes/manifests/etcd.yaml", pod: "etcd" }, /never put back.*requorum plan/],
  [
    "etcd's manifest of another name",
    { kind: "static-pod", path: "/etc/kubernetes/manifests/data.yaml.bak", pod: "etcd" },
    /never put back.*requorum plan/,
  ],
  [
    "a manifest that is not understood",
    { kind: "static-pod", path: "/etc/kubernetes/manifests/x.yaml", pod: "not-known" },
    /not understood, so it may be etcd/,
  ],
  ["a signing key that no other control plane has", { path: saKey, others: new Map([[cp2, undefined]]) }, /--accept OTHER_KEYS/],
  [
    "an encryption configuration that another control plane has not",
    {
      path: "/etc/kubernetes/enc.yaml",
      kind: "encryption-config",
      others: new Map([
        [cp2, file("b")],
        [cp3, file("e")],
      ]),
    },
    /not what cp3 has.*--accept OTHER_KEYS/,
  ],
  [
    "a certificate that has ended",
    { ends: { becomes: "2020-01-01T00:00:00Z", was: "2099-01-01T00:00:00Z" } },
    /ended 2020-01-01T00:00:00Z; the one on the machine ends 2099-01-01T00:00:00Z.*--accept EXPIRED/,
  ],
  [
    "a CA that is reached through a link",
    { ca: new Map([[cp2, { kind: "other", what: "reached through a link: /a is really /b" }]]) },
    /not known.*cp2: reached through a link: .*--accept OTHER_CA/,
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

test("checkPlan, and the step itself: what may start etcd is refused though the planner offered it (I-S11)", () => {
  const plan = restored({ kind: "static-pod", path: "/etc/kubernetes/manifests/kube-apiserver.yaml", pod: "not-etcd" });
  assert.deepEqual([plan.verdict, checkPlan(plan)], ["act", []]);
  const [step] = plan.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  const [first] = step.args.files;
  assert.ok(first !== undefined);
  const spec = specOf(step);
  assert.equal(spec.pre(plan.start, step.args).kind, "holds");
  const cases: readonly Partial<typeof first>[] = [
    { pod: "etcd" },
    { pod: "not-known" },
    { pod: undefined, path: "/etc/kubernetes/manifests/etcd.yml" },
    { path: "/etc/kubernetes/manifests/etcd.yaml.bak" },
  ];
  for (const change of cases) {
    const args: StepArgs["host.restoreFiles"] = { ...step.args, files: [{ ...first, ...change }] };
    assert.ok(invariantsOf(withArgs(plan, { files: args.files })).includes("I-S11"), JSON.stringify(change));
    assert.equal(spec.pre(plan.start, args).kind, "fails", JSON.stringify(change));
  }
});

test("checkPlan: keys that the others have not, ended certificates and pods before what they read are refused (I-S16)", () => {
  const others = new Map([[cp2, file("b")]]);
  const plan = restored({ path: saKey, others });
  assert.deepEqual([plan.verdict, checkPlan(plan)], ["act", []]);
  const [step] = plan.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  const [first] = step.args.files;
  assert.ok(first !== undefined);
  const changed = (state: FileState): RecoveryPlan =>
    tampered(plan, {
      start: {
        ...plan.start,
        hosts: plan.start.hosts.map((host) =>
          host.name === cp2
            ? {
                ...host,
                files: [
                  { path: caPath, state: file("c") },
                  { path: saKey, state },
                ],
              }
            : host,
        ),
      },
    });
  const pod = { ...first, path: "/etc/kubernetes/manifests/a.yaml", kind: "static-pod", pod: "not-etcd" } as const;
  for (const broken of [
    changed(file("e")),
    changed({ kind: "absent" }),
    withArgs(plan, { files: [{ ...first, ends: { becomes: "2020-01-01T00:00:00Z" } }] }),
    withArgs(plan, { files: [pod, first] }),
  ])
    assert.ok(invariantsOf(broken).includes("I-S16"));
  const cp2Has = (state: FileState) => changed(state).start;
  assert.deepEqual(
    [file("b"), file("e"), { kind: "absent" } as const].map((state) => specOf(step).pre(cp2Has(state), step.args).kind),
    ["holds", "fails", "unknown"],
  );
});

test("planRestore: other keys and an ended certificate are accepted by name only, and that stands in the plan's words", () => {
  const plan = restored({ path: saKey, others: new Map([[cp2, file("e")]]), accepts: ["OTHER_KEYS"] });
  assert.match(plan.steps[0]?.describes ?? "", /accepted though not proven: OTHER_KEYS/);
  const ended = restored({ ends: { becomes: "2020-01-01T00:00:00Z" }, accepts: ["EXPIRED"] });
  assert.deepEqual([ended.verdict, checkPlan(ended), checkPlan(plan)], ["act", [], []]);
});
