import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { asHostName, asMemberId, type HostName, type MemberId } from "../../src/model/ids.ts";
import type { ErrorCode, Retry } from "../../src/model/error-catalogue.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { EtcdClient, EtcdDialer, KeyValue } from "../../src/ports/etcd-client.ts";

/** A cluster of three started voters on `hosts`, and ways to change and break it from outside. */
export interface EtcdClientSubject {
  readonly dialer: EtcdDialer;
  readonly hosts: readonly [HostName, HostName, HostName];
  put(key: string, value: string): Promise<void>;
  raiseAlarm(host: HostName): Promise<void>;
  disarmAlarms(): Promise<void>;
  /** Registers a learner on a host of its own; it is not started. */
  addLearner(host: HostName): Promise<MemberId>;
  startLearner(host: HostName): Promise<void>;
  freeze(host: HostName): Promise<void>;
  thaw(host: HostName): Promise<void>;
  kill(host: HostName): Promise<void>;
  close(): Promise<void>;
}

const call = { timeoutMs: 10_000 };
const fourth = asHostName("cp4");
/** Elections and catching up took less than 3 s on a busy machine. */
const settleMs = 30_000;

export function failsWith(codes: ErrorCode | readonly ErrorCode[], retry?: Retry): (error: unknown) => true {
  return (error) => {
    assert.ok(
      error instanceof RecoveryError,
      `expected a RecoveryError, got ${error instanceof Error ? (error.stack ?? "") : String(error)}`,
    );
    assert.ok([codes].flat().includes(error.code), `${error.code}: ${error.message}`);
    if (retry !== undefined) assert.equal(error.retry, retry, error.message);
    return true;
  };
}

/** Tries again until it resolves with something else than undefined. */
async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const limit = Date.now() + settleMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < limit, `${what} did not happen within ${String(settleMs / 1000)} s`);
    await sleep(50);
  }
}

/** Repeats a call while it fails in a way that is declared repeatable without harm. */
function whileTransient<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  return eventually(what, async () => {
    try {
      return { answer: await attempt() };
    } catch (error) {
      if (error instanceof RecoveryError && error.retry === "transient") return undefined;
      throw error;
    }
  }).then(({ answer }) => answer);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

