/** Every object of a real cluster, decoded from its snapshot, beside what its API server answers at that revision. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createGrpcEtcdDialer } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { createHttpsKubeApiDialer } from "../../src/adapters/kube-api/https-kube-api-dialer.ts";
import { createSshHostAccess } from "../../src/adapters/ssh/ssh-host-access.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import { checkBolt } from "../../src/formats/bbolt/check-bolt.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { openMvcc } from "../../src/formats/etcd/mvcc/open-mvcc.ts";
import { SnapshotTrailer, trailerBytes } from "../../src/formats/etcd/snapshot-trailer.ts";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import { readClusterConfig } from "../../src/schemas/config.ts";
import { compareDecoded } from "../support/compare-decoded.ts";
import { LabSession } from "../support/lab-session.ts";
import { servedObjects } from "../support/served-objects.ts";

/** A healthy lab that runs already may be lent; what this file adds is taken away again. */
const lent = process.env["REQUORUM_LAB_CONFIG"];
const session = new LabSession("ci-dec");
const manifest = readFileSync(join(import.meta.dirname, "../fixtures/kubernetes/many-kinds.yaml"), "utf8");
const call = { timeoutMs: 15_000 };
let config: ClusterConfig;
let configFile: string;
let hostAccess: ReturnType<typeof createSshHostAccess> | undefined;

function machines(): ReturnType<typeof createSshHostAccess> {
  assert.ok(hostAccess !== undefined, "there is no lab");
  return hostAccess;
}

before(async () => {
  if (lent === undefined) {
    await session.run(["lab", "down", "--name", session.name]);
    await session.lab("up", "--control-planes", "1", "--objects", "1000");
  }
  configFile = lent ?? session.config;
  config = readClusterConfig(readFileSync(configFile, "utf8"), configFile);
  hostAccess = createSshHostAccess(config, { keepsConnections: false });
  await kubectl("delete --ignore-not-found --wait=true");
  await kubectl("create");
});
after(async () => {
  if (lent !== undefined) await kubectl("delete --ignore-not-found --wait=false");
  await hostAccess?.close();
  if (lent === undefined) await session.lab("down");
});

function controlPlane(): ClusterConfig["hosts"][number] {
  const host = config.hosts.find(({ roles }) => roles.includes("control-plane"));
  assert.ok(host !== undefined);
  return host;
}

/** With the manifest of many kinds. */
async function kubectl(words: string): Promise<void> {
  const result = await machines().run(controlPlane().name, {
    reason: `objects of many kinds: kubectl ${words}`,
    script: `kubectl --kubeconfig /etc/kubernetes/admin.conf ${words} -f "$REQUORUM_INPUT"`,
    input: Buffer.from(manifest),
    timeoutMs: 120_000,
    changesThings: true,
  });
  assert.equal(result.exitCode, 0, `kubectl ${words}: ${result.stderr}`);
}

async function takeSnapshot(): Promise<Uint8Array> {
  const dialer = createGrpcEtcdDialer({ hostAccess: machines(), config });
  try {
    const client = await dialer.dial(controlPlane().name, call);
    const trailer = new SnapshotTrailer(new NodeHashing().startSha256());
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.snapshot({ idleTimeoutMs: 30_000, expectedBytes: 100_000_000 })) {
      trailer.update(chunk);
      chunks.push(chunk.slice());
    }
    assert.equal(trailer.finish().kind, "good");
    return Buffer.concat(chunks);
  } finally {
    await dialer.close();
  }
}

test("the lab's cluster: every object decoded from its snapshot is what its API server serves at that revision", async (context) => {
  const snapshot = await takeSnapshot();
  const source = new MemoryByteSource(snapshot.subarray(0, snapshot.length - trailerBytes), "the lab's snapshot");
  assert.equal(checkBolt(source).verdict, "good");
  const { revision } = openMvcc(openBolt(source));
  const dialer = createHttpsKubeApiDialer({ hostAccess: machines(), config });
  const served = await servedObjects(await dialer.dial(controlPlane().name, call), revision).finally(() => dialer.close());

  const found = compareDecoded(source, served);
  for (const [because, places] of found.allowed) context.diagnostic(`left out, ${because}: ${[...places].sort().join("; ")}`);
  context.diagnostic(
    `${String(found.comparedCount)} of ${String(found.storedCount)} objects of ${String(found.kinds.length)} kinds compared at revision ${String(revision)}, ${String(found.besideCount)} beside the API's resources, ${String(served.resourceCount)} resources listed`,
  );
  assert.deepEqual(found.differences.slice(0, 50), [], `${String(found.differences.length)} differences`);
  assert.deepEqual(found.notFound.slice(0, 50), [], `${String(found.notFound.length)} served objects are not in the snapshot`);
  assert.ok(
    found.comparedCount >= found.storedCount * 0.99,
    `only ${String(found.comparedCount)} of ${String(found.storedCount)} were compared:\n${found.notCompared.slice(0, 50).join("\n")}`,
  );
  assert.ok(found.kinds.length >= 45, `only ${String(found.kinds.length)} kinds: ${found.kinds.join(", ")}`);
});

test("the lab's cluster as a source: live is hashed as its member hashes, gives objects, and nothing is left in the cache", async () => {
  const words = (...verb: readonly string[]): readonly string[] => [...verb, "--config", configFile];
  const cache = mkdtempSync(join(tmpdir(), "requorum-live-"));
  const json = async (...verb: readonly string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await session.expect(0, [...words(...verb), "-o", "json"], { XDG_CACHE_HOME: cache })).stdout) as Record<string, unknown>;
  try {
    const inspected = await json("snapshot", "inspect", "live");
    const revision = String(inspected["revision"]);
    const ours = await json("snapshot", "hashkv", `live://${controlPlane().name}`, "--revision", revision);
    const dialer = createGrpcEtcdDialer({ hostAccess: machines(), config });
    const theirs = await dialer
      .dial(controlPlane().name, call)
      .then((client) => client.hashKv(BigInt(revision), call))
      .finally(() => dialer.close());
    assert.equal(Number(ours["hash"]), theirs.hash);
    const { stdout } = await session.expect(0, words("snapshot", "get", "live", "namespace/kube-system"), { XDG_CACHE_HOME: cache });
    assert.match(stdout, /\nkind: Namespace\n[^]*name: kube-system\n/);
    const spool = join(cache, "requorum/spool");
    assert.deepEqual(existsSync(spool) ? readdirSync(spool) : [], []);
  } finally {
    rmSync(cache, { recursive: true });
  }
});
