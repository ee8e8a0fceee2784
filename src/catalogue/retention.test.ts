import assert from "node:assert/strict";
import { test } from "node:test";
import type { BackupManifest, BackupMark, ProofLevel } from "../model/backup-set.ts";
import { asBackupSetId, asClusterId, asHostName, type BackupSetId } from "../model/ids.ts";
import type { PrunePolicy } from "../model/prune-plan.ts";
import type { SetStanding } from "./judge-proofs.ts";
import type { ListedSet } from "./list-sets.ts";
import { planRetention, type RetentionInput } from "./retention.ts";

const nothing: PrunePolicy = { last: 0, daily: 0, weekly: 0, monthly: 0, neverBelow: 1, withinMs: undefined };
const nowIso = "2026-03-31T12:00:00.000Z";

interface Wish {
  readonly kind?: "trusted" | "untrusted";
  readonly cluster?: string;
  readonly clusterId?: string;
  readonly revision?: bigint;
  readonly totalKeys?: number;
  readonly marks?: readonly BackupMark["code"][];
}

let serial = 0;
function set(at: string, wish: Wish = {}): ListedSet {
  serial += 1;
  const [date = "", time = "00:00"] = at.split("T");
  const id = asBackupSetId(`${date.replaceAll("-", "")}-${time.slice(0, 5).replace(":", "")}00-${serial.toString(36).padStart(6, "0")}`);
  const createdAt = `${date}T${time.slice(0, 5)}:00.000Z`;
  const manifest: BackupManifest = {
    apiVersion: "requorum.backup/v1",
    kind: "BackupManifest",
    id,
    createdAt,
    program: "requorum 0.1.0",
    createdBy: "me@here",
    cluster: {
      name: wish.cluster ?? "prod",
      platform: "kubeadm",
      etcdTopology: "stacked",
      clusterId: asClusterId(wish.clusterId ?? "0000000000000001"),
      kubernetesVersion: undefined,
      etcdVersion: undefined,
      members: [],
    },
    snapshot: {
      form: "stream",
      sourceHost: asHostName("cp1"),
      sourceMember: undefined,
      sizeBytes: 1n,
      sha256: undefined,
      revision: wish.revision ?? BigInt(Date.parse(createdAt)),
      totalKeys: wish.totalKeys ?? 1000,
      hashKv: 1,
      compactRevision: 1n,
      objects: [],
    },
    contents: [],
    marks: (wish.marks ?? []).map((code) => ({ code, because: "seen" })),
    key: { keyId: "0".repeat(16), wrapped: [] },
    index: { sha256: "0".repeat(64), sizeBytes: 1 },
    packs: [],
  };
  const object = { name: `sets/${id}.json`, sizeBytes: 1, modifiedAt: createdAt };
  return { kind: wish.kind ?? "trusted", id, manifest, manifestSha256: "", signers: [], because: "", object };
}

function damaged(at: string): ListedSet {
  const { id, object } = set(at);
  return { kind: "damaged", id, because: "its signature does not fit", object };
}

const daily = (count: number, wish: Wish = {}) =>
  Array.from({ length: count }, (_, index) =>
    set(new Date(Date.parse("2026-03-31T02:00:00Z") - (count - 1 - index) * 86_400_000).toISOString(), wish),
  );

function plan(sets: readonly ListedSet[], policy: Partial<PrunePolicy>, other: Partial<RetentionInput> = {}) {
  const result = planRetention({
    cluster: "prod",
    nowIso,
    policy: { ...nothing, ...policy },
    sets,
    standing: new Map(),
    acceptedBreaks: [],
    ...other,
  });
  assert.equal(result.sets.length, sets.length, "every set has a verdict");
  for (const entry of result.sets) assert.ok(entry.because.length > 0, "and each a reason");
  return {
    ...result,
    kept: result.sets.filter((entry) => entry.verdict === "keep").map((entry) => entry.createdAt?.slice(0, 10)),
    because: (one: ListedSet | undefined) => result.sets.find((entry) => entry.id === one?.id)?.because ?? [],
    verdict: (one: ListedSet | undefined) => result.sets.find((entry) => entry.id === one?.id)?.verdict,
  };
}

const notVerified: SetStanding = {
  proven: undefined,
  failing: undefined,
  unread: undefined,
  everProven: undefined,
  saidByUnknown: undefined,
};
const standings = (...entries: readonly (readonly [ListedSet | undefined, Partial<SetStanding>])[]): RetentionInput["standing"] =>
  new Map(entries.flatMap(([one, given]) => (one?.id === undefined ? [] : [[one.id, { ...notVerified, ...given }] as const])));
