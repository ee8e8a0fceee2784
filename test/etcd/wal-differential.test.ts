/**
 * Logs, snapshot files and rank of data dirs that real etcd processes of 3.4
 * to 3.7 left behind, against etcd's own reader (tools/wal-oracle) and against
 * what the processes said while they lived. And back: etcd starts from logs
 * and snapshot files that our writers made.
 */
import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { readInternalRequest } from "../../src/formats/etcd/raft/read-internal-request.ts";
import { encodeSnapFile, readSnapFile } from "../../src/formats/etcd/snap/snap-file.ts";
import { readV2Store } from "../../src/formats/etcd/snap/v2-store.ts";
import { WalFrames } from "../../src/formats/etcd/wal/wal-frames.ts";
import { readWalRecord } from "../../src/formats/etcd/wal/wal-records.ts";
import { WalWriter } from "../../src/formats/etcd/wal/wal-writer.ts";
import { compareRanks } from "../../src/formats/etcd/data-dir/rank-member.ts";
import { etcdTraffic } from "../support/etcd-traffic.ts";
import { withDataDir } from "../support/local-data-dir.ts";
import { joined } from "../support/make-wal.ts";
import { engineVersions, PlainEtcd, type EngineVersion } from "../support/plain-etcd.ts";
import { RealEtcd } from "../support/real-etcd.ts";
import { ourAnswer, WalOracle } from "../support/wal-oracle.ts";

let oracle: WalOracle;
let directory = "";
before(async () => {
  oracle = await WalOracle.start();
  directory = await mkdtemp(join(tmpdir(), "requorum-wal-differential-"));
});
after(async () => {
  oracle.close();
  await rm(directory, { recursive: true, force: true });
});

interface EndpointStatus {
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly header: { readonly revision: number };
}

async function statusOf(etcd: PlainEtcd): Promise<EndpointStatus> {
  const [only] = JSON.parse(await etcd.etcdctl(["endpoint", "status", "-w", "json"])) as { readonly Status: EndpointStatus }[];
  assert.ok(only !== undefined);
  return only.Status;
}

/** The oracle repairs what it reads: it gets a copy. */
async function assertReadsAlike(dataDir: string, name: string): Promise<void> {
  const copy = join(directory, `${name}-copy`);
  await cp(join(dataDir, "member", "wal"), copy, { recursive: true });
  const theirs = await oracle.ask(copy);
  await rm(copy, { recursive: true });
  withDataDir(dataDir, ({ wal }) => {
    assert.deepEqual(ourAnswer(wal), theirs);
  });
}

for (const version of engineVersions)
  test(`etcd ${version} killed under load: log, snapshot files and rank are what it had; it starts from what we write again`, async () => {
    const home = join(directory, version);
    const etcd = await PlainEtcd.start({ version, directory: home, flags: ["--snapshot-count=200"] });
    try {
      const revision = await etcdTraffic(etcd, { seed: 7, operations: 900, keys: 40, maxValueBytes: 3000 });
      for (const args of [
        ["user", "add", "root:secret"],
        ["role", "add", "reader"],
        ["role", "grant-permission", "reader", "read", "/registry/", "--prefix"],
        ["user", "grant-role", "root", "reader"],
      ])
        await etcd.etcdctl(args);
      const status = await statusOf(etcd);
      await etcd.kill();
      await assertReadsAlike(etcd.dataDir, version);
      const memberId = withDataDir(etcd.dataDir, ({ wal, snapshots, rank }) => {
        assert.ok((wal.lastIndex ?? 0n) >= BigInt(status.raftIndex), "every acknowledged entry is in the log");
        assert.deepEqual([wal.lastTerm, wal.continuousFrom, wal.breaks, wal.oddities], [BigInt(status.raftTerm), 1n, [], []]);
        assert.deepEqual(rank.problems, []);
        assert.deepEqual([rank.newest, rank.memberId], [{ index: wal.lastIndex, term: wal.lastTerm }, wal.metadata?.memberId]);
        const [newest] = snapshots;
        assert.ok(newest !== undefined && wal.metadata !== undefined);
        assert.deepEqual(newest.confState.voters, [wal.metadata.memberId]);
        const store = readV2Store(newest.data, "snap");
        assert.deepEqual([store.members.map((one) => [one.id, one.name]), store.foreignPaths], [[[wal.metadata.memberId, "m1"]], []]);
        assert.equal(store.clusterVersion, `${version}.0`);
        return wal.metadata.memberId;
      });
      assert.ok(memberId > 0n);
      await rewrite(etcd.dataDir, version);
      await assertReadsAlike(etcd.dataDir, `${version}-again`);
      await etcd.startProcess();
      assert.equal((await statusOf(etcd)).header.revision, Number(revision));
      await etcd.etcdctl(["put", "after", "restart"]);
    } finally {
      await etcd.close();
    }
  });

