import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../test/support/inventory-builder.ts";
import { sha256Hex, tampered } from "../../test/support/planned.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import { asBackupSetId, asHostName, type HostName } from "../model/ids.ts";
import type { PlannedStep, RecoveryPlan, RestorePartsGoal } from "../model/plan.ts";
import type { RestoreAcceptance } from "../model/restore-doubt.ts";
import type { CertificateIssue, CommonFile, FileAt, FileState, RestorableKind, SharedKey } from "../model/restored-file.ts";
import type { StepArgs } from "../model/step.ts";
import { readPlan, writePlan } from "../schemas/plan.ts";
import { checkPlan } from "./check/check-plan.ts";
import { planRestore } from "./plan-restore.ts";
import { specOf } from "./steps/judge-step.ts";
import type { WantedFile } from "./strategies/restore-parts.ts";

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
  readonly accepts?: readonly RestoreAcceptance[];
  readonly clusterId?: string;
  readonly isLeftover?: boolean;
  readonly issued?: CertificateIssue;
  readonly shared?: readonly SharedKey[];
  readonly problem?: string;
  readonly companion?: NonNullable<WantedFile["companions"]>[number];
  readonly authoritySays?: string;
  readonly authorities?: readonly CommonFile[];
  readonly ends?: { readonly becomes: string; readonly was?: string };
  readonly beside?: readonly WantedFile[];
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
  const beside = (given.beside ?? []).map((one): FileAt => ({ path: one.path, state: one.now }));
  if (given.companion !== undefined) beside.push({ path: given.companion.path, state: given.companion.was });
  const seen = new Map<HostName, readonly FileAt[]>([[cp1, [{ path, state: now }, ...beside]]]);
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
      authorities: given.authorities ?? [{ path: caPath, tag: "c".repeat(64), says: given.authoritySays }],
      files: [
        {
          path,
          kind,
          now,
          nearest,
          becomes: file("b"),
          ends: given.ends,
          issued: given.issued,
          shared: given.shared,
          problem: given.problem,
          companions: given.companion === undefined ? [] : [given.companion],
          isLeftover: given.isLeftover,
        },
        ...(given.beside ?? []),
      ],
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
    "a file below a directory that every boot makes anew",
    { path: "/run/keepalived/check.sh", kind: "load-balancer" },
    /nothing below \/run/,
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
    /server\.key \(ended 2020-01-01T00:00:00Z; the one on the machine ends 2099-01-01T00:00:00Z\).*--accept EXPIRED/,
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
    [
      "I-G4",
      withArgs(plan, { accepts: [{ doubt: "OTHER_CLUSTER_ID", because: "b", files: [{ path: first.path, against: [], notKnown: [] }] }] }),
    ],
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

test("checkPlan: a file among the manifests is refused whatever the plan calls it (I-S11)", () => {
  for (const path of ["/etc/kubernetes/manifests/etcd.yaml", "/etc/kubernetes/manifests"])
    assert.ok(invariantsOf(restored({ path, kind: "load-balancer" })).includes("I-S11"), path);
});

test("planRestore and checkPlan: a program's file is put back below /bin as below /usr/bin; what no plan may name is blocked in words", () => {
  for (const path of ["/bin/check.sh", "/sbin/check.sh", "/usr/bin/check.sh"]) {
    const plan = restored({ path, kind: "load-balancer" });
    assert.deepEqual([plan.verdict, checkPlan(plan)], ["act", []], path);
  }
  for (const path of ["/dev/a", "/proc/a", "/sys/a", "/run/a", "/boot/a", "/var/lib/requorum/a"]) {
    const plan = restored({ path, kind: "load-balancer" });
    assert.deepEqual([plan.verdict, checkPlan(plan)], ["blocked", []], path);
  }
});