const proofs = (...entries: readonly (readonly [ListedSet | undefined, ProofLevel])[]): RetentionInput["standing"] =>
  standings(...entries.map(([one, level]) => [one, { proven: { level, at: nowIso }, everProven: level }] as const));
const failing = (level: ProofLevel): Partial<SetStanding> => ({ failing: { level, because: "a reason" } });

test("planRetention: by count the newest stay, and the newest without a mark always does", () => {
  assert.deepEqual(plan(daily(10), { last: 3 }).kept, ["2026-03-31", "2026-03-30", "2026-03-29"]);
  const sets = [...daily(3), set("2026-03-31T03:00", { marks: ["API_DOWN"] }), set("2026-03-31T04:00", { marks: ["API_DOWN"] })];
  assert.deepEqual(plan(sets, { last: 1 }).kept, ["2026-03-31", "2026-03-31"]);
  assert.equal(plan(sets, { last: 1 }).verdict(sets[2]), "keep");
});

test("planRetention: by age the young stay", () => {
  assert.deepEqual(plan(daily(10), { withinMs: 2.5 * 86_400_000 }).kept, ["2026-03-31", "2026-03-30", "2026-03-29"]);
});

test("planRetention: grandfather, father, son: the newest of each day, week and month, counted over periods that have sets", () => {
  const hourly = [set("2026-03-30T01:00"), set("2026-03-30T23:00"), set("2026-03-31T01:00"), set("2026-03-31T11:00")];
  assert.deepEqual(
    plan(hourly, { daily: 2 })
      .sets.filter((entry) => entry.verdict === "keep")
      .map((entry) => entry.createdAt),
    ["2026-03-31T11:00:00.000Z", "2026-03-30T23:00:00.000Z"],
  );
  // 2026-03-31 is a Tuesday: its week began on Monday, the 30th.
  assert.deepEqual(plan(daily(30), { weekly: 3 }).kept, ["2026-03-31", "2026-03-29", "2026-03-22"]);
  assert.deepEqual(plan(daily(80), { monthly: 3 }).kept, ["2026-03-31", "2026-02-28", "2026-01-31"]);
  assert.deepEqual(plan([set("2025-06-01"), set("2025-12-31"), set("2026-03-01")], { monthly: 3 }).kept, [
    "2026-03-01",
    "2025-12-31",
    "2025-06-01",
  ]);
});

test("planRetention: of a day the newest set without a mark stands for it", () => {
  const good = set("2026-03-30T05:00");
  const sets = [good, set("2026-03-30T22:00", { marks: ["NO_QUORUM"] }), set("2026-03-31T05:00")];
  assert.equal(plan(sets, { daily: 2 }).verdict(good), "keep");
  assert.equal(plan(sets, { daily: 2 }).verdict(sets[1]), "remove");
});

test("planRetention: the last proven set of each level stays however old, and says so", () => {
  const sets = daily(20);
  const result = plan(sets, { last: 1 }, { standing: proofs([sets[2], "V5"], [sets[5], "V4"], [sets[8], "V1"]) });
  assert.deepEqual(result.because(sets[2]), ["the last one proven to V5"]);
  assert.deepEqual(result.because(sets[5]), ["the last one proven to V2", "the last one proven to V3", "the last one proven to V4"]);
  assert.equal(result.verdict(sets[8]), "remove");
});

test("planRetention: sets that proofs found damaged stay and count for nothing, so that no whole one goes for them", () => {
  const sets = daily(6);
  const standing = standings(...sets.slice(3).map((one) => [one, failing("V1")] as const));
  const result = plan(sets, { last: 3, neverBelow: 3 }, { standing });
  assert.equal(result.kept.length, 6);
  assert.match(result.because(sets[5])[0] ?? "", /V1 fails: a reason; it stays, and is not counted/);
  assert.deepEqual(result.because(sets[2]), ["one of the newest 3", "the newest without a mark"]);
});

test("planRetention: a set whose bytes or proofs the store does not give stays and counts for nothing; the readable ones are kept for it", () => {
  const sets = daily(4);
  const standing = standings(
    [sets[3], { unread: "packs/x cannot be read: EIO", proven: { level: "V5", at: nowIso }, everProven: "V5" }],
    [sets[2], { proven: { level: "V5", at: nowIso }, everProven: "V5" }],
  );
  const result = plan(sets, { last: 1 }, { standing });
  assert.deepEqual(result.because(sets[3]), ["packs/x cannot be read: EIO; it stays, and is not counted"]);
  assert.ok(result.because(sets[2]).includes("the last one proven to V5"));
  assert.deepEqual(result.kept, ["2026-03-31", "2026-03-30"]);
});

