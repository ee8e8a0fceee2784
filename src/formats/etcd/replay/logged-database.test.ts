import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseBytes, landmarkWrites as writes } from "../../../../test/support/kube-database.ts";
import { makeWal, segmentsOf, textEntry } from "../../../../test/support/make-wal.ts";
import { openBolt } from "../../bbolt/bolt-file.ts";
import { MemoryByteSource } from "../../byte-source.ts";
import { encodeConfChange } from "../raft/encode-raft.ts";
import { encodeSnapFile } from "../snap/snap-file.ts";
import { openWal } from "../wal/open-wal.ts";
import { loggedDatabase } from "./logged-database.ts";
import { usableLog, type UsableLog } from "./usable-log.ts";

const boltOf = (shape: { readonly storesTerm?: boolean; readonly namesMembers?: boolean } = {}) =>
  openBolt(new MemoryByteSource(databaseBytes({ writes, consistentIndex: 10n, ...shape }), "db"));
const founders = (index: bigint, voters: readonly bigint[]) => {
  const confState = { voters, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const source = new MemoryByteSource(encodeSnapFile({ index, term: 1n, confState, data: new Uint8Array(0) }), "snap");
  return { snapFiles: [{ name: "snap", source }] };
};
const join = encodeConfChange({ kind: "add-learner-node", id: 1n, memberId: 0xb2n, context: Buffer.from("{}") });
/** Entries 1 to 12 in the log of b2; the database names a1. */
const used = (database: ReturnType<typeof loggedDatabase>, joinsAt?: number): UsableLog => {
  const wal = makeWal(
    (writer) => {
      for (let index = 1; index <= 12; index += 1)
        writer.entry(index === joinsAt ? { kind: "conf-change", term: 2n, index: BigInt(index), data: join } : textEntry(index, 2));
    },
    { memberId: 0xb2n },
  );
  return usableLog(openWal(segmentsOf(wal)), database, "b2");
};
const none = { snapFiles: [] };

test("the log of a member that the database does not know is not used, and it is said whose it is", () => {
  const { log, loss, stranger, throughIndex } = used(loggedDatabase(boltOf(), none));
  assert.deepEqual([log, throughIndex, loss?.kind, loss?.missingThrough], [undefined, 10n, "does-not-fit", undefined]);
  assert.match(stranger ?? "", /member b2 of cluster c1, and the database knows only a1/);
  assert.equal(used(loggedDatabase(boltOf(), none), 9).loss?.kind, "does-not-fit", "a cluster's own founding is below any database");
});

test("a member that joins has the others' entries before the one that makes it a member: that log is its own", () => {
  assert.equal(used(loggedDatabase(boltOf(), none), 11).loss, undefined);
});

test("a restored database in the old data dir is not continued by the old log, though the ids are the same", () => {
  const wal = (restored: boolean) =>
    openWal(
      segmentsOf(
        makeWal((writer) => {
          writer.entry({ kind: "conf-change", term: 1n, index: 1n, data: join });
          const confState = { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
          if (restored) writer.snapshot({ index: 1n, term: 1n, confState });
          for (let index = 2; index <= 12; index += 1) writer.entry(textEntry(index, 1));
        }),
      ),
    );
  const database = { consistentIndex: 1n, term: 1n, memberIds: new Set([0xa1n]), revision: 68n };
  const { log, loss } = usableLog(wal(false), database, "a1");
  assert.deepEqual([log, loss?.kind], [undefined, "does-not-fit"]);
  assert.match(loss?.problems.join() ?? "", /revision 68, and the log begins with an empty database/);
  assert.equal(usableLog(wal(true), database, "a1").loss, undefined, "its own log begins with the restored state");
  assert.equal(usableLog(wal(false), { ...database, revision: 2n }, "a1").loss, undefined);
});

test("a database that names no member is compared with none", () => {
  assert.equal(used(loggedDatabase(boltOf({ namesMembers: false }), none)).loss, undefined);
});

test("what 3.4's restore made names the old members in its database, and the new ones in the snapshot file alone", () => {
  const old = boltOf({ storesTerm: false });
  assert.equal(used(loggedDatabase(old, founders(1n, [0xb2n]))).loss, undefined);
  assert.equal(used(loggedDatabase(old, founders(5000n, [0xb2n]))).loss?.kind, "does-not-fit");
  assert.equal(used(loggedDatabase(boltOf(), founders(1n, [0xb2n]))).loss?.kind, "does-not-fit", "later restores write both");
});