/** Log and snapshot files made again by our writers: the same bytes as those of 3.4 to 3.6, which write zeroes that 3.7 leaves out. */
async function rewrite(dataDir: string, version: EngineVersion): Promise<void> {
  const walDir = join(dataDir, "member", "wal");
  for (const name of await readdir(walDir)) {
    if (!name.endsWith(".wal")) {
      await unlink(join(walDir, name));
      continue;
    }
    const stored = await readFile(join(walDir, name));
    const frames = new WalFrames(new MemoryByteSource(stored, name), { isLast: true, checksum: undefined });
    const parts: Uint8Array[] = [];
    let writer: WalWriter | undefined;
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      const record = readWalRecord(frame, name);
      if (record.kind === "metadata")
        writer = new WalWriter({ metadata: record.metadata, openSegment: () => ({ write: (bytes) => void parts.push(bytes) }) });
      else if (record.kind === "entry") writer?.entry(record.entry);
      else if (record.kind === "state") writer?.state(record.state);
      else if (record.kind === "snapshot" && record.snapshot.index > 0n) writer?.snapshot(record.snapshot);
    }
    const made = joined(...parts);
    if (version !== "3.7") assert.ok(stored.subarray(0, frames.doneBytes).equals(made), `${name} is not made as etcd ${version} made it`);
    await writeFile(join(walDir, name), made);
  }
  const snapDir = join(dataDir, "member", "snap");
  for (const name of (await readdir(snapDir)).filter((one) => one.endsWith(".snap"))) {
    const stored = await readFile(join(snapDir, name));
    const made = encodeSnapFile(readSnapFile(new MemoryByteSource(stored, name)));
    if (version !== "3.7") assert.ok(stored.equals(made), `${name} is not made as etcd ${version} made it`);
    await writeFile(join(snapDir, name), made);
  }
}

for (const version of engineVersions)
  test(`etcd ${version}: the log of a follower that a leader sent a snapshot to`, async () => {
    const port = 21_000 + Math.floor(Math.random() * 8_000);
    const peer = (index: number) => `http://127.0.0.1:${String(port + index)}`;
    const flags = (index: number) => [
      `--name=m${String(index)}`,
      `--listen-peer-urls=${peer(index)}`,
      `--initial-advertise-peer-urls=${peer(index)}`,
      "--snapshot-count=100",
      ...(version === "3.6" || version === "3.7" ? ["--snapshot-catchup-entries=50"] : []),
    ];
    const leader = await PlainEtcd.start({
      version,
      directory: join(directory, `${version}-m1`),
      flags: [...flags(1), `--initial-cluster=m1=${peer(1)}`],
    });
    let follower: PlainEtcd | undefined;
    try {
      // 3.4 and 3.5 keep 5000 entries for members that lag, and offer no flag for it.
      await etcdTraffic(leader, { seed: 8, operations: version === "3.4" || version === "3.5" ? 5400 : 400, keys: 30, maxValueBytes: 100 });
      await leader.etcdctl(["member", "add", "m2", `--peer-urls=${peer(2)}`]);
      follower = await PlainEtcd.start({
        version,
        directory: join(directory, `${version}-m2`),
        flags: [...flags(2), `--initial-cluster=m1=${peer(1)},m2=${peer(2)}`, "--initial-cluster-state=existing"],
      });
      await etcdTraffic(leader, { seed: 9, operations: 60, keys: 30, maxValueBytes: 100 });
      await follower.etcdctl(["get", "x"]); // linearizable: it has all entries
      const status = await statusOf(follower);
      await follower.kill();
      await leader.kill();
      await assertReadsAlike(follower.dataDir, `${version}-m2`);
      await assertReadsAlike(leader.dataDir, `${version}-m1`);
      withDataDir(follower.dataDir, ({ wal, rank }) => {
        assert.ok((wal.firstIndex ?? 0n) > 100n, "the log begins behind the snapshot");
        assert.ok((wal.lastIndex ?? 0n) >= BigInt(status.raftIndex));
        assert.deepEqual([rank.problems, wal.breaks], [[], []]);
        assert.equal(wal.snapshots.at(-1)?.index === 0n, false);
      });
    } finally {
      await follower?.close();
      await leader.close();
    }
  });

