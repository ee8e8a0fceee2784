import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeEtcdCluster } from "../../../test/support/fake-etcd.ts";
import { FakeHostAccess } from "../../../test/support/fake-host-access.ts";
import { FakeKubernetes } from "../../../test/support/fake-kube-api.ts";
import { FakeLastSeenStore } from "../../../test/support/fake-last-seen-store.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { MemorySealedSpool } from "../../../test/support/memory-sealed-spool.ts";
import { dayId } from "../../../test/support/prune-world.ts";
import { setWorld } from "../../../test/support/set-world.ts";
import { putClaim } from "../../catalogue/store-claims.ts";
import { NodeCertificates } from "../../adapters/system/node-certificates.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import type { BackupManifest, BackupMarkCode } from "../../model/backup-set.ts";
import { asHostName, type HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import { readClusterConfig } from "../../schemas/config.ts";
import type { EtcdClient, EtcdDialer } from "../../ports/etcd-client.ts";
import type { SeenSetsStore } from "../../ports/seen-sets-store.ts";
import type { AppPorts } from "../app-ports.ts";
import type { CreateBackupContext } from "./backup-context.ts";
import { createBackup } from "./create-backup.ts";

const hosts = ["cp1", "cp2", "cp3"].map(asHostName);
const [cp1, cp2, cp3] = hosts as [HostName, HostName, HostName];
const secret = "planted-secret";
const config = readClusterConfig(
  `apiVersion: requorum/v1
cluster: prod
hosts: [${hosts.map((name, at) => `{ name: ${name}, address: 10.0.0.${String(11 + at)} }`).join(", ")}]
backup: { store: /srv/sets, recipients: [age1${"q".repeat(58)}] }
`,
  "/etc/requorum.yaml",
);

const needed = [
  ...["ca.crt", "ca.key", "sa.key", "sa.pub", "etcd/ca.crt", "etcd/ca.key"].map((name) => `/etc/kubernetes/pki/${name}`),
  "/etc/kubernetes/manifests/kube-apiserver.yaml",
  "/etc/kubernetes/manifests/etcd.yaml",
];

/** What the collecting script prints. */
function collectedText(paths: readonly string[], contents: { readonly [path: string]: string } = {}): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const contentOf = (path: string): string => contents[path] ?? secret;
  return [
    ...paths.map((path) => `file ${String(contentOf(path).length)} 600 0 0 1700000000 ${base64(path)} :${base64(contentOf(path))}: ok`),
    "end",
    "",
  ].join("\n");
}

function world() {
  const etcd = new FakeEtcdCluster({ hosts });
  for (let at = 0; at < 5; at += 1) etcd.store.put(`/registry/configmaps/shop/c${String(at)}`, secret);
  const access = new FakeHostAccess();
  access.onScript({}, { exitCode: 1 });
  access.onScript({ reason: "collect the files" }, { stdout: collectedText(needed) });
  const kube = new FakeKubernetes({ hosts });
  const sets = setWorld();
  const spool = new MemorySealedSpool();
  const lastSeen = new FakeLastSeenStore();
  const clock: FakeClock = sets.clock;
  const description = (change: Partial<SnapshotDescription> = {}): SnapshotDescription => ({
    form: "snapshot",
    revision: etcd.store.revision,
    compactRevision: -1n,
    totalKeys: 300,
    hashKv: 7,
    etcdVersion: "3.6.16",
    objects: [{ resource: "configmaps", count: 5 }],
    members: [],
    problems: [],
    logLoss: undefined,
    ...change,
  });
  const state = { describe: () => Promise.resolve(description()) };
  const ports = {
    hostAccess: access,
    etcd: etcd.dialer(),
    kube: kube.dialer(),
    certificates: new NodeCertificates(),
    lastSeen,
    clock,
    hashing: new NodeHashing(),
  } as unknown as AppPorts;
  const { backup } = config;
  assert.ok(backup !== undefined);
  const context = (signal = new AbortController().signal): CreateBackupContext => ({
    ports,
    config,
    operator: { by: "operator@console", host: "console" },
    program: "requorum test",
    signal,
    report: () => undefined,
    settings: backup,
    passphrase: undefined,
    trust: sets.reading.trust,
    backup: { ...sets.writing, isRunning: () => Promise.resolve(true), spool, describe: () => state.describe() },
  });
  const create = async (accepted: readonly BackupMarkCode[] = [], from?: HostName): Promise<BackupManifest> =>
    (await createBackup(context(), { accepted, from })).manifest;
  const nothingStays = (): void => {
    assert.deepEqual(
      [...sets.store.objects.keys()].filter((name) => !name.startsWith("aside/") && name !== "requorum-store.json"),
      [],
    );
    assert.equal(spool.openCount, 0);
  };
  return { etcd, access, kube, sets, spool, clock, create, context, description, state, nothingStays, lastSeen };
}

