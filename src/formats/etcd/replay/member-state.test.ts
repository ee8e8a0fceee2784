import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBoltSink } from "../../../../test/support/bolt-bytes.ts";
import { makeWal } from "../../../../test/support/make-wal.ts";
import { MemoryBolt, putEntry } from "../../../../test/support/memory-bolt.ts";
import { putRequest } from "../../../../test/support/raft-requests.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { writeBolt } from "../../bbolt/bolt-writer.ts";
import { MemoryByteSource } from "../../byte-source.ts";
import { openDataDir, type DataDir } from "../data-dir/data-dir.ts";
import { openMvcc } from "../mvcc/open-mvcc.ts";
import { readMemberState } from "./member-state.ts";

const voters = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

/** A database with one key, written by entry `index` of this term. */
function databaseAt(index: bigint, term = 1n): Uint8Array {
  const uint64 = (value: bigint): Uint8Array => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return bytes;
  };
  const bolt = new MemoryBolt({
    key: [putEntry(2n, `written by ${String(index)}`, { create: 2n })],
    meta: [
      { key: Buffer.from("consistent_index"), value: uint64(index) },
      { key: Buffer.from("term"), value: uint64(term) },
    ],
  });
  const sink = new MemoryBoltSink();
  writeBolt(
    sink,
    [...bolt.root.bucketNames()].map((name) => ({ name, entries: bolt.root.bucket(name)?.entries() ?? [] })),
  );
  return sink.content();
}

/** Entries of term 1 that put `e<index>`. */
function logOf(indexes: readonly bigint[], snapshotAt?: bigint): Map<string, Uint8Array> {
  return makeWal((wal) => {
    if (snapshotAt !== undefined) {
      wal.state({ term: 1n, vote: 0n, commit: snapshotAt });
      wal.snapshot({ index: snapshotAt, term: 1n, confState: voters });
    }
    for (const index of indexes) wal.entry({ kind: "normal", term: 1n, index, data: putRequest(`e${String(index)}`) });
  });
}

function dirOf(snap: Readonly<Record<string, Uint8Array>>, wal: ReadonlyMap<string, Uint8Array>): DataDir {
  const folders: Readonly<Record<string, readonly string[]>> = {
    member: ["snap", "wal"],
    "member/snap": Object.keys(snap),
    "member/wal": [...wal.keys()],
  };
  return openDataDir({
    name: "dir",
    list: (folder) => folders[folder],
    open: (path) => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      return new MemoryByteSource(snap[name] ?? wal.get(name) ?? new Uint8Array(0), name);
    },
  });
}

function keysOf(state: ReturnType<typeof readMemberState>): readonly string[] {
  return [...openMvcc(state.bolt).records()].map(({ key }) => Buffer.from(key).toString());
}

test("member state: the log goes over the database; on request it is left out", () => {
  const dir = dirOf({ db: databaseAt(2n) }, logOf([1n, 2n, 3n, 4n]));
  assert.deepEqual(keysOf(readMemberState(dir)), ["written by 2", "e3", "e4"]);
  const alone = readMemberState(dir, { through: "database" });
  assert.deepEqual(keysOf(alone), ["written by 2"]);
  assert.equal(alone.replay, undefined);
});

test("member state: a log that is missing is LOG_DOES_NOT_FIT, unless its loss is accepted", () => {
  const dir = dirOf({ db: databaseAt(2n) }, new Map());
  assert.throws(() => readMemberState(dir), { code: "LOG_DOES_NOT_FIT" });
  const state = readMemberState(dir, { acceptsLoss: true });
  assert.deepEqual(keysOf(state), ["written by 2"]);
  assert.equal(state.loss?.kind, "missing");
});

test("member state: a database that a leader sent and that was not taken over yet is the one that counts", () => {
  const received = { db: databaseAt(2n), "0000000000000064.snap.db": databaseAt(100n) };
  const state = readMemberState(dirOf(received, logOf([101n], 100n)));
  assert.deepEqual(keysOf(state), ["written by 100", "e101"]);
  assert.equal(state.databaseName, "0000000000000064.snap.db");
  assert.throws(
    () => readMemberState(dirOf({ db: databaseAt(2n) }, logOf([101n], 100n))),
    (error) => error instanceof RecoveryError && error.code === "LOG_DOES_NOT_FIT" && error.message.includes("entries 3 to 101"),
  );
});

test("member state: a log of another history is LOG_DOES_NOT_FIT", () => {
  assert.throws(
    () => readMemberState(dirOf({ db: databaseAt(2n, 5n) }, logOf([1n, 2n, 3n]))),
    (error) => error instanceof RecoveryError && error.code === "LOG_DOES_NOT_FIT" && error.message.includes("term 5"),
  );
});

test("member state: entries missing between database and log are LOG_DOES_NOT_FIT; the database alone can be had", () => {
  const dir = dirOf({ db: databaseAt(2n) }, logOf([5n, 6n]));
  assert.throws(
    () => readMemberState(dir),
    (error) => error instanceof RecoveryError && error.code === "LOG_DOES_NOT_FIT",
  );
  assert.deepEqual(keysOf(readMemberState(dir, { through: "database" })), ["written by 2"]);
});

test("member state: a directory with a log and no database is FILE_NOT_RECOGNISED", () => {
  assert.throws(
    () => readMemberState(dirOf({}, logOf([1n]))),
    (error) => error instanceof RecoveryError && error.code === "FILE_NOT_RECOGNISED",
  );
});