test("a leader that lost its quorum: entries that its followers overrule later are void in its log", async () => {
  const etcd = await RealEtcd.start({ memberCount: 3 });
  try {
    const hosts = etcd.members.map((member) => member.host);
    const [first] = hosts;
    assert.ok(first !== undefined);
    await etcd.etcdctl(first, ["put", "kept", "1"]);
    const leaders = await Promise.all(
      hosts.map(async (host) => {
        const [one] = JSON.parse(await etcd.etcdctl(host, ["endpoint", "status", "-w", "json"])) as {
          readonly Status: { readonly leader: number; readonly header: { readonly member_id: number } };
        }[];
        return one?.Status.leader === one?.Status.header.member_id ? [host] : [];
      }),
    );
    const leader = leaders.flat()[0];
    assert.ok(leader !== undefined, "no leader");
    const followers = hosts.filter((host) => host !== leader);
    for (const host of followers) await etcd.freeze(host);
    // Nobody acknowledges these; the leader has them in its log.
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        etcd.etcdctl(leader, ["put", `lost${String(index)}`, "x", "--command-timeout=300ms"]).catch(() => undefined),
      ),
    );
    await Promise.all(hosts.map((host) => etcd.kill(host))); // what was sent to the frozen ones goes with them
    const dataDir = etcd.member(leader).dataDir;
    const before = withDataDir(dataDir, ({ wal, rank }) => ({ lastIndex: wal.lastIndex ?? 0n, rank }));
    assert.ok(before.rank.uncertainCount > 0n);
    await Promise.all(followers.map((host) => etcd.startProcess(host)));
    const [other] = followers;
    assert.ok(other !== undefined);
    // An election is due first: as long as it takes, at most a minute.
    for (let tries = 0; ; tries += 1)
      try {
        await etcd.etcdctl(other, ["put", "kept", "2", "--command-timeout=2s"]);
        break;
      } catch (error) {
        if (tries === 30) throw error;
      }
    await etcd.startProcess(leader);
    await etcd.etcdctl(leader, ["get", "kept"]); // linearizable: its log has caught up
    await Promise.all(hosts.map((host) => etcd.kill(host)));
    await assertReadsAlike(dataDir, "overruled");
    const ranks = hosts.map((host) =>
      withDataDir(etcd.member(host).dataDir, ({ wal, rank }) => {
        assert.deepEqual([wal.breaks, wal.oddities, rank.problems], [[], [], []]);
        return { rank, entryCount: wal.entryCount, live: [...wal.entries(1n)].length };
      }),
    );
    const own = ranks[hosts.indexOf(leader)];
    assert.ok(own !== undefined && own.entryCount > own.live, "nothing was overruled");
    assert.equal(compareRanks(before.rank, own.rank), "older", "the longer log of the older term is not the newer one");
  } finally {
    await etcd.close();
  }
});

