import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MemoryByteSource, type ByteSource } from "../../src/formats/byte-source.ts";
import { hashKv } from "../../src/formats/etcd/mvcc/hash-kv.ts";
import { openMvcc } from "../../src/formats/etcd/mvcc/open-mvcc.ts";
import { openDataDir, type DataDirFiles } from "../../src/formats/etcd/data-dir/data-dir.ts";
import { readMemberState } from "../../src/formats/etcd/replay/member-state.ts";
import { loadUntilGone, type Ledger } from "./kill-load.ts";
import { exactVersion, type PlainEtcd } from "./plain-etcd.ts";
import { seededRandom } from "./seeded-random.ts";

export interface KillTrial {
  readonly entryCount: number;
  readonly refusedCount: number;
  readonly uncertainCount: number;
  readonly acknowledged: number;
  /** False when the newest revision is the compact revision, whose hash no file gives (failure catalogue M5). */
  readonly isCompared: boolean;
}

/** Short election, so that a restarted single member serves at once; a database that lags, so that the log's tail is long. */
export function killTrialFlags(random: () => number): readonly string[] {
  const interval = ["100ms", "1s", "5s"][Math.floor(random() * 3)] ?? "1s";
  return [
    "--heartbeat-interval=10",
    "--election-timeout=100",
    `--backend-batch-interval=${interval}`,
    `--snapshot-count=${String(200 + Math.floor(random() * 2000))}`,
  ];
}

export function fileSource(path: string): ByteSource {
  return new MemoryByteSource(readFileSync(path), basename(path));
}

/** A data dir on disk, read whole, file by file. */
export function localDataDir(path: string): DataDirFiles {
  return {
    name: path,
    list: (folder) => (existsSync(join(path, folder)) ? readdirSync(join(path, folder)) : undefined),
    open: (file) => fileSource(join(path, file)),
  };
}

/** Loads a running etcd, kills it at a random moment, replays its files, starts it again, and compares. It runs when this returns. With `keepIn`, the dir as it was found stays there when the trial fails. */
export async function killTrial(etcd: PlainEtcd, ledger: Ledger, seed: number, keepIn?: string): Promise<KillTrial> {
  const random = seededRandom(seed);
  let isGone = false;
  const load = loadUntilGone(etcd, ledger, { seed, isGone: () => isGone });
  await sleep(50 + random() * 1200);
  const killed = etcd.kill();
  isGone = true;
  await killed;
  await load;
  if (keepIn !== undefined) await cp(etcd.dataDir, keepIn, { recursive: true });
  const version = exactVersion[etcd.version];
  const { bolt, replay: facts } = readMemberState(openDataDir(localDataDir(etcd.dataDir)), { version });
  assert.ok(facts);
  const records = openMvcc(bolt);
  assert.equal(facts.notReplayedCount, 0);
  assert.equal(records.revision, facts.throughRevision);
  const missing = new Map(ledger.acknowledged);
  for (const record of records.records()) {
    const key = new TextDecoder().decode(record.key);
    if (missing.get(key) === record.main) missing.delete(key);
  }
  // What was compacted is the newest record of its key: ledger keys have one record each.
  assert.deepEqual(
    [...missing].slice(0, 5),
    [],
    `${String(missing.size)} acknowledged writes are missing from the replay (seed ${String(seed)})`,
  );
  const compact = records.scheduledCompactRevision ?? records.compactRevision ?? -1n;
  const isCompared = records.revision > compact;
  const ours = isCompared ? hashKv(records, 0n, { version }) : undefined;
  await etcd.startProcess();
  const theirs = await etcd.hashKv(isCompared ? records.revision : 0n);
  assert.equal(theirs.header?.revision, records.revision, `revision after the restart (seed ${String(seed)})`);
  if (ours !== undefined)
    assert.equal(ours.hash, theirs.hash, `hash at ${String(records.revision)}, compacted ${String(compact)} (seed ${String(seed)})`);
  if (keepIn !== undefined) await rm(keepIn, { recursive: true });
  return {
    entryCount: facts.entryCount,
    refusedCount: facts.refusedCount,
    uncertainCount: facts.uncertain.entryCount,
    acknowledged: ledger.acknowledged.size,
    isCompared,
  };
}