test("planRetention: what fails above V2 is counted apart, and does not stay for ever", () => {
  const sets = daily(9);
  const standing = standings(...sets.slice(3).map((one) => [one, failing("V3")] as const));
  const result = plan(sets, { last: 2, neverBelow: 2 }, { standing });
  assert.deepEqual(result.kept, ["2026-03-31", "2026-03-30", "2026-03-25", "2026-03-24"]);
  assert.match(result.because(sets[8]).join("; "), /one of the newest 2; V3 fails: a reason/);
});

test("planRetention: the last that ever was proven stays when a higher level fails since, and what only an unknown key calls proven stays", () => {
  const sets = daily(20);
  const standing = standings(
    [sets[2], { proven: { level: "V5", at: nowIso }, everProven: "V5" }],
    [sets[5], { proven: { level: "V3", at: nowIso }, everProven: "V5", ...failing("V4") }],
    [sets[8], { saidByUnknown: "V5" }],
    [sets[9], { saidByUnknown: "V1" }],
  );
  const result = plan(sets, { last: 1 }, { standing });
  assert.ok(result.because(sets[2]).includes("the last one proven to V5"));
  assert.ok(result.because(sets[5]).includes("the last one that ever was proven to V5"));
  assert.match(result.because(sets[8])[0] ?? "", /proven to V5 by a key that is not known here.*backup\.signers/);
  assert.deepEqual([result.verdict(sets[8]), result.verdict(sets[9])], ["keep", "remove"]);
});

test("planRetention: never below the policy, counted in sets without a mark", () => {
  const sets = [...daily(5), set("2026-03-31T05:00", { marks: ["API_DOWN"] }), set("2026-03-31T06:00", { marks: ["API_DOWN"] })];
  const result = plan(sets, { last: 2, neverBelow: 3 });
  assert.deepEqual(
    result.sets.filter((entry) => entry.verdict === "keep").map((entry) => entry.marks.length),
    [1, 1, 0, 0, 0],
  );
  assert.equal(plan(daily(2), { neverBelow: 5 }).kept.length, 2);
});

test("planRetention: damaged, unsigned, foreign and future sets stay, and count for nothing", () => {
  const odd = [damaged("2026-03-01"), set("2026-03-02", { kind: "untrusted" }), set("2026-03-03", { cluster: "other" }), set("2027-01-01")];
  const sets = [...daily(4), ...odd];
  const result = plan(sets, { last: 1, neverBelow: 2 });
  for (const one of odd) assert.equal(result.verdict(one), "keep");
  assert.match(result.because(odd[0])[0] ?? "", /damaged.*signature/);
  assert.match(result.because(odd[1])[0] ?? "", /not signed by a known key/);
  assert.match(result.because(odd[2])[0] ?? "", /of cluster other/);
  assert.match(result.because(odd[3])[0] ?? "", /future/);
  assert.equal(result.sets.filter((entry) => entry.verdict === "keep").length, odd.length + 2);
  assert.deepEqual(result.refusals, []);
});

test("planRetention: a set of the future goes when it is named, and only where something as good stays", () => {
  const future = set("2027-01-01");
  const unwanted = (one: ListedSet | undefined) => ({ unwantedOfFuture: one?.id === undefined ? [] : [one.id] });
  const sets = [...daily(2), future];
  const named = plan(sets, { last: 2 }, unwanted(future));
  assert.deepEqual([named.verdict(future), named.refusals], ["remove", []]);
  assert.deepEqual(named.because(future), ["made in the future, and named by you"]);
  assert.match(plan(sets, { last: 2 }).because(future)[0] ?? "", /requorum backup prune --future 20270101-/);
  assert.match(plan([future], {}, unwanted(future)).refusals[0] ?? "", /the only one that counts/);
  const proven = plan(sets, {}, { ...unwanted(future), standing: proofs([future, "V5"]) });
  assert.match(proven.refusals[0] ?? "", /proven to V5, and no other set is/);
  assert.deepEqual(plan(sets, {}, { ...unwanted(future), standing: proofs([future, "V5"], [sets[0], "V5"]) }).refusals, []);
  assert.match(plan(sets, {}, unwanted(sets[0])).refusals[0] ?? "", /is no trusted set of the future/);
});

