import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FakeBackupStore } from "../../../test/support/fake-backup-store.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { databaseBytes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { firstSet, newSigningKey } from "../../../test/support/set-world.ts";
import {
  encryptionConfig,
  machineFiles,
  newPki,
  smallCluster,
  verifyWorld,
  type VerifyWorldOptions,
} from "../../../test/support/verify-world.ts";
import { makeAuthority } from "../../adapters/sandbox/sandbox-certificates.ts";
import { readProofs } from "../../catalogue/read-proofs.ts";
import { encodeSignedDocument } from "../../formats/backup-set/signed-document.ts";
import { asClusterId } from "../../model/ids.ts";
import type { ProofLevel } from "../../model/backup-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Sandbox, Sandboxes } from "../../ports/sandbox.ts";
import { writeLastSeen } from "../../schemas/last-seen.ts";
import type { VerifiedBackup, VerifyRequest } from "./verify-backup.ts";
import type { VerifyContext } from "./verify-context.ts";

const memory = () => new FakeBackupStore();

/** The first level that does not hold, and why. */
function stopOf({ outcomes }: VerifiedBackup): { readonly level: ProofLevel | undefined; readonly verdict: string; readonly why: string } {
  const stopped = outcomes.find(({ verdict }) => verdict !== "holds");
  return { level: stopped?.level, verdict: stopped?.verdict ?? "holds", why: stopped?.because.join("; ") ?? "" };
}

async function stopOfWorld(
  options: VerifyWorldOptions,
  damage: (store: FakeBackupStore) => void = () => undefined,
  other: { readonly context?: Partial<VerifyContext>; readonly request?: Partial<VerifyRequest> } = {},
): Promise<ReturnType<typeof stopOf>> {
  const store = memory();
  const world = await verifyWorld({ store, ...options });
  damage(store);
  try {
    return stopOf(await world.verify(other.request ?? {}, other.context));
  } finally {
    assert.deepEqual(
      readdirSync(join(world.spoolDirectory)).flatMap((name) => readdirSync(join(world.spoolDirectory, name))),
      [],
    );
    rmSync(world.spoolDirectory, { recursive: true });
  }
}

function change(store: FakeBackupStore, prefix: string, damage: (content: Uint8Array) => Uint8Array | undefined): void {
  const [name] = [...store.objects.keys()].filter((one) => one.startsWith(prefix));
  const object = name === undefined ? undefined : store.objects.get(name);
  assert.ok(name !== undefined && object !== undefined, prefix);
  const content = damage(object.content);
  if (content === undefined) store.objects.delete(name);
  else store.objects.set(name, { ...object, content });
}

const flipped = (at: number) => (content: Uint8Array) =>
  Uint8Array.from(content, (byte, index) => (index === at % content.length ? byte ^ 1 : byte));