test("checkPlan: keys that the others have not, and ended certificates, are refused (I-S16)", () => {
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
  for (const broken of [
    changed(file("e")),
    changed({ kind: "absent" }),
    withArgs(plan, { files: [{ ...first, ends: { becomes: "2020-01-01T00:00:00Z" } }] }),
  ])
    assert.ok(invariantsOf(broken).includes("I-S16"));
  const cp2Has = (state: FileState) => changed(state).start;
  assert.deepEqual(
    [file("b"), file("e"), { kind: "absent" } as const].map((state) => specOf(step).pre(cp2Has(state), step.args).kind),
    ["holds", "fails", "unknown"],
  );
});

test("planRestore: other keys and an ended certificate are accepted by name only, and each file stands in the words with what is seen of it", () => {
  const plan = restored({ path: saKey, others: new Map([[cp2, file("e")]]), accepts: ["OTHER_KEYS"] });
  assert.match(plan.steps[0]?.describes ?? "", /accepted though not proven: OTHER_KEYS \(.*\): \S*sa\.key \(.*not what cp2 has\)/);
  const ended = restored({ ends: { becomes: "2020-01-01T00:00:00Z" }, accepts: ["EXPIRED"] });
  assert.match(
    ended.steps[0]?.describes ?? "",
    /EXPIRED \(.*\): \S*server\.key \(ended 2020-01-01T00:00:00Z; none is seen on the machine\)/,
  );
  assert.deepEqual([ended.verdict, checkPlan(ended), checkPlan(plan)], ["act", [], []]);
  assert.deepEqual(readPlan(writePlan(ended), "plan", sha256Hex).steps, ended.steps);
  const other = restored({ clusterId: "deadbeef", accepts: ["OTHER_CLUSTER_ID"] });
  assert.match(other.steps[0]?.describes ?? "", /OTHER_CLUSTER_ID \(the set is of the etcd cluster deadbeef, .*\): \S*server\.key/);
});

test("planRestore: a doubt names every file, what issued it and both CAs; accepted for one file it is refused for the other, and no more is in the plan than came up", () => {
  const beside: WantedFile = {
    path: "/etc/kubernetes/pki/apiserver.crt",
    kind: "pki",
    now: file("a"),
    nearest: undefined,
    becomes: file("b"),
  };
  const ca = new Map([[cp2, file("e")]]);
  const given = {
    ca,
    issued: { by: "CN=old-ca", authority: caPath },
    authoritySays: "the set has CN=old-ca, cp2 has CN=new-ca",
    beside: [beside],
  };
  const refused = restored(given);
  assert.match(refused.reasons.join(), /cp2 has CN=new-ca.*server\.key \(issued by CN=old-ca\), \S*apiserver\.crt\. /);
  const half = restored({ ...given, accepts: [`OTHER_CA=${keyPath}`] });
  assert.equal(half.verdict, "blocked");
  assert.match(half.reasons.join(), /about \S*apiserver\.crt\./);
  const whole = restored({ ...given, accepts: [`OTHER_CA=${keyPath}`, "OTHER_CA=/etc/kubernetes/pki/apiserver.crt", "EXPIRED"] });
  const [step] = whole.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  assert.deepEqual([whole.verdict, checkPlan(whole), step.args.accepts.map(({ doubt }) => doubt)], ["act", [], ["OTHER_CA"]]);
  const [accepted] = step.args.accepts;
  assert.ok(accepted !== undefined);
  const less = { ...accepted, files: accepted.files.slice(1) };
  assert.ok(invariantsOf(withArgs(whole, { accepts: [less] })).includes("I-S16"));
  assert.equal(specOf(step).pre(whole.start, step.args).kind, "holds");
  assert.equal(specOf(step).pre(whole.start, { ...step.args, accepts: [less] }).kind, "fails");
});

test("host.restoreFiles: who accepted that the CA is not known did not accept another one that is seen since", () => {
  const plan = restored({ ca: new Map([[cp2, undefined]]), accepts: ["OTHER_CA"] });
  const [step] = plan.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  const after = (state: FileState | undefined) => ({
    ...plan.start,
    hosts: plan.start.hosts.map((host) => (host.name === cp2 ? { ...host, files: [{ path: caPath, state }] } : host)),
  });
  assert.deepEqual(
    [undefined, file("c"), file("e")].map((state) => specOf(step).pre(after(state), step.args).kind),
    ["holds", "holds", "fails"],
  );
  assert.ok(invariantsOf(tampered(plan, { start: after(file("e")) })).includes("I-S16"));
});