const codesOf = ({ marks }: BackupManifest): readonly string[] => [...new Set(marks.map(({ code }) => code))].sort();

test("createBackup: a healthy cluster gives a set without marks, of a follower, with every machine's parts and the records", async () => {
  const { create, etcd, spool } = world();
  const manifest = await create();
  assert.deepEqual(manifest.marks, []);
  assert.notEqual(etcd.memberOn(manifest.snapshot.sourceHost).id, etcd.leaderId);
  assert.equal(manifest.snapshot.revision, etcd.store.revision);
  assert.equal(manifest.cluster.clusterId, etcd.clusterId);
  assert.deepEqual(
    manifest.cluster.members.map(({ name }) => name),
    ["cp1", "cp2", "cp3"],
  );
  for (const host of hosts) assert.ok(manifest.contents.some((one) => one.host === host && one.kind === "pki" && one.count === 6));
  assert.ok(manifest.contents.some((one) => one.kind === "cluster-record"));
  assert.match(manifest.cluster.kubernetesVersion ?? "", /^v1\./);
  assert.equal(spool.openCount, 0);
});

test("createBackup: machines that are off, files that are missing and an API that is down are marks, and the set is made", async () => {
  const { create, access, etcd, kube } = world();
  access.failWith(cp3, () => new RecoveryError("SSH_UNREACHABLE", { subject: "host cp3", detail: "no answer" }));
  etcd.killHost(cp3);
  access.onScript({ host: cp2, reason: "collect the files" }, { stdout: collectedText(needed.slice(1)) });
  for (const host of hosts) kube.server(host).process = "stopped";
  const manifest = await create();
  assert.deepEqual(codesOf(manifest), ["API_DOWN", "MACHINE_UNREACHED", "MEMBER_UNHEALTHY", "PART_MISSING"]);
  assert.match(manifest.marks.find(({ code }) => code === "PART_MISSING")?.because ?? "", /^cp2: .*ca\.crt: the cluster's CA is not there/);
  assert.ok(!JSON.stringify(manifest, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)).includes(secret));
});

test("createBackup: with the API down the version of Kubernetes is that of the API servers' manifests, the newest of them", async () => {
  const { create, access, kube } = world();
  const manifest = (version: string): string =>
    `kind: Pod\nspec: { containers: [{ command: [kube-apiserver], image: "registry.k8s.io/kube-apiserver:${version}" }] }\n`;
  for (const [host, version] of [
    [cp1, "v1.34.9"],
    [cp2, "v1.34.10"],
  ] as const)
    access.onScript(
      { host, reason: "collect the files" },
      { stdout: collectedText(needed, { "/etc/kubernetes/manifests/kube-apiserver.yaml": manifest(version) }) },
    );
  for (const host of hosts) kube.server(host).process = "stopped";
  assert.equal((await create()).cluster.kubernetesVersion, "v1.34.10");
});

test("createBackup: a script that fails, hangs or answers nonsense on one machine is a mark with the reason", async () => {
  for (const outcome of [{ exitCode: 1, stderr: "sh: no base64" }, { stdout: "nonsense\n" }, "lost"] as const) {
    const { create, access } = world();
    access.onScript({ host: cp1, reason: "collect the files" }, outcome);
    const manifest = await create();
    assert.deepEqual(codesOf(manifest), [outcome === "lost" ? "MACHINE_UNREACHED" : "PART_MISSING"]);
    assert.match(manifest.marks[0]?.because ?? "", /^cp1: nothing was collected there/);
  }
});

