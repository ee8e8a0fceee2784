import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../../test/support/inventory-builder.ts";
import { asClusterId, asHostName } from "../../model/ids.ts";
import { judgeSource, lastLookOf, olderThan, type JudgeOptions, type SourceJudgement } from "./judge-source.ts";

const follower: JudgeOptions = { policy: "follower", before: [] };
const judged = (world: InventoryBuilder, options: JudgeOptions = follower): SourceJudgement => judgeSource(world.build(), options);
const codesOf = ({ marks }: SourceJudgement): readonly string[] => [...new Set(marks.map(({ code }) => code))].sort();
const hostsOf = ({ candidates }: SourceJudgement): readonly string[] => candidates.map(({ host }) => host);

test("judgeSource: of a healthy cluster a follower comes first, or the leader as policy, and nothing is marked", () => {
  const world = healthyKubeadm3().leader("cp1");
  const found = judged(world);
  assert.deepEqual([found.kind, codesOf(found)], ["stream", []]);
  assert.equal(hostsOf(found).at(-1), "cp1");
  assert.equal(hostsOf(found).length, 3);
  assert.equal(hostsOf(judged(world, { ...follower, policy: "leader" }))[0], "cp1");
  assert.deepEqual(hostsOf(judged(world, { ...follower, from: asHostName("cp3") })), ["cp3"]);
});

test("judgeSource: among followers the member of the newest set comes first, whose pages the store has; the leader does not for that", () => {
  const world = healthyKubeadm3().leader("cp1");
  const members = new Map(judged(world).candidates.map(({ host, status }) => [String(host), status]));
  const after = (host: string): readonly string[] => {
    const status = members.get(host);
    assert.ok(status !== undefined);
    const newest = { name: "set x", clusterId: status.clusterId, revision: 1n, sourceMember: status.memberId };
    return hostsOf(judged(world, { ...follower, before: [newest] }));
  };
  assert.equal(after("cp2")[0], "cp2");
  assert.equal(after("cp3")[0], "cp3");
  assert.notEqual(after("cp1")[0], "cp1");
});

test("judgeSource: a member that is down, one that never started and NOSPACE are marks, and a voter is taken", () => {
  const down = judged(healthyKubeadm3().hostUnreachable("cp3"));
  assert.deepEqual([codesOf(down), hostsOf(down).includes("cp3")], [["MEMBER_UNHEALTHY"], false]);
  assert.deepEqual(codesOf(judged(healthyKubeadm3().unstartedMember("10.0.0.99"))), ["MEMBER_UNHEALTHY"]);
  assert.deepEqual(codesOf(judged(healthyKubeadm3().alarm("cp1", "NOSPACE"))), ["MEMBER_UNHEALTHY"]);
  const cut = judged(healthyKubeadm3().peerPortBlocked("cp2"));
  assert.deepEqual([codesOf(cut), hostsOf(cut).includes("cp2")], [["MEMBER_UNHEALTHY"], false]);
});

test("judgeSource: an alarm CORRUPT is disagreement", () => {
  assert.deepEqual(codesOf(judged(healthyKubeadm3().alarm("cp1", "CORRUPT"))), ["MEMBERS_DISAGREE"]);
});