test("host.restoreFiles: who accepted another CA or key of one machine did not accept a third one, another machine's, or one that was not known then", () => {
  const etcdCa = "/etc/kubernetes/pki/etcd/ca.crt";
  const authority = { path: etcdCa, tag: "d".repeat(64) };
  for (const doubt of ["OTHER_CA", "OTHER_KEYS"] as const) {
    const isKey = doubt === "OTHER_KEYS";
    const asked = isKey ? saKey : caPath;
    const plan = isKey
      ? restored({ path: saKey, others: new Map([[cp2, file("e")]]), accepts: [doubt] })
      : restored({ ca: new Map([[cp2, file("e")]]), accepts: [doubt] });
    const [step] = plan.steps;
    assert.ok(step?.kind === "host.restoreFiles");
    const after = (seen: ReadonlyMap<HostName, FileState | undefined>) => ({
      ...plan.start,
      hosts: plan.start.hosts.map((host) => {
        const kept = (host.files ?? []).filter(({ path }) => path !== asked);
        return seen.has(host.name) ? { ...host, files: [...kept, { path: asked, state: seen.get(host.name) }] } : host;
      }),
    });
    const cases: readonly (readonly [string, ReadonlyMap<HostName, FileState | undefined>, string])[] = [
      ["as seen", new Map([[cp2, file("e")]]), "holds"],
      ["not known since", new Map([[cp2, undefined]]), "holds"],
      ["a third one", new Map([[cp2, file("f")]]), "fails"],
      [
        "another machine's",
        new Map([
          [cp2, file("e")],
          [cp3, file("e")],
        ]),
        "fails",
      ],
    ];
    for (const [what, seen, kind] of cases) {
      assert.equal(specOf(step).pre(after(seen), step.args).kind, kind, `${doubt}: ${what}`);
      // What is not known any more is no reason for the checker: it judges by what the plan saw.
      if (what !== "not known since")
        assert.equal(invariantsOf(tampered(plan, { start: after(seen) })).includes("I-S16"), kind === "fails", `${doubt}: ${what}`);
    }
    if (isKey) continue;
    const more = { ...step.args, authorities: [...step.args.authorities, authority] };
    assert.equal(specOf(step).pre(after(new Map([[cp2, file("e")]])), more).kind, "fails");
    assert.ok(invariantsOf(withArgs(plan, { authorities: more.authorities })).includes("I-S16"));
  }
});

test("planRestore: beside a CA that differs it is said which one is not known", () => {
  const plan = restored({
    ca: new Map([[cp2, file("e")]]),
    authorities: [
      { path: caPath, tag: "c".repeat(64) },
      { path: "/etc/kubernetes/pki/etcd/ca.crt", tag: "d".repeat(64) },
    ],
  });
  assert.match(plan.reasons.join(), /not the CA that cp2 uses; not known: whether \S*etcd\/ca\.crt/);
});

test("planRestore and checkPlan: a certificate that none of the set's CAs has signed is OTHER_CA, also when the CA beside it is right", () => {
  const issued = { by: "CN=new-ca" };
  const refused = restored({ issued });
  assert.equal(refused.verdict, "blocked");
  assert.match(refused.reasons.join(), /has signed \S*server\.key \(issued by CN=new-ca\).*--accept OTHER_CA/);
  const plan = restored({ issued, accepts: [`OTHER_CA=${keyPath}`] });
  assert.deepEqual([plan.verdict, checkPlan(plan)], ["act", []]);
  assert.deepEqual(readPlan(writePlan(plan), "plan", sha256Hex).steps, plan.steps);
  assert.ok(invariantsOf(withArgs(plan, { accepts: [] })).includes("I-S16"));
  const signed = restored({ issued: { ...issued, authority: caPath } });
  assert.deepEqual([signed.verdict, checkPlan(signed)], ["act", []]);
  const [step] = signed.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  const files = step.args.files.map((one) => ({ ...one, issued: { by: "CN=new-ca", authority: "/etc/stray/ca.crt" } }));
  assert.ok(invariantsOf(withArgs(signed, { files })).includes("I-S16"));
});

