import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { LocalFileSpool } from "../../adapters/local-fs/local-file-spool.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeEtcdCluster } from "../../../test/support/fake-etcd.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { EtcdClient, EtcdDialer } from "../../ports/etcd-client.ts";
import { readClusterConfig } from "../../schemas/config.ts";
import { fetchLiveSource } from "./live-source.ts";
import { parseLiveSource } from "./parse-live-source.ts";

const config = readClusterConfig(
  "apiVersion: requorum/v1\ncluster: lab\nhosts:\n" +
    ["cp1", "cp2", "cp3"]
      .map((name, index) => `  - {name: ${name}, address: 10.0.0.1${String(index + 1)}, roles: [control-plane]}\n`)
      .join("") +
    "paths: {etcdDataDir: /data/etcd}\n",
  "requorum.yaml",
);
const hosts = config.hosts.map((host) => host.name);
const whole = snapshotBytes({ writes });

async function setting(context: TestContext, options: { readonly bytes?: Uint8Array; readonly freeBytes?: bigint } = {}) {
  const work = mkdtempSync(join(tmpdir(), "requorum-live-"));
  const spool = await new LocalFileSpool({ cacheDirectory: work }).open();
  context.after(async () => {
    await spool.remove();
    rmSync(work, { recursive: true });
  });
  const cluster = new FakeEtcdCluster({ hosts });
  const asked: string[] = [];
  /** Members whose streams break half way. */
  const breaking = new Set<string>();
  const { bytes = whole } = options;
  const etcd: EtcdDialer = {
    dial: async (host, call) => {
      asked.push(host);
      return sending(await cluster.dialer().dial(host, call), breaking.has(host) ? bytes.subarray(0, bytes.length / 2) : bytes);
    },
    close: () => Promise.resolve(),
  };
  const fetch = (text: string): Promise<string> => {
    const source = parseLiveSource(text);
    assert.ok(source !== undefined);
    const signal = new AbortController().signal;
    const room =
      options.freeBytes === undefined
        ? spool
        : Object.assign(Object.create(spool) as typeof spool, {
            freeBytes: () => Promise.resolve((options.freeBytes ?? 0n) - BigInt(bytesBelow(spool.path))),
          });
    return fetchLiveSource(
      { etcd, config, spool: room, hashing: new NodeHashing(), clock: new FakeClock(), report: () => undefined, signal },
      source,
      "0",
    );
  };
  return { cluster, asked, breaking, fetch, spool };
}

function bytesBelow(directory: string): number {
  const sizes = readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) => statSync(join(directory, name)));
  return sizes.reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
}

/** The fake's own client, with a real snapshot's bytes. */
function sending(client: EtcdClient, bytes: Uint8Array): EtcdClient {
  const snapshot = async function* (): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 5000) yield await Promise.resolve(bytes.subarray(at, at + 5000));
  };
  return new Proxy(client, {
    get: (target, name) => {
      if (name === "snapshot") return snapshot;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

test("live: the snapshot of a voter that answers for the cluster is copied whole", async (context) => {
  const { fetch } = await setting(context);
  assert.deepEqual(readFileSync(await fetch("live")), Buffer.from(whole));
});

test("live: a machine that does not answer, and a member that is cut off, are passed over; without a quorum it is said of each", async (context) => {
  const { fetch, cluster, asked } = await setting(context);
  for (const [index, member] of cluster.members.entries()) {
    if (index === 0) member.isHostReachable = false;
    if (index === 1) member.isIsolated = true;
  }
  assert.ok(existsSync(await fetch("live")));
  assert.deepEqual(asked, ["cp1", "cp2", "cp3"]);
  for (const member of cluster.members.slice(2)) member.isIsolated = true;
  await assert.rejects(fetch("live"), isRecoveryError("SSH_UNREACHABLE", /no member gave a snapshot\. .*SSH_UNREACHABLE.*; .*; /));
  assert.ok(existsSync(await fetch("live://cp2")), "the own state of a member that was named is what was asked for");
});

test("live: without a quorum the members that answered are named as the next source, and none that is down", async (context) => {
  const { fetch, cluster } = await setting(context);
  const nextOf = async () => {
    const error: unknown = await fetch("live").catch((reason: unknown) => reason);
    assert.ok(error instanceof RecoveryError);
    return error.remedies.map(({ command }) => command);
  };
  for (const [index, member] of cluster.members.entries()) {
    if (index === 1) member.isIsolated = true;
    else member.isHostReachable = false;
  }
  assert.deepEqual(await nextOf(), ["requorum status", "requorum snapshot inspect live://cp2"]);
  for (const member of cluster.members) member.isHostReachable = false;
  assert.deepEqual(await nextOf(), ["requorum status", "requorum snapshot inspect ssh://cp1/data/etcd"]);
});

test("live: a part that cannot be removed does not hide why it is one", async (context) => {
  const { fetch, spool } = await setting(context, { bytes: whole.subarray(0, whole.length - 40) });
  const create = spool.create.bind(spool);
  const discard = () => Promise.reject(new RecoveryError("LOCAL_FILE_FAILED", { subject: "file part", detail: "EIO" }));
  spool.create = async (path) => Object.assign(await create(path), { discard });
  await assert.rejects(
    fetch("live://cp1"),
    isRecoveryError("SNAPSHOT_BAD", /from cp1: .*; what was written so far remains: file part: EIO$/),
  );
});

test("live: a stream that was cut is no snapshot", async (context) => {
  const { fetch } = await setting(context, { bytes: whole.subarray(0, whole.length - 40) });
  await assert.rejects(fetch("live://cp1"), isRecoveryError("SNAPSHOT_BAD", /from cp1: /));
});

test("live: what a member sent before its stream broke leaves the room for the next member's copy", async (context) => {
  const { cluster } = await setting(context);
  const client = await cluster.dialer().dial(asHostName("cp1"), { timeoutMs: 1000 });
  const { dbSizeBytes } = await client.status({ timeoutMs: 1000 });
  const { fetch, breaking, asked, spool } = await setting(context, { freeBytes: dbSizeBytes + 64n * 1024n * 1024n });
  breaking.add("cp1").add("cp2");
  const path = await fetch("live");
  assert.deepEqual(asked, ["cp1", "cp2", "cp3"]);
  assert.deepEqual(readFileSync(path), Buffer.from(whole));
  assert.equal(bytesBelow(spool.path), whole.length);
});

test("live: no room on this machine is said before anything is copied", async (context) => {
  const { fetch, asked } = await setting(context, { freeBytes: 1000n });
  await assert.rejects(
    fetch("live"),
    isRecoveryError("LOCAL_DISK_FULL", /takes up to \d+ MiB there, \d+ MiB are free, and 64 MiB of these stay free; nothing was copied/),
  );
  assert.deepEqual(asked, ["cp1"]);
});

test("live: a machine without etcd is a usage error that names those with it; other words are files", async (context) => {
  const { fetch } = await setting(context);
  await assert.rejects(fetch("live://cp9"), isRecoveryError("USAGE", /etcd on cp1, cp2, cp3, not on "cp9"/));
  for (const file of ["./live", "live.db", "/live"]) assert.equal(parseLiveSource(file), undefined);
  assert.equal(parseLiveSource("live://cp1")?.host, asHostName("cp1"));
});