test("createBackup: without quorum it is refused and nothing is stored; accepted, the set says so", async () => {
  const { create, etcd, nothingStays } = world();
  etcd.setProcess(cp2, "stopped");
  etcd.setProcess(cp3, "stopped");
  await assert.rejects(create(), (error) => {
    assert.ok(isRecoveryError("BACKUP_REFUSED", /NO_QUORUM: /)(error));
    assert.ok((error as RecoveryError).remedies.some(({ command }) => command === "requorum backup create --accept NO_QUORUM"));
    return true;
  });
  nothingStays();
  assert.ok(codesOf(await create(["NO_QUORUM"])).includes("NO_QUORUM"));
});

test("createBackup: what would be refused is looked at a second time: an election that is over by then refuses nothing", async () => {
  const { create, etcd, clock } = world();
  etcd.setProcess(cp2, "stopped");
  etcd.setProcess(cp3, "stopped");
  const sleep = clock.sleep.bind(clock);
  clock.sleep = async (durationMs, signal) => {
    await sleep(durationMs, signal);
    if (durationMs < 6000) return;
    etcd.setProcess(cp2, "running");
    etcd.setProcess(cp3, "running");
  };
  assert.deepEqual((await create()).marks, []);
});

test("createBackup: members that hold different data are refused; accepted, the set is of what most hold", async () => {
  const { create, etcd, nothingStays } = world();
  const diverged = etcd.memberOn(cp2);
  diverged.isDiverged = true;
  await assert.rejects(create(), isRecoveryError("BACKUP_REFUSED", /MEMBERS_DISAGREE: .*cp3, cp1/));
  nothingStays();
  const manifest = await create(["MEMBERS_DISAGREE"]);
  assert.notEqual(manifest.snapshot.sourceHost, cp2);
  assert.deepEqual(codesOf(manifest), ["MEMBERS_DISAGREE"]);
});

test("createBackup: a member that is asked for is compared with the others first, and a diverged one is refused", async () => {
  const { create, context, etcd, nothingStays } = world();
  etcd.memberOn(cp2).isDiverged = true;
  await assert.rejects(create([], cp2), isRecoveryError("BACKUP_REFUSED", /MEMBERS_DISAGREE: .*cp2, of which the set is to be/));
  nothingStays();
  const options = ["--from cp2", "--store '/mnt/my usb'"];
  await assert.rejects(createBackup(context(), { accepted: [], from: cp2, options }), (error) => {
    assert.ok(error instanceof RecoveryError);
    const again = "requorum backup create --from cp2 --store '/mnt/my usb' --accept MEMBERS_DISAGREE";
    assert.ok(error.remedies.some(({ command }) => command === again));
    return true;
  });
  const accepted = await create(["MEMBERS_DISAGREE"], cp2);
  assert.deepEqual([accepted.snapshot.sourceHost, codesOf(accepted)], [cp2, ["MEMBERS_DISAGREE"]]);
  await assert.rejects(create([], cp3), isRecoveryError("BACKUP_REFUSED", /MEMBERS_DISAGREE/));
});

test("createBackup: room on the disk is asked for only where the copy goes there", async () => {
  const { create, spool, nothingStays } = world();
  spool.freeOnDisk = 1000n;
  await assert.rejects(create(), isRecoveryError("LOCAL_DISK_FULL", /nothing was copied/));
  nothingStays();
  spool.holdsAll = true;
  assert.deepEqual((await create()).marks, []);
});

test("createBackup: a member that is slow to answer once is looked at again, and is no mark of the set", async () => {
  const { create, etcd, clock } = world();
  etcd.setProcess(cp3, "stopped");
  const sleep = clock.sleep.bind(clock);
  clock.sleep = async (durationMs, signal) => {
    await sleep(durationMs, signal);
    etcd.setProcess(cp3, "running");
  };
  assert.deepEqual((await create()).marks, []);
});

test("createBackup: damaged last-seen facts are a mark that names the file and what to do, also where a second look is needed", async () => {
  for (const isDown of [false, true]) {
    const { create, etcd, lastSeen } = world();
    lastSeen.texts.set("prod", '{"takenAt":');
    lastSeen.placeOf = () => "/var/lib/requorum/prod/last-seen/inventory.json";
    if (isDown) for (const host of [cp2, cp3]) etcd.setProcess(host, "stopped");
    const manifest = await create(isDown ? ["NO_QUORUM"] : []);
    const because = manifest.marks.find(({ code }) => code === "PART_MISSING")?.because ?? "";
    assert.match(because, /\/var\/lib\/requorum\/prod\/last-seen\/inventory\.json.*is damaged.*mv \/var\/lib\S* /);
    assert.equal(lastSeen.texts.get("prod"), '{"takenAt":');
  }
});