test("planRestore and checkPlan: a CA that has not signed a file holds it up no more; its own one must be the cluster's, and without one none may differ", () => {
  const other = { path: "/etc/kubernetes/pki/webhook/ca.crt", tag: "d".repeat(64) };
  const authorities = [{ path: caPath, tag: "c".repeat(64) }, other];
  const issued = { by: "CN=ca", authority: caPath };
  for (const given of [{ authorities, issued }, { authorities }]) {
    const plan = restored(given);
    assert.deepEqual([plan.verdict, plan.reasons, checkPlan(plan)], ["act", [], []]);
    const [step] = plan.steps;
    assert.ok(step?.kind === "host.restoreFiles");
    assert.equal(specOf(step).pre(plan.start, step.args).kind, "holds");
  }
  const signed = restored({ authorities, issued });
  const [step] = signed.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  const files = step.args.files.map((one) => ({ ...one, issued: { by: "CN=webhook", authority: other.path } }));
  assert.ok(invariantsOf(withArgs(signed, { files })).includes("I-S16"));
  assert.match(restored({ authorities, issued: { ...issued, authority: other.path } }).reasons.join(), /whether \S*webhook\/ca\.crt/);
  const hosts = signed.start.hosts.map((host) =>
    host.name === cp2 ? { ...host, files: [...(host.files ?? []), { path: other.path, state: file("e") }] } : host,
  );
  assert.deepEqual(invariantsOf(tampered(signed, { start: { ...signed.start, hosts } })).includes("I-S16"), false);
  const unsigned = restored({ authorities });
  assert.ok(invariantsOf(tampered(unsigned, { start: { ...unsigned.start, hosts } })).includes("I-S16"));
});

test("planRestore: an ended certificate that by its name nothing reads is told as left out and holds up nothing; it is put back when it is named", () => {
  const path = "/var/lib/kubelet/pki/kubelet-client-2024-01-01-00-00-00.pem";
  const absent: FileState = { kind: "absent" };
  const ends = { becomes: "2025-01-01T00:00:00Z" };
  const leftover: WantedFile = { path, kind: "pki", now: absent, nearest: "/var/lib/kubelet", becomes: file("f"), ends, isLeftover: true };
  const plan = restored({ beside: [leftover] });
  assert.deepEqual([plan.verdict, checkPlan(plan)], ["act", []]);
  assert.match(plan.reasons.join(), /Left out: \S*kubelet-client-2024\S*\.pem\..*ended 2025-01-01/);
  assert.doesNotMatch(plan.steps[0]?.describes ?? "", /kubelet-client/);
  const again = restored({ now: file("b"), beside: [leftover] });
  assert.deepEqual([again.verdict, again.steps.length], ["nothing-to-do", 0]);
  assert.match(again.reasons.join(), /Left out: .*Everything else/);
  assert.match(restored({ beside: [{ ...leftover, isLeftover: false }] }).reasons.join(), /--accept EXPIRED/);
  assert.match(restored({ beside: [leftover], accepts: ["EXPIRED"] }).reasons.join(), /Left out/);
  assert.match(restored({ beside: [leftover], accepts: [`EXPIRED=${path}`] }).steps[0]?.describes ?? "", /EXPIRED.*kubelet-client-2024/);
  const valid = restored({ beside: [{ ...leftover, ends: { becomes: "2099-01-01T00:00:00Z" } }] });
  assert.match(valid.steps[0]?.describes ?? "", /kubelet-client-2024/);
});