test("planRetention: an orphan's sets do not displace the cluster's: other id, lower revision, few keys, or marked so (H11)", () => {
  const before = daily(10).slice(0, 7);
  const orphans: readonly (readonly [Wish, RegExp])[] = [
    [{ clusterId: "00000000000000ff" }, /of etcd cluster 00000000000000ff/],
    [{ revision: 5n }, /its revision is 5/],
    [{ totalKeys: 100 }, /it has 100 keys/],
    [{ marks: ["OLDER_THAN_LAST_SEEN"] }, /OLDER_THAN_LAST_SEEN/],
  ];
  for (const [wish, because] of orphans) {
    const sets = [...before, ...daily(3, wish)];
    const refused = plan(sets, { last: 3 });
    assert.equal(refused.refusals.length, 1, String(because));
    assert.match(refused.refusals[0] ?? "", because);
    const first = sets[7]?.id as BackupSetId;
    assert.equal(refused.breaks[0]?.newer, first);
    // The operator says that these are the true cluster's, as after a restore.
    const accepted = plan(sets, { last: 3, neverBelow: 3 }, { acceptedBreaks: [first] });
    assert.deepEqual(accepted.refusals, []);
    assert.ok(accepted.kept.length < 10);
  }
});

test("planRetention: what was accepted stays accepted when the set that was named is gone", () => {
  const sets = [...daily(6).slice(0, 2), ...daily(4, { clusterId: "00000000000000ff" })];
  const named = sets[2]?.id as BackupSetId;
  assert.equal(plan(sets, { last: 2 }).refusals.length, 1);
  assert.deepEqual(
    plan(
      sets.filter(({ id }) => id !== named),
      { last: 2 },
      { acceptedBreaks: [named] },
    ).refusals,
    [],
  );
  const later = sets[4]?.id as BackupSetId;
  assert.equal(
    plan(
      sets.filter(({ id }) => id !== later),
      { last: 2 },
      { acceptedBreaks: ["20250101-000000-aaaaaa" as BackupSetId] },
    ).refusals.length,
    1,
  );
});

test("planRetention: clocks of two makers that differ by minutes make no break; a revision that truly went back does", () => {
  const before = daily(3, { revision: 500n }).slice(0, 2);
  const other = set("2026-03-31T02:10:00Z", { revision: 1000n });
  const behind = set("2026-03-31T02:14:00Z", { revision: 990n });
  assert.deepEqual(plan([...before, other, behind], { last: 1 }).refusals, []);
  const after = set("2026-03-31T05:00:00Z", { revision: 995n });
  assert.match(plan([...before, other, behind, after], { last: 1 }).refusals[0] ?? "", /its revision is 995, and that of .* 1000/);
});

test("planRetention: a break that costs no older set refuses nothing, and one accepted later covers those before it", () => {
  const sets = [...daily(6).slice(0, 2), ...daily(4, { clusterId: "00000000000000ff" }).slice(0, 2), ...daily(2)];
  assert.deepEqual(plan(sets, { last: 6 }).refusals, []);
  assert.equal(plan(sets, { last: 6 }).breaks.length, 2);
  assert.equal(plan(sets, { last: 2 }).refusals.length, 2);
  assert.deepEqual(plan(sets, { last: 2 }, { acceptedBreaks: [sets[4]?.id as BackupSetId] }).refusals, []);
});

test("planRetention: whatever the policy and the sets, no last proof is lost, the floor holds, and what goes was a candidate", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let round = 0; round < 300; round += 1) {
    const sets = daily(1 + random(40)).flatMap((one) => {
      switch (random(8)) {
        case 0:
          return [damaged(one.object.modifiedAt)];
        case 1:
          return [set(one.object.modifiedAt, { marks: ["API_DOWN"] })];
        case 2:
          return [];
        default:
          return [one];
      }
    });
    const levels = ["V0", "V1", "V2", "V3", "V4", "V5"] as const;
    const standing = proofs(...sets.filter(() => random(3) === 0).map((one) => [one, levels[random(6)] ?? "V0"] as const));
    const policy = {
      last: random(5),
      daily: random(5),
      weekly: random(4),
      monthly: random(3),
      neverBelow: 1 + random(5),
      withinMs: undefined,
    };
    const result = plan(sets, policy, { standing });
    const good = result.sets.filter((entry) => entry.createdAt !== undefined);
    const kept = good.filter((entry) => entry.verdict === "keep");
    const unmarked = good.filter((entry) => entry.marks.length === 0);
    assert.ok(kept.length >= Math.min(policy.neverBelow, good.length));
    assert.ok(kept.filter((entry) => entry.marks.length === 0).length >= Math.min(policy.neverBelow, unmarked.length));
    for (const level of ["V2", "V3", "V4", "V5"] as const) {
      const holds = (entry: (typeof good)[number]) => entry.proven !== undefined && entry.proven >= level;
      assert.equal(kept.some(holds), good.some(holds), level);
    }
    assert.ok(result.sets.filter((entry) => entry.verdict === "remove").every((entry) => entry.createdAt !== undefined));
  }
});