test("createBackup: after a restore the look from before it hinders no set after the one that a person accepted", async () => {
  for (const isSame of [true, false]) {
    const { create, clock, lastSeen } = world();
    const first = await create();
    const seen = JSON.parse(lastSeen.texts.get("prod") ?? "null") as { [name: string]: unknown };
    clock.advance(60_000);
    const before = { ...seen, takenAt: clock.nowIso(), revision: "48211", ...(isSame ? {} : { clusterId: "feed" }) };
    lastSeen.texts.set("prod", JSON.stringify(before));
    clock.advance(60_000);
    if (isSame) await assert.rejects(create(), isRecoveryError("BACKUP_REFUSED", /OLDER_THAN_LAST_SEEN: /));
    await create(["OLDER_THAN_LAST_SEEN", "OTHER_CLUSTER_ID"]);
    // Whatever a look at such a cluster keeps: here nothing does.
    for (let night = 0; night < 2; night += 1) {
      lastSeen.texts.set("prod", JSON.stringify(before));
      clock.advance(86_400_000);
      const set = await create();
      assert.deepEqual([set.marks, set.cluster.clusterId], [[], first.cluster.clusterId]);
      assert.ok(set.contents.every(({ kind, count }) => kind !== "last-seen" || count === 1));
    }
  }
});

test("createBackup: a store whose newest set is of another cluster, further on, or made later than now refuses (H11, I-R10)", async () => {
  const old = world();
  await old.create();
  const orphan = world();
  const sameStore = (other: ReturnType<typeof world>) => ({
    ...old.context(),
    ports: { ...old.context().ports, etcd: other.etcd.dialer() },
  });
  const other = new FakeEtcdCluster({ hosts, idSeed: 0x1234n });
  other.store.put("/registry/configmaps/shop/a", "x");
  await assert.rejects(
    createBackup(sameStore({ ...orphan, etcd: other }), { accepted: [], from: undefined }),
    isRecoveryError("BACKUP_REFUSED", /OTHER_CLUSTER_ID: /),
  );
  const rolledBack = new FakeEtcdCluster({ hosts });
  await assert.rejects(
    createBackup(sameStore({ ...orphan, etcd: rolledBack }), { accepted: [], from: undefined }),
    isRecoveryError("BACKUP_REFUSED", /OLDER_THAN_LAST_SEEN: /),
  );
  old.state.describe = () => Promise.resolve(old.description({ totalKeys: 20 }));
  await assert.rejects(
    old.create(),
    isRecoveryError("BACKUP_REFUSED", /OLDER_THAN_LAST_SEEN: it has 20 keys without events and leases; set .* has 300/),
  );
  assert.deepEqual(codesOf(await old.create(["OLDER_THAN_LAST_SEEN"])), ["OLDER_THAN_LAST_SEEN"]);
});

test("createBackup: a clock that stands before the newest set refuses", async () => {
  const { create, context } = world();
  await create();
  const behind = context();
  const ports = { ...behind.ports, clock: new FakeClock("2026-03-01T02:00:00.000Z") };
  await assert.rejects(
    createBackup({ ...behind, ports }, { accepted: [], from: undefined }),
    isRecoveryError("BACKUP_REFUSED", /CLOCK_WENT_BACK: /),
  );
});

test("createBackup: a member that is added while the set is made is a mark", async () => {
  const { create, etcd, spool } = world();
  const open = spool.open.bind(spool);
  spool.open = () => {
    etcd.addMember({ host: asHostName("cp4"), peerUrl: "https://10.0.0.14:2380", isLearner: true });
    return open();
  };
  assert.deepEqual(codesOf(await create()), ["CHANGED_WHILE_TAKEN"]);
});

test("createBackup: the leader is the source where that is the policy, and the member on a named machine where it is asked for", async () => {
  const { create, context, etcd } = world();
  assert.equal((await create([], cp3)).snapshot.sourceHost, cp3);
  const leading = { ...context(), settings: { ...context().settings, source: "leader" as const } };
  const { manifest } = await createBackup(leading, { accepted: [], from: undefined });
  assert.equal(manifest.snapshot.sourceMember, etcd.leaderId);
});