test("planRestore: the key of a certificate that is left out is left out with it", () => {
  const [crt, key] = ["/etc/kubernetes/pki/old/a.crt", "/etc/kubernetes/pki/old/a.key"] as const;
  const half: WantedFile = { path: crt, kind: "pki", now: file("a"), nearest: undefined, becomes: file("f") };
  const ends = { becomes: "2025-01-01T00:00:00Z" };
  const beside = [
    { ...half, ends, isLeftover: true, otherHalf: key },
    { ...half, path: key, otherHalf: crt },
  ];
  const plan = restored({ beside });
  assert.deepEqual([plan.verdict, checkPlan(plan)], ["act", []]);
  assert.match(plan.reasons.join(), /Left out: \S*a\.crt, and \S*a\.key with it/);
  assert.doesNotMatch(plan.steps[0]?.describes ?? "", /old\/a/);
  assert.match(restored({ beside, accepts: [`EXPIRED=${crt}`] }).steps[0]?.describes ?? "", /a\.crt, \S*a\.key/);
});

test("planRestore: the machine's other half, by which a file was judged, is in the step, is looked at again, and must have been seen", () => {
  const companion = { path: keyPath.replace(/key$/, "crt"), was: file("f") };
  const plan = restored({ companion });
  const [step] = plan.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  assert.deepEqual([step.args.companions, checkPlan(plan)], [[companion], []]);
  assert.deepEqual(readPlan(writePlan(plan), "plan", sha256Hex).steps, plan.steps);
  const after = (state: FileState) => ({
    ...plan.start,
    hosts: plan.start.hosts.map((host) => ({
      ...host,
      files: (host.files ?? []).map((one) => (one.path === companion.path ? { ...one, state } : one)),
    })),
  });
  assert.deepEqual(
    [file("f"), file("e"), { kind: "absent" } as const].map((state) => specOf(step).pre(after(state), step.args).kind),
    ["holds", "fails", "fails"],
  );
  assert.ok(invariantsOf(withArgs(plan, { companions: [{ ...companion, was: file("e") }] })).includes("I-S7"));
});

test("planRestore: what is as in the set is refused too when its other half on the machine is of another key, and a file with set-id bits in words", () => {
  const broken = restored({ now: file("b"), problem: "not of one key" });
  assert.deepEqual([broken.verdict, broken.reasons], ["blocked", ["not of one key"]]);
  const setId: WantedFile = { path: "/etc/kubernetes/pki/x", kind: "pki", now: file("a"), nearest: undefined, becomes: file("f", 0o2640) };
  assert.match(restored({ beside: [setId] }).reasons.join(), /pki\/x has mode 2640 in the set: no file gets set-id bits.*--path/);
});

test("checkPlan: every name of a signing key that control planes share is asked of the others (I-S16)", () => {
  for (const path of ["/etc/kubernetes/ssl/service-account-key.pem", "/etc/kubernetes/ssl/service-account.pem"]) {
    const plan = restored({ path, others: new Map([[cp2, file("b")]]) });
    assert.deepEqual(checkPlan(plan), []);
    const hosts = plan.start.hosts.map((host) => (host.name === cp2 ? { ...host, files: [{ path: caPath, state: file("c") }] } : host));
    assert.ok(invariantsOf(tampered(plan, { start: { ...plan.start, hosts } })).includes("I-S16"), path);
  }
});

test("planRestore: a certificate that ends sooner than the one on the machine is told in the words that are agreed to", () => {
  const words = (ends: NonNullable<Given["ends"]>): string => restored({ ends }).steps[0]?.describes ?? "";
  const sooner = words({ becomes: "2098-01-01T00:00:00Z", was: "2099-01-01T00:00:00Z" });
  assert.match(sooner, /certificate of \S*server\.key in the set ends 2098-01-01T00:00:00Z, sooner than .* 2099-01-01T00:00:00Z/);
  assert.doesNotMatch(words({ becomes: "2099-01-01T00:00:00Z", was: "2098-01-01T00:00:00Z" }), /sooner/);
});

