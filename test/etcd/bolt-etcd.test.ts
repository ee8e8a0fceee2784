/** Our bbolt reader, check and writer on the files of real etcds: live snapshots, stopped and killed members, defragmented and not. */
import assert from "node:assert/strict";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { bytes, defineMessage } from "../../src/adapters/etcd-grpc/protobuf-message.ts";
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import { checkBolt } from "../../src/formats/bbolt/check-bolt.ts";
import { sliceSource } from "../../src/formats/byte-source.ts";
import { BoltOracle, digestsOf, openFileSource, rewriteBolt } from "../support/bolt-oracle.ts";
import { compactEtcd, etcdTraffic } from "../support/etcd-traffic.ts";
import { engineVersions, PlainEtcd } from "../support/plain-etcd.ts";

const trailerBytes = 32;
const putRequest = defineMessage({ key: bytes(1), value: bytes(2) });
let oracle: BoltOracle;
before(async () => {
  oracle = await BoltOracle.build();
});

/** Good and read the same by both. */
function assertSame(path: string, what: string): void {
  const file = openFileSource(path);
  try {
    // A snapshot has a checksum behind the last page.
    const source = sliceSource(file, 0, file.size - (file.size % 512 === trailerBytes ? trailerBytes : 0));
    const check = checkBolt(source);
    assert.deepEqual(check.problems, [], what);
    assert.deepEqual(digestsOf(openBolt(source)), oracle.dump(path), what);
    assert.equal(oracle.check(path).kind, "good", what);
  } finally {
    file.close();
  }
}

async function rewriteInPlace(path: string, options: Parameters<typeof rewriteBolt>[2]): Promise<void> {
  const source = openFileSource(path);
  rewriteBolt(openBolt(source), `${path}.new`, options);
  source.close();
  await rename(`${path}.new`, path);
}

/** Values that need overflow pages. */
async function putLarge(etcd: PlainEtcd, count: number): Promise<void> {
  const nothing = defineMessage({});
  for (let index = 0; index < count; index += 1) {
    const request = {
      key: Buffer.from(`/registry/large/${String(index % 7)}`),
      value: new Uint8Array(1000 * (1 + ((index * 37) % 400))).fill(index),
    };
    await etcd.call("KV/Put", [putRequest, nothing], request);
  }
}

for (const version of engineVersions) {
  test(`etcd ${version}: its files are good and read as bbolt reads them, and it goes on from files that we wrote`, async (context) => {
    const directory = await mkdtemp(join(tmpdir(), "requorum-bolt-etcd-"));
    const etcd = await PlainEtcd.start({ version, directory });
    context.after(async () => {
      await etcd.close();
      await rm(directory, { recursive: true, force: true });
    });
    const saved = join(directory, "saved.db");
    const save = async () => {
      await rm(saved, { force: true });
      await etcd.etcdctl(["snapshot", "save", saved]);
      return saved;
    };
    await etcdTraffic(etcd, { seed: 1, operations: 250, keys: 60, maxValueBytes: 3000 });
    assertSame(await save(), "a live snapshot");
    await putLarge(etcd, 40);
    const revision = await etcdTraffic(etcd, { seed: 2, operations: 150, keys: 60, maxValueBytes: 300 });
    await compactEtcd(etcd, revision - 50n);
    assertSame(await save(), "a live snapshot after a compaction");
    await etcd.kill();
    assertSame(etcd.backendFile, "of a killed member");
    await etcd.startProcess();
    await etcd.etcdctl(["defrag"]);
    await etcdTraffic(etcd, { seed: 3, operations: 80, keys: 60, maxValueBytes: 300 });
    await etcd.stop();
    assertSame(etcd.backendFile, "of a defragmented member, stopped");

    for (const [index, options] of ([{}, { freelist: "absent" }, { pageSizeBytes: 16384 }] as const).entries()) {
      const what = `written again by us ${JSON.stringify(options)}`;
      await etcd.startProcess();
      const expected = await etcd.hashKv(0n);
      await etcd.stop();
      await rewriteInPlace(etcd.backendFile, options);
      assertSame(etcd.backendFile, what);
      await etcd.startProcess();
      const found = await etcd.hashKv(0n);
      assert.deepEqual([found.hash, found.compactRevision], [expected.hash, expected.compactRevision], what);
      await etcdTraffic(etcd, { seed: 4 + index, operations: 60, keys: 60, maxValueBytes: 3000 });
      assertSame(await save(), `${what}, and written to by etcd`);
      await etcd.stop();
      assertSame(etcd.backendFile, `${what}, written to by etcd, and stopped`);
    }
  });
}