test("createBackup: a stream that is cut or changed on the way is not stored; the next member gives one", async () => {
  const { create, etcd, sets, spool } = world();
  etcd.failNext("snapshot", "cut-after-effect");
  const manifest = await create();
  assert.equal([...sets.store.objects.keys()].filter((name) => name.startsWith("sets/")).length, 1);
  assert.equal([...sets.store.objects.keys()].filter((name) => name.startsWith("claims/")).length, 0);
  assert.deepEqual(manifest.marks, []);
  assert.equal(spool.openCount, 0);
});

/** The same calls, but the client of this member is bent. */
function bent(
  context: CreateBackupContext,
  host: HostName,
  change: (client: EtcdClient) => Partial<Pick<EtcdClient, "status" | "snapshot">>,
): CreateBackupContext {
  const inner = context.ports.etcd;
  const etcd: EtcdDialer = {
    close: () => inner.close(),
    dial: async (at, options) => {
      const client = await inner.dial(at, options);
      const changed = at === host ? change(client) : {};
      const all: Required<typeof changed> = {
        status: (call) => client.status(call),
        snapshot: (call) => client.snapshot(call),
        ...changed,
      };
      return new Proxy(client, {
        get: (target, name) => {
          if (name === "status" || name === "snapshot") return all[name];
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
    },
  };
  return { ...context, ports: { ...context.ports, etcd } };
}

const plainly = { accepted: [], from: undefined };

test("createBackup: a member that gives a damaged snapshot is named, in the set and to the operator, also when another one gives a good one", async () => {
  const { context } = world();
  const damaged = bent(context(), cp2, (client) => ({
    async *snapshot(options) {
      for await (const chunk of client.snapshot(options)) yield chunk.map((byte, at) => (at === 9000 ? byte ^ 1 : byte));
    },
  }));
  const { manifest, remarks } = await createBackup(damaged, plainly);
  assert.equal(manifest.snapshot.sourceHost, cp3);
  assert.deepEqual(codesOf(manifest), ["MEMBER_UNHEALTHY"]);
  assert.match(manifest.marks[0]?.because ?? "", /^the snapshot of cp2 is bad: from cp2: /);
  assert.match(remarks.join("\n"), /^cp2 gave no whole snapshot, and cp3 was asked instead: member \S+: from cp2: .*\(SNAPSHOT_BAD\)$/);
});

test("createBackup: a member that states a size that cannot be is named, and another one is asked; this machine's disk is not blamed", async () => {
  for (const dbSizeBytes of [2n ** 62n, -1n]) {
    const { context, spool } = world();
    spool.freeOnDisk = 10n ** 9n;
    const lying = bent(context(), cp2, (client) => ({ status: async (call) => ({ ...(await client.status(call)), dbSizeBytes }) }));
    const { manifest, remarks } = await createBackup(lying, plainly);
    assert.equal(manifest.snapshot.sourceHost, cp3);
    assert.deepEqual(codesOf(manifest), ["MEMBER_UNHEALTHY"]);
    assert.match(remarks.join("\n"), new RegExp(`^cp2 gave no .*${String(dbSizeBytes)} bytes, which cannot be`));
  }
});

test("createBackup: where there is no room for what one member says, a smaller one is asked; where none fits, the smallest is what room is needed for", async () => {
  const stating = (context: CreateBackupContext, host: HostName, mebibytes: bigint): CreateBackupContext =>
    bent(context, host, (client) => ({
      status: async (call) => ({ ...(await client.status(call)), dbSizeBytes: mebibytes * 1024n * 1024n }),
    }));
  const { context, spool } = world();
  spool.freeOnDisk = 953n * 1024n * 1024n;
  const { manifest, remarks } = await createBackup(stating(context(), cp2, 2n ** 20n), plainly);
  assert.equal(manifest.snapshot.sourceHost, cp3);
  assert.deepEqual(codesOf(manifest), []);
  assert.match(remarks.join("\n"), /^cp2 gave no .* of cp2 takes up to 1048576 MiB there.*\(LOCAL_DISK_FULL\)$/);
  await assert.rejects(
    createBackup(stating(context(), cp2, 2n ** 20n), { ...plainly, from: cp2 }),
    isRecoveryError("LOCAL_DISK_FULL", /of cp2 takes up to 1048576 MiB/),
  );
  const allLarge = stating(stating(stating(context(), cp1, 8192n), cp2, 4096n), cp3, 2048n);
  await assert.rejects(
    createBackup(allLarge, plainly),
    isRecoveryError("LOCAL_DISK_FULL", /of cp3 takes up to 2048 MiB.*nothing was copied/),
  );
});

test("createBackup: a member is told how much it says it has, and what is left of the time that a timer gives", async () => {
  const { context } = world();
  const { clock } = context().ports;
  const asked: unknown[] = [];
  const watched = bent(context(), cp2, (client) => ({
    snapshot: (call) => {
      asked.push([call.expectedBytes > 0, call.withinMs === undefined ? undefined : call.withinMs + clock.monotonicMs()]);
      return client.snapshot(call);
    },
  }));
  const endsAtMs = clock.monotonicMs() + 3_600_000;
  await createBackup({ ...watched, endsAtMs }, plainly);
  await createBackup(watched, plainly);
  assert.deepEqual(asked, [
    [true, endsAtMs],
    [true, undefined],
  ]);
});

test("createBackup: a state directory that is full keeps no set from being made; that it cannot be remembered is a remark, once", async () => {
  const { context, sets } = world();
  const seen: SeenSetsStore = {
    read: () => Promise.resolve(undefined),
    write: () => Promise.reject(new RecoveryError("LOCAL_DISK_FULL", { subject: "file backup-seen.json", detail: "no space left" })),
  };
  for (let night = 1; night <= 2; night += 1) {
    const given = context();
    const { remarks } = await createBackup({ ...given, backup: { ...given.backup, seen } }, plainly);
    assert.match(remarks.join("\n"), /^this machine cannot remember what is in the store.*no space left \(LOCAL_DISK_FULL\)$/);
    assert.equal(sets.store.names("sets/").length, night);
    sets.clock.advance(60_000);
  }
});

test("createBackup: what this machine remembers and cannot read is said before anything is made", async () => {
  const { context, nothingStays } = world();
  const seen: SeenSetsStore = {
    read: () => Promise.reject(new RecoveryError("LOCAL_FILE_FAILED", { subject: "file backup-seen.json", detail: "EIO" })),
    write: () => Promise.resolve(),
  };
  const given = context();
  await assert.rejects(createBackup({ ...given, backup: { ...given.backup, seen } }, plainly), isRecoveryError("LOCAL_FILE_FAILED", /EIO/));
  nothingStays();
});

test("createBackup: a store that is gone once the manifest was put: the set is given back, or the error names it, also to who interrupts", async () => {
  for (const calls of [0, 1, 2, 3, 4, 5]) {
    for (const isInterrupted of [false, true]) {
      const { context, sets, spool } = world();
      const stop = new AbortController();
      let left = Infinity;
      const gone = () =>
        new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: `store ${sets.store.place}`, detail: "the connection is gone" });
      sets.store.afterCall = (operation, name) => {
        if (operation !== "put" || !name.startsWith("sets/")) return;
        if (isInterrupted) stop.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "Ctrl-C" }));
        left = calls - 1;
        if (calls === 0) throw gone();
      };
      sets.store.beforeCall = () => {
        if (left <= 0) throw gone();
        left -= 1;
      };
      const given = context(stop.signal);
      const seen: SeenSetsStore = { read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
      const making = createBackup({ ...given, backup: { ...given.backup, seen } }, plainly);
      const [listed] = await making.then(
        ({ manifest, remarks }) => {
          assert.notEqual(calls, 0);
          assert.equal(
            remarks.some((words) => words.includes("the connection is gone")),
            true,
          );
          return [manifest.id];
        },
        (error: unknown) => {
          assert.equal(calls, 0);
          assert.ok(isRecoveryError("BACKUP_SET_UNDECIDED", /may still appear/)(error));
          return [/^set (\S+)$/.exec((error as RecoveryError).subject)?.[1]];
        },
      );
      assert.deepEqual(sets.store.names("sets/"), [`sets/${listed ?? ""}.json`]);
      assert.equal(spool.openCount, 0);
    }
  }
});