test("planRestore and checkPlan: a certificate or CA of any kind is judged by the CA, and one of which nobody can tell who signed it is not known", () => {
  const [path, kind] = ["/etc/kubernetes/pki/apiserver.crt", "load-balancer"] as const;
  const ca = new Map([[cp2, file("e", 0o644)]]);
  const issued = { by: "CN=ca", authority: caPath };
  assert.match(restored({ path, kind, ca, issued }).reasons.join(), /not the CA that cp2 uses.*--accept OTHER_CA/);
  const plan = restored({ path, kind, issued });
  assert.deepEqual([plan.verdict, checkPlan(plan)], ["act", []]);
  const [step] = plan.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  // The checker's own rule: whatever the step says of a file at such a place.
  const files = step.args.files.map(({ issued: _left, ...one }) => one);
  assert.ok(invariantsOf(withArgs(plan, { files, authorities: [] })).includes("I-S16"));
  const notRead = restored({
    path: "/etc/kubernetes/admin.conf",
    kind: "kubeconfig",
    issued: { by: "who is not known", notRead: "it is cut off" },
  });
  assert.match(notRead.reasons.join(), /not known: who signed what \S*admin\.conf of the set holds: it is cut off/);
  assert.doesNotMatch(notRead.reasons.join(), /has signed/);
  const accepted = restored({
    path: "/etc/kubernetes/admin.conf",
    kind: "kubeconfig",
    issued: { by: "who is not known", notRead: "it is cut off" },
    accepts: ["OTHER_CA"],
  });
  assert.deepEqual([accepted.verdict, checkPlan(accepted)], ["act", []]);
  assert.match(accepted.steps[0]?.describes ?? "", /OTHER_CA .*admin\.conf \(not known: it is cut off\)/);
  assert.deepEqual(readPlan(writePlan(accepted), "plan", sha256Hex).steps, accepted.steps);
  assert.ok(invariantsOf(withArgs(accepted, { accepts: [] })).includes("I-S16"));
});

test("checkPlan: of what lies beside etcd's ca.crt no other CA of that directory is proof (I-S16)", () => {
  const [etcdCa, oldCa] = ["/etc/kubernetes/pki/etcd/ca.crt", "/etc/kubernetes/pki/etcd/old-ca.crt"];
  const authorities = [etcdCa, oldCa].map((path) => ({ path, tag: "c".repeat(64) }));
  const plan = restored({ authorities, issued: { by: "CN=ca", authority: etcdCa }, beside: [], ca: new Map() });
  assert.equal(plan.verdict, "blocked");
  const seen = restored({
    authorities: [...authorities, { path: caPath, tag: "c".repeat(64) }],
    issued: { by: "CN=ca", authority: caPath },
  });
  const [step] = seen.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  const hosts = seen.start.hosts.map((host) =>
    host.name === cp2 ? { ...host, files: authorities.map(({ path }) => ({ path, state: file("c") })) } : host,
  );
  const byCa = (authority: string): readonly string[] => {
    const files = step.args.files.map((one) => ({ ...one, issued: { by: "CN=ca", authority } }));
    return invariantsOf(tampered(withArgs(seen, { files }), { start: { ...seen.start, hosts } }));
  };
  assert.equal(byCa(etcdCa).includes("I-S16"), false);
  assert.ok(byCa(oldCa).includes("I-S16"));
});

