import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { databaseBytes, landmarkWrites, snapshotBytes } from "../../../test/support/kube-database.ts";
import { makeWal, textEntry } from "../../../test/support/make-wal.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { hashKvFile } from "./hash-kv-file.ts";
import { rankFiles } from "./rank-files.ts";

const writes = landmarkWrites;
const requests = [putRequest("a"), putRequest("b")];
const survivors = {
  ...below("/behind", dataDirFilesOf({ writes, requests: [putRequest("a")], memberId: 2n })),
  ...below("/newest", dataDirFilesOf({ writes, requests, committed: 1 })),
  "/backup.db": snapshotBytes({ writes }),
};

test("rank: newest first by the last whole entry of the log; a snapshot counts by what it holds", () => {
  const context = memoryFileContext(survivors);
  const { ranks, isOneCluster } = rankFiles(context, ["/backup.db", "/behind", "/newest"]);
  assert.deepEqual(
    ranks.map((rank) => [rank.path, rank.isNewest, rank.newest?.index, rank.newest?.term, rank.uncertainEntries]),
    [
      ["/newest", true, 12n, 2n, 1n],
      ["/behind", false, 11n, 2n, 0n],
      ["/backup.db", false, 10n, 2n, 0n],
    ],
  );
  assert.equal(isOneCluster, true);
  assert.deepEqual(ranks.at(-1)?.problems, [], "a snapshot has no log, and misses none");
  assert.equal(context.files.openCount, 0);
});

test("rank: one that is damaged, running, missing or no data dir comes last with its reason, and the others are ranked", () => {
  const context = memoryFileContext({
    ...survivors,
    ...below("/running", dataDirFilesOf({ writes, requests })),
    "/other/notes.txt": "x",
    "/zipped": Uint8Array.of(0x1f, 0x8b, 8),
  });
  context.files.locked.set("/running/member/snap/db", 4711);
  const { ranks } = rankFiles(context, ["/none", "/running", "/other", "/zipped", "/newest"]);
  assert.deepEqual([ranks[0]?.path, ranks[0]?.isNewest, ranks.length], ["/newest", true, 5]);
  const why = Object.fromEntries(ranks.slice(1).map((rank) => [rank.path, rank.problems.join()]));
  assert.match(why["/none"] ?? "", /ENOENT/);
  assert.match(why["/running"] ?? "", /process 4711/);
  assert.match(why["/other"] ?? "", /notes\.txt/);
  assert.match(why["/zipped"] ?? "", /gzip/);
  assert.ok(ranks.slice(1).every((rank) => !rank.isNewest && rank.newest === undefined));
});

test("rank: when nothing can be read, the first error is the result", () => {
  assert.throws(() => rankFiles(memoryFileContext(), ["/a", "/b"]), isRecoveryError("FILE_NOT_FOUND"));
});

test("rank: of two clusters none is the newest", () => {
  const wal = makeWal((writer) => writer.entry(textEntry(900, 9)), { clusterId: 0xc2n });
  const context = memoryFileContext({
    ...survivors,
    "/foreign/member/snap/db": databaseBytes({ writes, consistentIndex: 900n }),
    ...Object.fromEntries([...wal].map(([name, bytes]) => [`/foreign/member/wal/${name}`, bytes])),
  });
  const { ranks, isOneCluster } = rankFiles(context, ["/newest", "/foreign"]);
  assert.equal(isOneCluster, false);
  assert.ok(ranks.every((rank) => !rank.isNewest));
});

test("rank: a database that a leader sent and that was not taken over yet counts, as etcd takes it over at its next start", () => {
  const received = databaseBytes({ writes: [...writes, ["/a", "1"]], consistentIndex: 100n });
  const wal = makeWal(
    (writer) => {
      for (let index = 1; index <= 12; index += 1) writer.entry(textEntry(index, 2));
      writer.snapshot({
        index: 100n,
        term: 2n,
        confState: { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false },
      });
      writer.state({ term: 2n, vote: 0n, commit: 100n });
    },
    { memberId: 0xa1n },
  );
  const context = memoryFileContext({
    "/m/member/snap/db": databaseBytes({ writes, consistentIndex: 12n }),
    "/m/member/snap/0000000000000064.snap.db": received,
    ...Object.fromEntries([...wal].map(([name, bytes]) => [`/m/member/wal/${name}`, bytes])),
  });
  const [rank] = rankFiles(context, ["/m"]).ranks;
  assert.deepEqual([rank?.newest?.index, rank?.database?.index], [100n, 100n]);
  assert.equal(hashKvFile(context, { path: "/m", revision: 0n, etcdVersion: undefined }).revision, 4n);
});