test("createBackup: a sealed copy that cannot be removed makes no failure of a set that is listed", async () => {
  const { context, spool } = world();
  const open = spool.open.bind(spool);
  spool.open = async () => {
    const directory = await open();
    directory.remove = () => Promise.reject(new RecoveryError("LOCAL_FILE_FAILED", { subject: "directory /spool", detail: "EIO" }));
    return directory;
  };
  const { remarks } = await createBackup(context(), plainly);
  assert.match(remarks.join("\n"), /^the sealed copy of the snapshot could not be removed: directory \/spool: EIO/);
});

test("createBackup: what is damaged at its making is given up, and nothing of it stays", async () => {
  const { create, description, state, nothingStays } = world();
  state.describe = () => Promise.resolve(description({ problems: ["page 7 is none"] }));
  await assert.rejects(create(), isRecoveryError("SNAPSHOT_BAD", /page 7 is none/));
  nothingStays();
  state.describe = () => Promise.resolve(description({ revision: 1n }));
  await assert.rejects(create(), isRecoveryError("SNAPSHOT_BAD", /ends at revision 1/));
  nothingStays();
});

test("createBackup: a store that fails while the set is given up does not hide why it was given up", async () => {
  const { create, description, state, sets } = world();
  state.describe = () => {
    sets.store.beforeCall = (operation) => {
      if (operation === "remove") throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "gone" });
    };
    return Promise.resolve(description({ problems: ["page 7 is none"] }));
  };
  await assert.rejects(create(), isRecoveryError("SNAPSHOT_BAD", /page 7 is none; what was written so far remains: store: gone/));
});