test("judgeSource: without quorum it is NO_QUORUM of who answers; with no etcd at all a stopped member's data dir", () => {
  const alone = judged(healthyKubeadm3().hostUnreachable("cp2").hostUnreachable("cp3"));
  assert.deepEqual([alone.kind, hostsOf(alone)], ["stream", ["cp1"]]);
  assert.deepEqual(codesOf(alone), ["MEMBER_UNHEALTHY", "NO_QUORUM"]);
  const stopped = judged(healthyKubeadm3().etcdStopped("cp1").etcdStopped("cp2").hostUnreachable("cp3"));
  assert.deepEqual([stopped.kind, codesOf(stopped)], ["offline", ["NO_QUORUM", "OFFLINE_COPY"]]);
  assert.deepEqual([...stopped.offlineHosts].sort(), ["cp1", "cp2"]);
  // Whose log reaches further, the age of files does not tell.
  const rank = /requorum snapshot rank ssh:\/\/cp\d\/var\/lib\/etcd ssh:\/\/cp\d\/var\/lib\/etcd`, and --from HOST/;
  assert.match(stopped.marks.at(-1)?.because ?? "", rank);
  const gone = judged(healthyKubeadm3().hostUnreachable("cp1").hostUnreachable("cp2").hostUnreachable("cp3"));
  assert.deepEqual([gone.kind, gone.candidates, gone.offlineHosts], ["offline", [], []]);
  // Its process has the files in use.
  assert.deepEqual(
    judged(healthyKubeadm3().etcdFrozen("cp1").etcdStopped("cp2").etcdStopped("cp3")).offlineHosts.includes(asHostName("cp1")),
    false,
  );
});

test("judgeSource: of each machine whose data dir cannot be copied it is said why: one that was not reached has perhaps all of it", () => {
  const gone = judged(
    healthyKubeadm3().hostUnreachable("cp1").etcdFrozen("cp2").etcdStopped("cp3").dataDirFacts("cp3", { hasBackend: false }),
  );
  assert.deepEqual(gone.offlineHosts, []);
  const because = gone.marks.at(-1)?.because ?? "";
  assert.match(because, /cp1: not reached: .+; cp2: etcd runs there.*; cp3: its data dir holds no database/);
  assert.doesNotMatch(because, /no machine has/);
});

test("judgeSource: a data dir that was begun anew, without its member's data, is no source however young its files are", () => {
  const stopped = healthyKubeadm3().etcdStopped("cp1").etcdStopped("cp2").etcdStopped("cp3");
  const found = judged(stopped.dataDirFacts("cp2", { isNewborn: true, newestFileAt: "2999-01-01T00:00:00Z" }));
  assert.deepEqual([...found.offlineHosts].sort(), ["cp1", "cp3"]);
});

test("judgeSource: an orphan beside the true cluster is told and not taken; alone it is refused (H11)", () => {
  const beside = judged(healthyKubeadm3().foreignCluster("cp2"));
  assert.equal(hostsOf(beside).includes("cp2"), false);
  assert.deepEqual(codesOf(beside), ["MEMBER_UNHEALTHY"]);
  assert.match(beside.marks.map(({ because }) => because).join("; "), /another cluster id answers on cp2/);
  const alone = judged(healthyKubeadm3().foreignCluster("cp2").hostUnreachable("cp1").hostUnreachable("cp3"));
  assert.ok(codesOf(alone).includes("OTHER_CLUSTER_ID"), JSON.stringify(alone.marks));
  const before = [{ name: "set x", clusterId: asClusterId("feed"), revision: 1n }];
  const other = judged(healthyKubeadm3().withoutLastSeen(), { ...follower, before });
  assert.deepEqual(codesOf(other), ["OTHER_CLUSTER_ID"]);
  assert.match(other.marks[0]?.because ?? "", /set x has feed/);
  // An old member that came back after a restore is what the last look before it saw, and not what the newest set has.
  assert.deepEqual(codesOf(judged(healthyKubeadm3(), { ...follower, before })), ["OTHER_CLUSTER_ID"]);
  const nobodyKnows = judged(healthyKubeadm3().withoutLastSeen().foreignCluster("cp2").hostUnreachable("cp3"));
  assert.ok(codesOf(nobodyKnows).includes("OTHER_CLUSTER_ID"));
});

test("judgeSource: what ends below what was seen before is older, of the same cluster only (I-R10)", () => {
  const found = judged(healthyKubeadm3());
  const before = [{ name: "set x", clusterId: found.clusterId, revision: 10_000_000n }];
  const older = judged(healthyKubeadm3(), { ...follower, before });
  assert.deepEqual(codesOf(older), ["OLDER_THAN_LAST_SEEN"]);
  assert.match(older.marks[0]?.because ?? "", /set x saw revision 10000000/);
  assert.deepEqual(olderThan([{ name: "y", clusterId: asClusterId("feed"), revision: 9n }], asClusterId("beef"), 3n), []);
  assert.equal(olderThan([{ name: "y", clusterId: asClusterId("feed"), revision: 9n }], undefined, 3n).length, 1);
});

test("lastLookOf: an offline copy, of which no cluster id is known, is compared with the last good look; one from before a set counts no more", () => {
  const { lastSeen } = healthyKubeadm3().build();
  assert.ok(lastSeen !== undefined);
  const set = (madeAt: string) => ({ name: "set x", clusterId: undefined, revision: 1n, madeAt });
  const marksOf = (before: readonly ReturnType<typeof set>[]) => olderThan(lastLookOf(lastSeen, before), undefined, lastSeen.revision - 1n);
  assert.match(marksOf([])[0]?.because ?? "", /the last good look at .* saw revision/);
  assert.equal(marksOf([set("2001-01-01T00:00:00.000Z")]).length, 1);
  assert.deepEqual(marksOf([set(lastSeen.takenAt)]), []);
});

test("judgeSource: a member that is asked for is compared with all voters", () => {
  const found = judged(healthyKubeadm3(), { ...follower, from: asHostName("cp3") });
  assert.deepEqual([found.candidates.length, found.compared.map(({ host }) => host).sort()], [1, ["cp1", "cp2", "cp3"]]);
});