export function etcdClientContract(name: string, makeSubject: () => Promise<EtcdClientSubject>): void {
  let subject: EtcdClientSubject;
  const clients = new Map<HostName, EtcdClient>();
  /** One client per host, as a program keeps it. */
  const clientOf = async (host: HostName): Promise<EtcdClient> => {
    const client = clients.get(host) ?? (await subject.dialer.dial(host, call));
    clients.set(host, client);
    return client;
  };
  const first = (): Promise<EtcdClient> => clientOf(subject.hosts[0]);
  const leaderHost = async (): Promise<HostName> =>
    eventually("a leader", async () => {
      for (const host of subject.hosts) {
        const status = await (await clientOf(host)).status(call);
        if (status.leaderId === status.memberId) return host;
      }
      return undefined;
    });
  const rangeAll = async (request: Parameters<EtcdClient["range"]>[0]) => {
    const pages: (readonly KeyValue[])[] = [];
    const answer = await (await first()).range(request, call, (page) => void pages.push(page));
    return { ...answer, pages, entries: pages.flat() };
  };

  before(async () => {
    subject = await makeSubject();
  });
  after(async () => {
    await subject.close();
  });

  test(`${name}: status of every member names one cluster and one leader, and its own id`, async () => {
    const statuses = await Promise.all(subject.hosts.map(async (host) => (await clientOf(host)).status(call)));
    assert.equal(new Set(statuses.map((status) => status.clusterId)).size, 1);
    assert.equal(new Set(statuses.map((status) => status.memberId)).size, 3);
    assert.equal(new Set(statuses.map((status) => status.leaderId)).size, 1);
    for (const status of statuses) {
      assert.notEqual(status.leaderId, undefined);
      assert.equal(status.isLearner, false);
      assert.match(status.version, /^3\.\d+\.\d+$/);
      assert.ok(
        status.raftTerm > 0n && status.raftIndex > 0n && status.appliedIndex > 0n && status.revision > 0n && status.dbSizeBytes > 0n,
      );
      assert.deepEqual(status.errors, []);
    }
  });

  test(`${name}: the member list is the same read linearizable and serializable`, async () => {
    const client = await first();
    const linearizable = await client.memberList({ linearizable: true }, call);
    const serializable = await client.memberList({ linearizable: false }, call);
    assert.deepEqual(linearizable.members, serializable.members);
    assert.deepEqual(linearizable.members.map((member) => member.name).sort(), [...subject.hosts].sort());
    assert.ok(linearizable.members.every((member) => member.peerUrls.length === 1 && member.clientUrls.length === 1 && !member.isLearner));
    assert.equal(linearizable.header.memberId, (await client.status(call)).memberId);
  });

  test(`${name}: a probe read is answered although its key does not exist`, async () => {
    const client = await first();
    for (const linearizable of [true, false]) assert.ok((await client.probeRead({ linearizable }, call)).revision > 0n);
  });

  test(`${name}: a prefix is read in pages, in key order, all of one revision`, async () => {
    for (let index = 0; index < 25; index += 1) await subject.put(`/registry/pages/${String(index).padStart(2, "0")}`, `v${String(index)}`);
    await subject.put("/registry/pagez", "does not have the prefix");
    const before = await rangeAll({ key: "/registry/pages/", isPrefix: true, pageSize: 10 });
    assert.deepEqual(
      before.pages.map((page) => page.length),
      [10, 10, 5],
    );
    assert.equal(before.count, 25n);
    assert.deepEqual(
      before.entries.map((entry) => textOf(entry.value)),
      Array.from({ length: 25 }, (_, index) => `v${String(index)}`),
    );
    await subject.put("/registry/pages/03", "changed");
    const old = await rangeAll({ key: "/registry/pages/", isPrefix: true, revision: before.header.revision, pageSize: 7 });
    assert.deepEqual(old.entries, before.entries);
    const now = (await rangeAll({ key: "/registry/pages/03" })).entries[0];
    assert.equal(now === undefined ? "" : textOf(now.value), "changed");
    assert.equal(now?.version, 2n);
    assert.ok(now.modRevision > now.createRevision);
  });

  test(`${name}: keys only have no values, a missing key is an empty answer, an empty prefix is everything`, async () => {
    const keys = await rangeAll({ key: "/registry/pages/", isPrefix: true, keysOnly: true });
    assert.ok(keys.entries.every((entry) => entry.value.length === 0 && entry.key.length > 0 && entry.modRevision > 0n));
    const missing = await rangeAll({ key: "/registry/not-there" });
    assert.deepEqual([missing.count, missing.pages], [0n, []]);
    assert.ok((await rangeAll({ key: "", isPrefix: true, isSerializable: true })).count >= 26n);
  });

  test(`${name}: a revision of the future is refused for good`, async () => {
    await assert.rejects(rangeAll({ key: "/registry/pages/00", revision: 1_000_000n }), failsWith("ETCD_REFUSED", "permanent"));
    await assert.rejects((await first()).hashKv(1_000_000n, call), failsWith("ETCD_REFUSED", "permanent"));
  });

  test(`${name}: hashes at one revision are equal on all members`, async () => {
    const { revision } = await (await first()).probeRead({ linearizable: true }, call);
    const hashes = await Promise.all(
      subject.hosts.map(async (host) =>
        whileTransient("a hash", async () => {
          const client = await clientOf(host);
          await client.probeRead({ linearizable: true }, call); // waits until this member has applied the revision
          return client.hashKv(revision, call);
        }),
      ),
    );
    assert.equal(new Set(hashes.map((one) => one.hash)).size, 1);
    assert.deepEqual(
      hashes.map((one) => one.hashRevision),
      [revision, revision, revision],
    );
  });

  test(`${name}: a key is deleted only while its mod revision is the given one`, async () => {
    await subject.put("/registry/masterleases/10.0.0.13", "lease");
    const found = (await rangeAll({ key: "/registry/masterleases/10.0.0.13" })).entries[0];
    assert.ok(found !== undefined);
    const client = await first();
    assert.equal(await client.deleteKey("/registry/masterleases/10.0.0.13", found.modRevision - 1n, call), false);
    assert.equal((await rangeAll({ key: "/registry/masterleases/10.0.0.13" })).count, 1n);
    assert.equal(await client.deleteKey("/registry/masterleases/10.0.0.13", found.modRevision, call), true);
    assert.equal((await rangeAll({ key: "/registry/masterleases/10.0.0.13" })).count, 0n);
    assert.equal(await client.deleteKey("/registry/masterleases/10.0.0.13", found.modRevision, call), false);
  });

  test(`${name}: a snapshot is whole pages and then the sha256 of them`, async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await first()).snapshot({ idleTimeoutMs: 10_000, expectedBytes: 100_000_000 })) chunks.push(chunk.slice());
    const bytes = Buffer.concat(chunks);
    assert.equal(bytes.length % 512, 32);
    const content = bytes.subarray(0, -32);
    assert.deepEqual(createHash("sha256").update(content).digest(), bytes.subarray(-32));
    assert.equal(content.readUInt32LE(16), 0xed0cdaed, "bbolt's magic number in the first meta page");
  });

  test(`${name}: a snapshot can be left early and the client goes on working`, async () => {
    const client = await first();
    for await (const chunk of client.snapshot({ idleTimeoutMs: 10_000, expectedBytes: 100_000_000 })) {
      assert.ok(chunk.length > 0);
      break;
    }
    assert.ok((await client.status(call)).revision > 0n);
  });

  test(`${name}: alarms are none, and one that is raised names its member`, async () => {
    const client = await first();
    assert.deepEqual(await client.alarms(call), []);
    await subject.raiseAlarm(subject.hosts[1]);
    const { memberId } = await (await clientOf(subject.hosts[1])).status(call);
    assert.deepEqual(await client.alarms(call), [{ memberId, alarm: "NOSPACE" }]);
    assert.match((await client.status(call)).errors.join(), /NOSPACE/);
    await subject.disarmAlarms();
    assert.deepEqual(await client.alarms(call), []);
  });

  test(`${name}: leadership is moved by the leader only`, async () => {
    const leader = await leaderHost();
    const [other, another] = subject.hosts.filter((host) => host !== leader);
    assert.ok(other !== undefined && another !== undefined);
    const { memberId } = await (await clientOf(other)).status(call);
    await assert.rejects((await clientOf(another)).moveLeader(memberId, call), failsWith("ETCD_REFUSED", "transient"));
    await (await clientOf(leader)).moveLeader(memberId, call);
    await eventually("the new leader", async () =>
      (await (await clientOf(another)).status(call)).leaderId === memberId ? true : undefined,
    );
  });

  test(`${name}: an added member that never started has no name and cannot be promoted`, async () => {
    const id = await subject.addLearner(fourth);
    const leader = await clientOf(await leaderHost());
    const { members } = await leader.memberList({ linearizable: true }, call);
    const added = members.find((member) => member.id === id);
    assert.deepEqual([added?.name, added?.isLearner, added?.clientUrls], ["", true, []]);
    await assert.rejects(leader.memberPromote(id, call), failsWith("ETCD_REFUSED", "transient"));
  });

  test(`${name}: promoting a voter or a member that does not exist is refused for good`, async () => {
    const leader = await clientOf(await leaderHost());
    await assert.rejects(leader.memberPromote((await leader.status(call)).memberId, call), failsWith("ETCD_REFUSED", "permanent"));
    await assert.rejects(leader.memberPromote(asMemberId("1234"), call), failsWith("ETCD_REFUSED", "permanent"));
  });

  test(`${name}: a learner answers status and serializable reads, refuses the rest, and is promoted once in sync`, async () => {
    await subject.startLearner(fourth);
    const learner = await clientOf(fourth);
    const status = await learner.status(call);
    assert.equal(status.isLearner, true);
    assert.ok((await learner.probeRead({ linearizable: false }, call)).revision > 0n);
    await assert.rejects(learner.probeRead({ linearizable: true }, call), failsWith("ETCD_REFUSED", "permanent"));
    await assert.rejects(learner.memberList({ linearizable: false }, call), failsWith("ETCD_REFUSED", "permanent"));
    const leader = await clientOf(await leaderHost());
    const members = await whileTransient("promotion", () => leader.memberPromote(status.memberId, call));
    const promoted = members.find((member) => member.id === status.memberId);
    assert.deepEqual([promoted?.isLearner, promoted?.name], [false, fourth]);
  });

  test(`${name}: a member is removed by its id, and only once`, async () => {
    const { memberId } = await (await clientOf(fourth)).status(call);
    const client = await first();
    const members = await whileTransient("removal", () => client.memberRemove(memberId, call));
    assert.deepEqual(members.map((member) => member.name).sort(), [...subject.hosts].sort());
    await assert.rejects(client.memberRemove(memberId, call), failsWith("ETCD_REFUSED", "permanent"));
  });

  test(`${name}: a call that is given up before it is sent is INTERRUPTED and had no effect`, async () => {
    const signal = AbortSignal.abort(new Error("Ctrl-C"));
    await assert.rejects((await first()).status({ ...call, signal }), failsWith("INTERRUPTED", "transient"));
  });

  test(`${name}: a frozen process gives ETCD_TIMEOUT at the deadline; a write may have taken effect`, async () => {
    const leader = await leaderHost();
    const frozen = subject.hosts.find((host) => host !== leader);
    assert.ok(frozen !== undefined);
    const warm = await clientOf(frozen);
    const victim = await warm.status(call);
    await subject.freeze(frozen);
    try {
      const startedAt = performance.now();
      await assert.rejects(warm.status({ timeoutMs: 500 }), failsWith("ETCD_TIMEOUT", "transient"));
      assert.ok(performance.now() - startedAt < 1500);
      await assert.rejects(warm.memberRemove(victim.memberId, { timeoutMs: 500 }), failsWith("ETCD_TIMEOUT", "unknown-outcome"));
      await assert.rejects(
        (async () => {
          for await (const chunk of warm.snapshot({ idleTimeoutMs: 500, expectedBytes: 100_000_000 })) assert.ok(chunk.length > 0);
        })(),
        failsWith("ETCD_TIMEOUT", "transient"),
      );
      const fresh = await subject.dialer.dial(frozen, call);
      await assert.rejects(fresh.status({ timeoutMs: 500 }), failsWith("ETCD_TIMEOUT", "transient"));
      await fresh.close();
    } finally {
      await subject.thaw(frozen);
    }
  });

  test(`${name}: a call under way that is given up is INTERRUPTED`, async () => {
    const leader = await leaderHost();
    const frozen = subject.hosts.find((host) => host !== leader);
    assert.ok(frozen !== undefined);
    await subject.freeze(frozen);
    try {
      const startedAt = performance.now();
      await assert.rejects(
        (await clientOf(frozen)).status({ timeoutMs: 20_000, signal: AbortSignal.timeout(200) }),
        failsWith("INTERRUPTED"),
      );
      assert.ok(performance.now() - startedAt < 5000);
    } finally {
      await subject.thaw(frozen);
    }
  });

  test(`${name}: a stopped member is ETCD_UNREACHABLE, also for a write, which was never sent`, async () => {
    const leader = await leaderHost();
    const stopped = subject.hosts.find((host) => host !== leader);
    assert.ok(stopped !== undefined);
    const warm = await clientOf(stopped);
    const { memberId } = await whileTransient("an answer after the thaw", () => warm.status(call));
    await subject.kill(stopped);
    await assert.rejects(warm.status(call), failsWith("ETCD_UNREACHABLE", "transient"));
    await assert.rejects(
      (async () => {
        for await (const chunk of warm.snapshot({ idleTimeoutMs: 10_000, expectedBytes: 100_000_000 })) assert.ok(chunk.length > 0);
      })(),
      failsWith("ETCD_UNREACHABLE", "transient"),
    );
    const fresh = await subject.dialer.dial(stopped, call);
    await assert.rejects(fresh.memberRemove(memberId, call), failsWith("ETCD_UNREACHABLE", "transient"));
    await fresh.close();
  });

  test(`${name}: without quorum, serializable reads and snapshots work and everything else says why not`, async () => {
    const alive = await leaderHostOfTwo();
    const [client, doomed] = [await clientOf(alive.survivor), alive.doomed];
    await subject.kill(doomed);
    await eventually("the loss of the leader", async () => ((await client.status(call)).leaderId === undefined ? true : undefined));
    assert.equal((await client.memberList({ linearizable: false }, call)).members.length, 3);
    assert.ok((await client.probeRead({ linearizable: false }, call)).revision > 0n);
    const id = (await client.status(call)).memberId;
    const none = failsWith(["ETCD_NO_LEADER", "ETCD_TIMEOUT"]);
    await assert.rejects(client.memberList({ linearizable: true }, { timeoutMs: 3000 }), none);
    await assert.rejects(client.probeRead({ linearizable: true }, { timeoutMs: 3000 }), none);
    await assert.rejects(client.memberRemove(id, { timeoutMs: 3000 }), failsWith("ETCD_NO_LEADER", "transient"));
    await assert.rejects(client.deleteKey("/registry/pages/00", 3n, { timeoutMs: 3000 }), failsWith("ETCD_NO_LEADER", "transient"));
    assert.match((await client.status(call)).errors.join(), /no leader/);
    let size = 0;
    for await (const chunk of client.snapshot({ idleTimeoutMs: 10_000, expectedBytes: 100_000_000 })) size += chunk.length;
    assert.equal(size % 512, 32);
  });

  /** Two are left: the one that leads and the other. */
  async function leaderHostOfTwo(): Promise<{ readonly survivor: HostName; readonly doomed: HostName }> {
    const alive: HostName[] = [];
    for (const host of subject.hosts) {
      const answers = await (await clientOf(host)).status({ timeoutMs: 2000 }).then(
        () => true,
        () => false,
      );
      if (answers) alive.push(host);
    }
    const [survivor, doomed] = alive;
    assert.ok(survivor !== undefined && doomed !== undefined && alive.length === 2);
    return { survivor, doomed };
  }

  test(`${name}: a closed client refuses to be used, and closing twice is harmless`, async () => {
    const client = await first();
    await client.close();
    await client.close();
    await assert.rejects(client.status(call), /after close/);
  });
}