test("a whole set holds up to V3; what was compared is said, and the proof is signed, of this manifest, and found again", async () => {
  const world = await verifyWorld({ store: memory() });
  const verified = await world.verify({});
  assert.deepEqual(
    verified.outcomes.map(({ level, verdict }) => `${level} ${verdict}`),
    ["V0 holds", "V1 holds", "V2 holds", "V3 holds", "V4 not-tried", "V5 not-tried"],
    JSON.stringify(verified.outcomes, undefined, 1),
  );
  assert.match(
    verified.outcomes[3]?.because.join("\n") ?? "",
    /4 certificates of 2 machines.*\n8 private keys|1 encrypted value of 1 opened/s,
  );
  assert.match(verified.proof?.name ?? "", /^proofs\/20260301-030000-aaaaaa\/\d{8}-\d{6}-[0-9a-f]{6}\.json$/);
  const proofs = await readProofs(world.set.reading, { id: firstSet, manifestSha256: verified.proof?.proof.manifestSha256 ?? "" });
  assert.deepEqual(
    proofs.map(({ storedAt: _, ...proof }) => proof),
    [verified.proof?.proof],
  );
  // The planted secret of the set is in nothing that was stored or said.
  assert.doesNotMatch(
    JSON.stringify(verified, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
    /planted|BEGIN .*PRIVATE/,
  );
  rmSync(world.spoolDirectory, { recursive: true });
});

test("V0: a missing pack, a pack that was cut in its upload, and a manifest that was cut", async () => {
  assert.match((await stopOfWorld({}, (store) => change(store, "packs/", () => undefined))).why, /packs\/.* is not there/);
  const cut = await stopOfWorld({}, (store) => change(store, "packs/", (content) => content.subarray(0, -100)));
  assert.deepEqual([cut.level, cut.verdict], ["V0", "fails"]);
  const index = await stopOfWorld({}, (store) => change(store, "indexes/", () => undefined));
  assert.equal(index.level, "V0");
  const manifest = await stopOfWorld({}, (store) => change(store, "sets/", (content) => content.subarray(0, -10)));
  assert.deepEqual([manifest.level, manifest.verdict], ["V0", "fails"]);
});

test("V1: a flipped bit in a pack or the index, two packs under each other's names", async () => {
  for (const prefix of ["packs/", "indexes/"])
    for (const at of [0, 1234]) {
      const found = await stopOfWorld({}, (store) => change(store, prefix, flipped(at)));
      assert.deepEqual([found.level, found.verdict], ["V1", "fails"]);
      assert.match(found.why, /is not what was written: its sha256 is/);
    }
});

test("V0 or V1: no bit of the manifest can be flipped without notice", async () => {
  const store = memory();
  const world = await verifyWorld({ store });
  const name = `sets/${firstSet}.json`;
  const whole = store.objects.get(name);
  assert.ok(whole !== undefined);
  for (let at = 0; at < whole.content.length; at += 97) {
    store.objects.set(name, { ...whole, content: flipped(at)(whole.content) });
    const found = await world.verify({ level: "V1" }).then(stopOf, (error: unknown) => {
      // Its first words say which format it is of, and nobody can check what a newer one would sign.
      assert.ok(error instanceof RecoveryError && error.code === "BACKUP_SET_UNSUPPORTED", String(error));
      return undefined;
    });
    if (found !== undefined)
      assert.ok(
        found.verdict === "fails" && (found.level === "V0" || found.level === "V1"),
        `byte ${String(at)}: ${JSON.stringify(found)}`,
      );
  }
  rmSync(world.spoolDirectory, { recursive: true });
});

test("V1: a manifest that is not signed, or signed anew by another key, is not trusted, whatever it says", async () => {
  const store = memory();
  const world = await verifyWorld({ store });
  const anew = encodeSignedDocument(world.manifest, newSigningKey(), world.context.backup.ciphers);
  const text = JSON.parse(Buffer.from(anew).toString()) as { signatures: unknown[] };
  change(store, "sets/", () => anew);
  const unknownSigner = stopOf(await world.verify({}));
  assert.deepEqual([unknownSigner.level, unknownSigner.verdict], ["V1", "not-tried"]);
  assert.match(unknownSigner.why, /not among the known keys: somebody else made this set, or signed it anew/);
  text.signatures = [];
  change(store, "sets/", () => Buffer.from(`${JSON.stringify(text)}\n`));
  const unsigned = stopOf(await world.verify({}));
  assert.deepEqual([unsigned.level, unsigned.verdict], ["V1", "fails"]);
  assert.match(unsigned.why, /nobody signed it/);
  rmSync(world.spoolDirectory, { recursive: true });
});

test("V2: another identity than that of a recipient opens nothing; without any key V1 is as far as it goes", async () => {
  const wrong = await stopOfWorld({}, undefined, { context: { key: { kind: "identities", identities: ["AGE-SECRET-KEY-1bert"] } } });
  assert.deepEqual([wrong.level, wrong.verdict], ["V2", "unknown"]);
  assert.match(wrong.why, /BACKUP_KEY_WRONG/);
  const none = await stopOfWorld({}, undefined, { context: { key: undefined } });
  assert.deepEqual([none.level, none.verdict], ["V2", "not-tried"]);
  assert.match(none.why, /there is no key/);
});

test("V2: a snapshot that was damaged before it was stored, cut, or is not the one that the manifest describes", async () => {
  const whole = snapshotBytes({ writes: smallCluster });
  const described = {
    facts: (facts: Parameters<NonNullable<VerifyWorldOptions["facts"]>>[0]) => ({
      ...facts,
      snapshot: { ...facts.snapshot, hashKv: facts.snapshot.hashKv ^ 1, totalKeys: 99 },
    }),
  };
  const other = await stopOfWorld(described);
  assert.deepEqual([other.level, other.verdict], ["V2", "fails"]);
  assert.match(other.why, /hashkv at revision 5 is \d+, the manifest says \d+.*the number of keys is 4, the manifest says 99/);
  const lastByte = Uint8Array.from(whole, (byte, at) => (at === whole.length - 1 ? byte ^ 1 : byte));
  const changed = await stopOfWorld({ snapshot: lastByte });
  assert.deepEqual([changed.level, changed.verdict], ["V2", "fails"]);
  assert.match(changed.why, /sha256 that stands at its end/);
});

test("V2: the data dir of a member may lie below a directory that is called as etcd's own", async () => {
  const found = await stopOfWorld({
    dataDir: { "member/snap/db": databaseBytes({ writes: smallCluster }) },
    dataDirAt: "/srv/member/etcd",
  });
  assert.match(found.why, /^snapshot, log: .*after entry 10, the database's last/); // found and read; this one has no log
});

test("V2: a snapshot without one of the objects that the manifest counts", async () => {
  const found = await stopOfWorld({
    facts: (facts) => ({ ...facts, snapshot: { ...facts.snapshot, objects: [...facts.snapshot.objects, { resource: "pods", count: 3 }] } }),
  });
  assert.equal(found.level, "V2");
  assert.match(found.why, /0 objects of pods, the manifest says 3/);
});

test("V3: the authority of another cluster has the same name, and did not sign these certificates", async () => {
  const [ours, theirs] = [newPki(), newPki()];
  const mixed = {
    ...machineFiles(ours, "cp1"),
    "/etc/kubernetes/pki/ca.crt": theirs.ca.certificate,
    "/etc/kubernetes/pki/ca.key": theirs.ca.key,
  };
  const found = await stopOfWorld({ machines: { cp1: mixed } });
  assert.deepEqual([found.level, found.verdict], ["V3", "fails"]);
  assert.match(found.why, /cp1:\/etc\/kubernetes\/pki\/apiserver\.crt: no authority of the set signed it/);
  const two = await stopOfWorld({ machines: { cp1: machineFiles(ours, "cp1"), cp2: machineFiles(theirs, "cp2") } });
  assert.match(two.why, /ca\.crt holds 2 different authorities: one on cp1, another on cp2.*sa\.key is another key than/s);
});

test("V3: a kubeconfig of another cluster; a certificate of a company's own authority and one that was put aside are not judged", async () => {
  const [ours, theirs] = [newPki(), newPki()];
  const company = makeAuthority({ commonName: "company", nowMs: Date.now() });
  const at = "/etc/kubernetes";
  const kubeconfig = (pki: typeof ours, trusted = pki): string => {
    const data = (text: string): string => Buffer.from(text).toString("base64");
    return `clusters:\n- cluster: { certificate-authority-data: ${data(trusted.ca.certificate)} }\nusers:\n- user:\n    client-certificate-data: ${data(pki.ca.issue({ commonName: "admin" }).certificate)}\n`;
  };
  const withFiles = (files: { readonly [path: string]: string }) =>
    stopOfWorld({ machines: { cp1: { ...machineFiles(ours, "cp1"), ...files } } });
  const held = await withFiles({
    [`${at}/admin.conf`]: kubeconfig(ours),
    [`${at}/pki/oidc-client.crt`]: company.issue({ commonName: "oidc" }).certificate,
    [`${at}/pki/apiserver.crt.bak`]: theirs.ca.issue({ commonName: "kube-apiserver" }).certificate,
  });
  assert.deepEqual([held.level, held.why], ["V4", "not asked for"]);
  assert.match(
    (await withFiles({ [`${at}/admin.conf`]: kubeconfig(theirs) })).why,
    /admin\.conf: no authority of the set signed it.*the authority that it trusts is not among/s,
  );
  const inBlocks = kubeconfig(theirs).replace(
    /(client-certificate-data): (.*)/,
    (_, key: string, data: string) => `${key}: >-\n      ${data}`,
  );
  assert.match((await withFiles({ [`${at}/admin.conf`]: inBlocks })).why, /admin\.conf: no authority of the set signed it/);
  const cut = kubeconfig(ours).trimEnd().slice(0, -200);
  assert.match(
    (await withFiles({ [`${at}/admin.conf`]: cut })).why,
    /admin\.conf: client-certificate-data of user .* holds no whole certificate/,
  );
  assert.match((await withFiles({ [`${at}/admin.conf`]: "}{" })).why, /admin\.conf: it cannot be read as a kubeconfig/);
});

test("V3: an authority that had expired when the set was made fails it; one that expired since is not known; other certificates are told", async () => {
  const dayMs = 86_400_000;
  const [pki, yearMs] = [newPki(), 365 * dayMs];
  const failing = await stopOfWorld({ machines: { cp1: machineFiles(newPki(Date.now() - 30 * yearMs), "cp1") } });
  assert.deepEqual([failing.level, failing.verdict], ["V3", "fails"]);
  assert.match(failing.why, /cp1:\/etc\/kubernetes\/pki\/ca\.crt: the authority expired at .*, before the set was made/);
  const { ports } = (await verifyWorld({ store: memory() })).context;
  const later = new FakeClock(new Date(Date.now() + 12 * yearMs).toISOString());
  const since = await stopOfWorld({}, undefined, { context: { ports: { ...ports, clock: later } } });
  assert.deepEqual([since.level, since.verdict], ["V3", "unknown"]);
  assert.match(since.why, /ca\.crt: the authority expired at .*, after the set was made: it must be renewed/);
  // The leaf alone: told, and the set holds.
  const leaf = pki.ca.issue({ commonName: "kube-apiserver", validMs: yearMs - 10 * dayMs });
  const at = "/etc/kubernetes/pki/apiserver";
  const world = await verifyWorld({
    store: memory(),
    machines: { cp1: { ...machineFiles(pki, "cp1"), [`${at}.crt`]: leaf.certificate, [`${at}.key`]: leaf.key } },
  });
  const held = (await world.verify({})).outcomes[3];
  assert.equal(held?.verdict, "holds", held?.because.join("\n"));
  assert.match(held.because.join("\n"), /1 certificate \(cp1:.*apiserver\.crt\) expired already when the set was made/);
  rmSync(world.spoolDirectory, { recursive: true });
});

test("V3: without the key of an authority it is not known to be whole, unless the configuration says where the keys are; without etcd's authority it fails", async () => {
  const files = machineFiles(newPki(), "cp1");
  const without = (pattern: RegExp) => ({ cp1: Object.fromEntries(Object.entries(files).filter(([path]) => !pattern.test(path))) });
  const keys = await stopOfWorld({ machines: without(/\/ca\.key$/) });
  assert.deepEqual([keys.level, keys.verdict], ["V3", "unknown"]);
  assert.match(keys.why, /no key of the cluster's authority \(cp1:.*\/pki\/ca\.crt\).*externalCa: true.*no key of etcd's authority/s);
  const external = await stopOfWorld({ machines: without(/\/ca\.key$/) }, undefined, { context: { externalAuthorities: true } });
  assert.equal(external.level, "V4", external.why);
  const noEtcd = await stopOfWorld({ machines: without(/\/etcd\//) });
  assert.deepEqual([noEtcd.level, noEtcd.verdict], ["V3", "fails"]);
  assert.match(noEtcd.why, /the set has no certificate of etcd's authority/);
  const elsewhere = await stopOfWorld({ machines: without(/\/etcd\//), cluster: { etcdTopology: "external" } });
  assert.equal(elsewhere.level, "V4", elsewhere.why);
});

test("V3: parts under each other's names", async () => {
  const pki = newPki();
  const files = machineFiles(pki, "cp1");
  const at = "/etc/kubernetes/pki";
  const keys = await stopOfWorld({ machines: { cp1: { ...files, [`${at}/apiserver.key`]: files[`${at}/etcd/server.key`] ?? "" } } });
  assert.match(keys.why, /apiserver\.key is not the key of cp1:\/etc\/kubernetes\/pki\/apiserver\.crt/);
  const accounts = await stopOfWorld({ machines: { cp1: { ...files, [`${at}/sa.pub`]: newPki().serviceAccount.publicKey } } });
  assert.match(accounts.why, /sa\.pub does not belong to cp1:\/etc\/kubernetes\/pki\/sa\.key/);
  const without = Object.fromEntries(Object.entries(files).filter(([path]) => !path.endsWith("/sa.key")));
  assert.match((await stopOfWorld({ machines: { cp1: without } })).why, /no key that signs service account tokens/);
});

test("V3: an encryption key that does not open what is in the snapshot, one that differs between machines, none at all", async () => {
  const pki = newPki();
  const wrong = encryptionConfig(Buffer.alloc(32, 9));
  const found = await stopOfWorld({ machines: { cp1: machineFiles(pki, "cp1", wrong) } });
  assert.deepEqual([found.level, found.verdict], ["V3", "fails"]);
  assert.match(
    found.why,
    /1 of 1 encrypted value that were tried do not open.*\/registry\/secrets\/shop\/db: the aescbc key named key1 does not open it/,
  );
  const differs = await stopOfWorld({ machines: { cp1: machineFiles(pki, "cp1"), cp2: machineFiles(pki, "cp2", wrong) } });
  assert.match(differs.why, /cp2:.*has other keys than cp1:/);
  const without = Object.fromEntries(Object.entries(machineFiles(pki, "cp1")).filter(([path]) => !path.includes("/enc/")));
  const none = await stopOfWorld({ machines: { cp1: without } });
  assert.match(none.why, /names an EncryptionConfiguration, and the set has none.*1 value of the snapshot is encrypted/);
});

const lastSeen = (revision: bigint, clusterId = "abc") =>
  writeLastSeen({
    takenAt: new Date(Date.now() - 120_000).toISOString(),
    clusterId: asClusterId(clusterId),
    members: [],
    revision,
    raftIndex: 1n,
    raftTerm: 1n,
    objectCounts: [],
    hosts: [],
  });

test("V3: a snapshot of an orphan, one that is older than what was last seen, and members that are others", async () => {
  const cluster = { clusterId: asClusterId("abc") };
  assert.equal((await stopOfWorld({ cluster, lastSeen: lastSeen(5n) })).verdict, "not-tried"); // V4, which was not asked for
  const orphan = await stopOfWorld({ cluster: { clusterId: asClusterId("def") }, lastSeen: lastSeen(5n) });
  assert.match(orphan.why, /the set is of etcd cluster def, and the set's last-seen\.json saw cluster abc/);
  const older = await stopOfWorld({ cluster, lastSeen: lastSeen(6n) });
  assert.deepEqual([older.level, older.verdict], ["V3", "fails"]);
  assert.match(older.why, /revision 5, and the set's last-seen\.json saw revision 6 at .*: it is older/);
  const members = await stopOfWorld({
    snapshot: snapshotBytes({ writes: smallCluster, memberId: 0xb2n }),
    facts: (facts) => ({ ...facts, cluster: { ...facts.cluster, members: [] } }),
  });
  assert.deepEqual([members.level, members.verdict], ["V3", "unknown"]);
  assert.match(members.why, /the manifest does not tell the members of etcd: they were not compared/);
  const others = await stopOfWorld({
    facts: (facts) => ({
      ...facts,
      cluster: { ...facts.cluster, members: facts.cluster.members.map((one) => ({ ...one, id: "99" as typeof one.id })) },
    }),
  });
  assert.match(others.why, /the snapshot's members are a1 \(m1\), the manifest's are 99 \(m1\)/);
});

test("V3: marks of its maker that say that it does not belong together count, others are only told", async () => {
  const marked = (code: "OTHER_CLUSTER_ID" | "API_DOWN" | "PART_MISSING" | "MACHINE_UNREACHED") =>
    stopOfWorld({ facts: (facts) => ({ ...facts, marks: [{ code, because: "said so" }] }) });
  assert.match((await marked("OTHER_CLUSTER_ID")).why, /OTHER_CLUSTER_ID: said so/);
  assert.equal((await marked("API_DOWN")).level, "V4");
  for (const code of ["PART_MISSING", "MACHINE_UNREACHED"] as const) {
    const poorer = await marked(code);
    assert.deepEqual([poorer.level, poorer.verdict, poorer.why], ["V3", "unknown", `marked ${code}: said so`]);
  }
});

test("V3: a set of the future, and one of a clock in the past", async () => {
  const future = await stopOfWorld({ facts: (facts) => ({ ...facts, createdAt: new Date(Date.now() + 3_600_000).toISOString() }) });
  assert.match(future.why, /one of both clocks is wrong/);
  assert.deepEqual([future.level, future.verdict], ["V3", "unknown"]);
  const past = await stopOfWorld({ facts: (facts) => ({ ...facts, createdAt: "2024-01-01T00:00:00.000Z" }) });
  assert.deepEqual([past.level, past.verdict], ["V3", "fails"]);
  assert.match(past.why, /made at 2024-01-01T00:00:00\.000Z, and .* in it is of .*the clock of the machine that made it was in the past/);
});

test("V3: a set that is not sealed for whom the configuration names", async () => {
  const found = await stopOfWorld({}, undefined, { context: { wantedRecipients: ["age1bert"] } });
  assert.deepEqual([found.level, found.verdict], ["V3", "unknown"]);
  assert.match(found.why, /not sealed for age1bert/);
});

test("V4: without a program of that version it was not tried, with what to install, and a bare database is no snapshot", async () => {
  const found = await stopOfWorld({}, undefined, { request: { level: "V5" } });
  assert.deepEqual([found.level, found.verdict, found.why], ["V4", "not-tried", "no etcd in this test"]);
  const bare = await stopOfWorld({ snapshot: databaseBytes({ writes: smallCluster }) });
  assert.ok(bare.level === "V4" || bare.level === "V2", bare.why);
});

test("V4: where no sandbox can be made nothing is said of the set; a program that fails on it fails it, and one that the machine stops does not", async () => {
  const sandboxes = (code: "SANDBOX_UNSUPPORTED" | "LOCAL_DISK_FULL" | "SANDBOX_FAILED" | "SANDBOX_UNDECIDED"): Sandboxes => ({
    findProgram: (kind, version) => Promise.resolve({ kind: "found", program: { kind, version, path: "/none" } }),
    open: () =>
      code === "SANDBOX_FAILED" || code === "SANDBOX_UNDECIDED"
        ? Promise.resolve({ ...failing, startEtcd: () => Promise.reject(new RecoveryError(code, program)) })
        : Promise.reject(new RecoveryError(code, { subject: "this machine", detail: "in this test" })),
  });
  const program = { subject: "etcd in the sandbox", detail: "it ended" };
  const failing: Sandbox = {
    directory: mkdtempSync(join(tmpdir(), "requorum-no-sandbox-")),
    isInMemory: false,
    describes: "in this test",
    member: { name: "sandbox", peerUrl: "https://127.0.0.1:1" },
    startEtcd: () => Promise.reject(new Error("each case has its own")),
    startApiServer: () => Promise.reject(new Error("it does not come to that")),
    close: () => Promise.resolve(),
  };
  const stop = (code: Parameters<typeof sandboxes>[0]) =>
    stopOfWorld({ sandboxes: sandboxes(code) }, undefined, { request: { level: "V4" } });
  for (const code of ["SANDBOX_UNSUPPORTED", "LOCAL_DISK_FULL"] as const) {
    const found = await stop(code);
    assert.deepEqual([found.level, found.verdict, found.why], ["V4", "not-tried", "no sandbox could be made: in this test"]);
  }
  const ended = await stop("SANDBOX_FAILED");
  rmSync(join(failing.directory, "etcd-data"), { recursive: true });
  const late = await stop("SANDBOX_UNDECIDED");
  rmSync(failing.directory, { recursive: true });
  assert.deepEqual([late.level, late.verdict], ["V4", "unknown"]);
  assert.match(late.why, /it ended; that may be of this machine/);
  assert.deepEqual([ended.level, ended.verdict, ended.why], ["V4", "fails", "etcd in the sandbox: it ended"]);
});