test("etcd 3.4: keys of the v2 API are found in log and snapshot file, before 3.6 refuses to start on them (E27)", async () => {
  const etcd = await PlainEtcd.start({ version: "3.4", directory: join(directory, "v2"), flags: ["--enable-v2", "--snapshot-count=10"] });
  try {
    for (let index = 0; index < 25; index += 1) {
      const answer = await fetch(`http://${etcd.endpoint}/v2/keys/old/${String(index)}`, {
        method: "PUT",
        body: new URLSearchParams({ value: `value ${String(index)}` }),
      });
      assert.ok(answer.ok, await answer.text());
    }
    await etcd.stop();
    withDataDir(etcd.dataDir, ({ wal, snapshots }) => {
      const [newest] = snapshots;
      assert.ok(newest !== undefined);
      assert.deepEqual(readV2Store(newest.data, "snap").foreignPaths, ["/1"]);
      const asked = [...wal.entries(1n)].flatMap((entry) => {
        if (entry.kind !== "normal" || entry.data.length === 0) return [];
        const { action } = readInternalRequest(entry.data, { file: "log", offset: undefined });
        return action.kind === "v2" && action.v2.path.startsWith("/1/old/") ? [`${action.v2.method} ${action.v2.value}`] : [];
      });
      assert.deepEqual(
        asked,
        Array.from({ length: 25 }, (_, index) => `PUT value ${String(index)}`),
      );
    });
  } finally {
    await etcd.close();
  }
});

test("a log of several segments, and what is missing when segments are lost (M8)", async () => {
  const etcd = await PlainEtcd.start({ version: "3.6", directory: join(directory, "segments"), flags: ["--max-request-bytes=20000000"] });
  try {
    for (let round = 0; round < 4; round += 1)
      await etcdTraffic(etcd, { seed: round, operations: 110, keys: 40, maxValueBytes: 1_000_000 });
    await etcd.kill();
    const walDir = join(etcd.dataDir, "member", "wal");
    const names = (await readdir(walDir)).filter((name) => name.endsWith(".wal")).sort();
    assert.ok(names.length >= 3, `only ${String(names.length)} segments`);
    await assertReadsAlike(etcd.dataDir, "segments");
    const kinds = withDataDir(etcd.dataDir, ({ wal, rank }) => {
      assert.ok(wal.segments.slice(1).every((one) => one.isChained));
      for (const from of [1n, 100n, (wal.lastIndex ?? 0n) - 5n])
        assert.equal([...wal.entries(from)].length, Number((wal.lastIndex ?? 0n) - from + 1n));
      return rank.problems;
    });
    assert.deepEqual(kinds, []);
    const read = async (
      change: (walDir: string) => Promise<void>,
    ): Promise<{ readonly kinds: readonly string[]; readonly refused: boolean }> => {
      const lost = join(directory, "lost");
      await cp(etcd.dataDir, lost, { recursive: true });
      await change(join(lost, "member", "wal"));
      const found = withDataDir(lost, ({ rank }) => rank.problems.map((one) => one.kind));
      const { refused } = await oracle.ask(join(lost, "member", "wal"));
      await rm(lost, { recursive: true });
      return { kinds: found, refused: refused !== undefined };
    };
    const withoutLast = await read((dir) => unlink(join(dir, names.at(-1) ?? "")));
    assert.equal(withoutLast.refused, false, "etcd's reader sees nothing wrong");
    assert.ok(withoutLast.kinds.includes("log-ends-before-database"), withoutLast.kinds.join());
    const withoutMiddle = await read((dir) => unlink(join(dir, names[1] ?? "")));
    assert.equal(withoutMiddle.refused, true);
    assert.ok(withoutMiddle.kinds.includes("log-broken"), withoutMiddle.kinds.join());
    const emptyLast = await read((dir) => writeFile(join(dir, names.at(-1) ?? ""), ""));
    assert.equal(emptyLast.refused, false, "etcd's reader sees nothing wrong");
    assert.ok(emptyLast.kinds.includes("log-broken"), emptyLast.kinds.join());
  } finally {
    await etcd.close();
  }
});
