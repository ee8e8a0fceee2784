import assert from "node:assert/strict";
import test from "node:test";
import { MemoryBoltSink } from "../../../../test/support/bolt-bytes.ts";
import { databaseBytes } from "../../../../test/support/kube-database.ts";
import { openBolt } from "../../bbolt/bolt-file.ts";
import { checkBolt } from "../../bbolt/check-bolt.ts";
import { MemoryByteSource, type ByteSource } from "../../byte-source.ts";
import { planRestore } from "../restore/restore-plan.ts";
import { writeRestoredDatabase } from "../restore/write-restored-database.ts";
import { hashKv } from "./hash-kv.ts";
import { inspectDb } from "./inspect-db.ts";
import { openMvcc } from "./open-mvcc.ts";
import { viewAt } from "./view-at.ts";

/** Keeps alive what it was given to fill, so that each buffer counts once. */
class CountingSource implements ByteSource {
  readonly name = "db";
  readonly size: number;
  private readonly source: MemoryByteSource;
  private readonly filled = new Set<ArrayBufferLike>();

  constructor(bytes: Uint8Array) {
    this.source = new MemoryByteSource(bytes);
    this.size = bytes.length;
  }

  readInto(offset: number, into: Uint8Array): void {
    this.filled.add(into.buffer);
    this.source.readInto(offset, into);
  }

  get filledBuffers(): number {
    return this.filled.size;
  }

  get filledBytes(): number {
    return [...this.filled].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }
}

const value = new Uint8Array(50_000).fill(120);
const database = databaseBytes({ writes: Array.from({ length: 400 }, (_, at) => [`/registry/configmaps/a/${String(at % 300)}`, value]) });

test("walks over all records read a large file into a few buffers: the memory for it does not grow with its size", () => {
  const walks: Readonly<Record<string, (source: ByteSource) => void>> = {
    inspect: (source) => inspectDb(openBolt(source), { topKeys: 0 }),
    hashkv: (source) => hashKv(openMvcc(openBolt(source)), 0n, { version: "3.6" }),
    live: (source) => {
      const live = viewAt(openMvcc(openBolt(source)), 0n);
      assert.equal([...live.records({ reusesMemory: true })].length, 300);
    },
    restore: (source) => {
      const bolt = openBolt(source);
      const members = [{ name: "m1", peerUrls: ["http://m1:2380"] }];
      const request = { members, clusterToken: "t", revisionBump: undefined, targetMinor: undefined, alarms: "keep" } as const;
      writeRestoredDatabase(
        bolt,
        planRestore(bolt, request, () => new Uint8Array(20).fill(1)),
        new MemoryBoltSink(),
      );
    },
  };
  assert.ok(database.length > 20_000_000);
  for (const [name, walk] of Object.entries(walks)) {
    const source = new CountingSource(database);
    walk(source);
    assert.ok(source.filledBytes < 6_000_000, `${name}: ${String(source.filledBytes)} bytes`);
  }
});

test("walks over many small records do not take memory for each branch page: nobody collects it in time", () => {
  const small = databaseBytes({
    writes: Array.from({ length: 14_000 }, (_, at) => [`/registry/configmaps/a/${String(at)}`, value.subarray(0, 1_900)]),
  });
  const walks: Readonly<Record<string, (source: ByteSource) => void>> = {
    structure: (source) => assert.equal(checkBolt(source).verdict, "good"),
    inspect: (source) => inspectDb(openBolt(source), { topKeys: 0 }),
    live: (source) => assert.equal([...viewAt(openMvcc(openBolt(source)), 0n).records({ reusesMemory: true })].length, 14_000),
  };
  for (const [name, walk] of Object.entries(walks)) {
    const source = new CountingSource(small);
    walk(source);
    assert.ok(source.filledBuffers < 40, `${name}: ${String(source.filledBuffers)} buffers`);
  }
});

test("walks over pages that are too large to be read ahead share their memory, and look-ups at one place read it once", () => {
  const large = databaseBytes({
    writes: Array.from({ length: 30 }, (_, at) => [`/registry/configmaps/a/${String(at)}`, new Uint8Array(700_000 + 1000 * at).fill(120)]),
  });
  const walks: Readonly<Record<string, (source: ByteSource) => void>> = {
    open: (source) => openMvcc(openBolt(source)),
    structure: (source) => assert.equal(checkBolt(source).verdict, "good"),
    inspect: (source) => inspectDb(openBolt(source), { topKeys: 0 }),
    live: (source) => assert.equal([...viewAt(openMvcc(openBolt(source)), 0n).records({ reusesMemory: true })].length, 30),
  };
  for (const [name, walk] of Object.entries(walks)) {
    const source = new CountingSource(large);
    walk(source);
    assert.ok(source.filledBytes < 17_000_000, `${name}: ${String(source.filledBytes)} bytes`);
  }
});

test("viewAt: records that may be kept keep their bytes after the walk", () => {
  const kept = [...viewAt(openMvcc(openBolt(new MemoryByteSource(database))), 0n).records()];
  assert.deepEqual(
    kept.map((record) => new TextDecoder().decode(record.key)).sort(),
    Array.from({ length: 300 }, (_, at) => `/registry/configmaps/a/${String(at)}`).sort(),
  );
  assert.ok(kept.every((record) => Buffer.compare(record.value, value) === 0));
});