test("createBackup: what a killed writer left and the store does not let go is a remark", async () => {
  const { context, sets } = world();
  await putClaim(sets.store, { id: dayId(1), purpose: "write", owner: sets.writing.owner, startedAt: "x", token: "t" });
  sets.store.beforeCall = (operation, name) => {
    if (operation === "remove" && name.includes(dayId(1)))
      throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  const given = context();
  const backup = { ...given.backup, isRunning: () => Promise.resolve(false) };
  const { remarks } = await createBackup({ ...given, backup }, { accepted: [], from: undefined });
  assert.match(remarks.join("\n"), /^what a killed writer left in .*EIO/);
});

test("createBackup: a store whose host key is another one meanwhile is no member that gives nothing: no other one is asked", async () => {
  const { create, sets } = world();
  let puts = 0;
  sets.store.beforeCall = (operation, name) => {
    if (operation !== "put" || !name.startsWith("packs/")) return;
    puts += 1;
    throw new RecoveryError("SSH_HOST_KEY_CHANGED", { subject: `store ${sets.store.place}`, detail: "host nas: it offers another key" });
  };
  await assert.rejects(create(), isRecoveryError("SSH_HOST_KEY_CHANGED", /known one: host nas: it offers another key$/));
  assert.equal(puts, 1);
});

test("createBackup: Ctrl-C while it is read leaves nothing of the set", async () => {
  const { context, state, nothingStays } = world();
  const stop = new AbortController();
  state.describe = () => {
    stop.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "Ctrl-C" }));
    return Promise.reject(stop.signal.reason as Error);
  };
  await assert.rejects(createBackup(context(stop.signal), { accepted: [], from: undefined }), isRecoveryError("INTERRUPTED"));
  nothingStays();
});

test("createBackup: nothing to make a set of is said with what was seen", async () => {
  const { create, access, etcd } = world();
  for (const host of hosts) {
    etcd.killHost(host);
    access.failWith(host, () => new RecoveryError("SSH_UNREACHABLE", { subject: `host ${host}`, detail: "no answer" }));
  }
  await assert.rejects(create(["NO_QUORUM", "OFFLINE_COPY"]), isRecoveryError("BACKUP_NO_SOURCE", /no etcd of this cluster answers/));
});

test("a set is of the time before etcd's data was asked for, however long it takes to store it: a look meanwhile sees more, and says nothing against it", async () => {
  const { create, clock, state, description } = world();
  let read = "";
  state.describe = async () => {
    read = clock.nowIso();
    await clock.sleep(10 * 60_000);
    return description();
  };
  const { createdAt } = await create();
  assert.ok(createdAt <= read, `${createdAt}, and it was read at ${read}`);
});