test("planRestore and checkPlan: a key that is told to be shared is asked of the other control planes under any name, over the links that lead to it", () => {
  const [path, link] = ["/etc/kubernetes/pki/keys/signer.key", "/etc/kubernetes/pki/sa.key"];
  const through = [{ path: link, tag: "1".repeat(64) }];
  const shared = [{ path, tag: "b".repeat(64), through }];
  const linkTo = (tag: string): FileState => ({ kind: "symlink", tag: tag.repeat(64), uid: 0, gid: 0 });
  const given = (at: FileState, state: FileState, accepts: readonly RestoreAcceptance[] = []) => {
    const plan = restored({ path, shared, accepts, others: new Map([[cp2, state]]), beside: [] });
    const inventory = healthyKubeadm3().build();
    const seen = new Map<HostName, readonly FileAt[]>([
      [cp1, [{ path, state: file("a") }]],
      [
        cp2,
        [
          { path: caPath, state: file("c", 0o644) },
          { path, state },
          { path: link, state: at },
        ],
      ],
    ]);
    return planRestore({
      inventory,
      diagnosis: diagnose(inventory),
      goal: plan.goal as RestorePartsGoal,
      seen,
      wanted: {
        manifestSha256: "d".repeat(64),
        clusterId: undefined,
        facts: [],
        authorities: [{ path: caPath, tag: "c".repeat(64) }],
        files: [{ path, kind: "pki", now: file("a"), nearest: undefined, becomes: file("b"), shared }],
      },
      nowIso: new Date(Date.parse(inventory.takenAt) + 2_000).toISOString(),
      sha256Hex,
    });
  };
  const absent: FileState = { kind: "absent" };
  for (const [at, state] of [
    [linkTo("1"), file("b")],
    [file("b"), absent],
  ] as const) {
    const plan = given(at, state);
    assert.deepEqual([plan.verdict, plan.reasons, checkPlan(plan)], ["act", [], []]);
    assert.deepEqual(readPlan(writePlan(plan), "plan", sha256Hex).steps, plan.steps);
    const [step] = plan.steps;
    assert.ok(step?.kind === "host.restoreFiles");
    assert.equal(specOf(step).pre(plan.start, step.args).kind, "holds");
    for (const moved of [linkTo("2"), absent, file("e")]) {
      const hosts = plan.start.hosts.map((host) => ({
        ...host,
        files: (host.files ?? []).map((one) => (one.path === link ? { ...one, state: moved } : one)),
      }));
      assert.ok(invariantsOf(tampered(plan, { start: { ...plan.start, hosts } })).includes("I-S16"));
      assert.notEqual(specOf(step).pre({ ...plan.start, hosts }, step.args).kind, "holds");
    }
  }
  for (const [at, state, why] of [
    [linkTo("1"), file("e"), /is not what cp2 has/],
    [file("e"), absent, /is not what cp2 has/],
    [linkTo("2"), file("b"), /sa\.key on cp2: a link that leads elsewhere than the set's/],
    [absent, file("b"), /sa\.key on cp2: not there/],
  ] as const) {
    const plan = given(at, state);
    assert.equal(plan.verdict, "blocked");
    assert.match(plan.reasons.join(), why);
    const accepted = given(at, state, ["OTHER_KEYS"]);
    assert.deepEqual([accepted.verdict, checkPlan(accepted)], ["act", []], accepted.reasons.join());
  }
});

test("checkPlan: a planner that says of certificates, CAs and links what cannot be is not believed (I-S16)", () => {
  const [etcdCa, etcdOld, proxyCa] = ["etcd/ca.crt", "etcd/old-ca.crt", "front-proxy-ca.crt"].map((name) => `/etc/kubernetes/pki/${name}`);
  const issued = { by: "CN=ca", authority: caPath };
  const all = [caPath, etcdCa, etcdOld, proxyCa].map((at) => ({ path: at ?? "", tag: "c".repeat(64) }));
  const plan = restored({ authorities: all, issued });
  const [step] = plan.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  // cp2 has every one of these CAs as the set has it: no other rule speaks.
  const hosts = plan.start.hosts.map((host) =>
    host.name === cp2 ? { ...host, files: all.map((one) => ({ path: one.path, state: file("c", 0o644) })) } : host,
  );
  type File = StepArgs["host.restoreFiles"]["files"][number];
  const isRefused = (change: Partial<File>): boolean => {
    const files = step.args.files.map((one) => ({ ...one, ...change }));
    return invariantsOf(tampered(withArgs(plan, { files }), { start: { ...plan.start, hosts } })).includes("I-S16");
  };
  const by = (path: string, authority: string | undefined): boolean => isRefused({ path, issued: { by: "CN=ca", authority } });
  const [pkiDir, link] = ["/etc/kubernetes/pki", { kind: "symlink", tag: "b".repeat(64), uid: 0, gid: 0 } as const];
  for (const [path, authority] of [
    [`${pkiDir}/apiserver.crt`, caPath],
    [`${pkiDir}/apiserver-etcd-client.crt`, etcdCa],
    [`${pkiDir}/front-proxy-client.key`, proxyCa],
    [`${pkiDir}/etcd/peer.crt`, etcdCa],
    ["/etc/kubernetes/admin.conf", caPath],
    ["/var/lib/kubelet/pki/kubelet-client-current.pem", caPath],
  ] as const)
    assert.equal(by(path, authority), false, path);
  for (const [path, authority] of [
    [`${pkiDir}/apiserver.crt`, etcdCa],
    [`${pkiDir}/apiserver-etcd-client.crt`, etcdOld],
    [`${pkiDir}/front-proxy-client.crt`, caPath],
    ["/etc/kubernetes/admin.conf", etcdCa],
    ["/var/lib/kubelet/pki/kubelet-client-current.pem", etcdCa],
  ] as const)
    assert.ok(by(path, authority), path);
  assert.ok(isRefused({ path: `${pkiDir}/etcd/peer.crt`, becomes: link, issued: { by: "CN=ca", authority: etcdOld } }));
  assert.equal(isRefused({ path: `${pkiDir}/etcd/peer.crt`, becomes: link, issued: { by: "CN=ca", authority: etcdCa } }), false);
  // The CA that is put back is another one than that by which it is judged.
  assert.ok(isRefused({ path: caPath }));
  assert.equal(isRefused({ path: caPath, becomes: file("c") }), false);
  const ends = { becomes: "2099-01-01T00:00:00Z" };
  assert.ok(isRefused({ path: `${pkiDir}/apiserver.crt`, ends, issued: undefined }));
  assert.equal(isRefused({ path: `${pkiDir}/apiserver.crt`, ends, issued }), false);
  assert.ok(isRefused({ issued: { ...issued, notRead: "it is cut off" } }));
  const saKey = `${pkiDir}/sa.key`;
  assert.ok(isRefused({ path: saKey, becomes: link, shared: [{ path: caPath, tag: "c".repeat(64) }] }));
  const through = [{ path: saKey, tag: link.tag }];
  const agreed = hosts.map((host) =>
    host.name === cp2
      ? { ...host, files: [...(host.files ?? []), { path: saKey, state: link }, { path: `${pkiDir}/keys/sa.key`, state: file("c") }] }
      : host,
  );
  const files = step.args.files.map((one) => ({
    ...one,
    path: saKey,
    becomes: link,
    shared: [{ path: `${pkiDir}/keys/sa.key`, tag: "c".repeat(64), through }],
  }));
  assert.equal(invariantsOf(tampered(withArgs(plan, { files }), { start: { ...plan.start, hosts: agreed } })).includes("I-S16"), false);
});

test("checkPlan: what programs show at kubeadm's places is judged by the CA whatever it is called (I-S16)", () => {
  const plan = restored();
  const [step] = plan.steps;
  assert.ok(step?.kind === "host.restoreFiles");
  const hosts = plan.start.hosts.map((host) =>
    host.name === cp2 ? { ...host, files: [{ path: caPath, state: file("e", 0o644) }] } : host,
  );
  for (const kind of ["kubelet", "container-runtime", "load-balancer"] as const)
    for (const path of ["/etc/kubernetes/admin.conf", "/var/lib/kubelet/pki/kubelet-client-current.pem", "/etc/etcd/pki/peer.crt"]) {
      const files = step.args.files.map((one) => ({ ...one, kind, path }));
      const refused = invariantsOf(tampered(withArgs(plan, { files }), { start: { ...plan.start, hosts } }));
      assert.ok(refused.includes("I-S16"), `${kind} ${path}`);
    }
});
