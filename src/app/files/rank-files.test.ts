import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { databaseBytes, landmarkWrites, snapshotBytes } from "../../../test/support/kube-database.ts";
import { makeWal, textEntry } from "../../../test/support/make-wal.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { authEnableRequest, putRequest } from "../../../test/support/raft-requests.ts";
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

test("rank: of one that cannot be read the error is the result, of several each has its row", () => {
  assert.throws(() => rankFiles(memoryFileContext(), ["/a"]), isRecoveryError("FILE_NOT_FOUND"));
  const context = memoryFileContext(survivors);
  context.files.locked.set("/newest/member/snap/db", 4711);
  const { ranks, isOneCluster } = rankFiles(context, ["/newest", "/b"]);
  assert.equal(isOneCluster, undefined);
  assert.match(ranks[0]?.problems.join() ?? "", /its member may have the newest state: .*process 4711.*FILE_IN_USE/);
  assert.match(ranks[1]?.problems.join() ?? "", /ENOENT/);
  assert.ok(ranks.every((rank) => !rank.isNewest && rank.missingEntries === undefined && rank.revision === undefined));
});

test("rank: what each lacks against the newest, in entries and in revisions", () => {
  const { ranks } = rankFiles(memoryFileContext(survivors), ["/backup.db", "/behind", "/newest"]);
  assert.deepEqual(
    ranks.map((rank) => [rank.path, rank.revision, rank.missingEntries, rank.missingRevisions]),
    [
      ["/newest", 5n, 0n, 0n],
      ["/behind", 4n, 1n, 1n],
      ["/backup.db", 3n, 2n, 2n],
    ],
  );
});

test("rank: an entry that a later leader overruled makes what is missing unknown, and is named", () => {
  const longer = below("/overruled", dataDirFilesOf({ writes, requests: [putRequest("x"), putRequest("y"), putRequest("z")] }));
  const wal = makeWal(
    (writer) => {
      for (let index = 1; index <= 10; index += 1) writer.entry(textEntry(index, 2));
      for (let index = 11; index <= 14; index += 1) writer.entry({ kind: "normal", term: 3n, index: BigInt(index), data: putRequest("b") });
      writer.state({ term: 3n, vote: 0n, commit: 14n });
    },
    { memberId: 0xa1n },
  );
  const context = memoryFileContext({
    ...longer,
    "/leader/member/snap/db": databaseBytes({ writes }),
    ...Object.fromEntries([...wal].map(([name, bytes]) => [`/leader/member/wal/${name}`, bytes])),
  });
  const { ranks } = rankFiles(context, ["/overruled", "/leader"]);
  assert.deepEqual([ranks[0]?.path, ranks[1]?.missingEntries, ranks[1]?.missingRevisions], ["/leader", undefined, undefined]);
  assert.match(ranks[1]?.remarks.join() ?? "", /its entry 13 is of term 2, and in \/leader of term 3/);
});

test("rank: a snapshot whose content was changed, and a dir whose log is damaged, stand behind whatever is whole", () => {
  const changed = snapshotBytes({ writes, consistentIndex: 90n });
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  const far = dataDirFilesOf({ writes, requests, consistentIndex: 95n });
  const context = memoryFileContext({
    ...survivors,
    "/changed.db": changed,
    "/no-log/member/snap/db": far["member/snap/db"] ?? "",
  });
  const { ranks } = rankFiles(context, ["/no-log", "/changed.db", "/backup.db", "/newest"]);
  assert.deepEqual(
    ranks.map((rank) => [rank.path, rank.isNewest, rank.isDamaged]),
    [
      ["/newest", true, false],
      ["/backup.db", false, false],
      ["/no-log", false, true],
      ["/changed.db", false, true],
    ],
  );
  assert.match(ranks[2]?.remarks.join() ?? "", /it holds 83 entries that \/newest has not/);
});

test("rank: a log with one wrong bit counts to what was committed in front of it, and its dir stands behind the whole ones", () => {
  const files = dataDirFilesOf({ writes, requests: [...requests, putRequest("c")] });
  const [name = ""] = Object.keys(files).filter((path) => path.endsWith(".wal"));
  const bytes = Uint8Array.from(files[name] ?? []);
  const at = Buffer.from(bytes).lastIndexOf(putRequest("b"));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const { ranks } = rankFiles(memoryFileContext({ ...survivors, ...below("/broken", { ...files, [name]: bytes }) }), [
    "/broken",
    "/behind",
  ]);
  assert.deepEqual(
    ranks.map((rank) => [rank.path, rank.isNewest, rank.isDamaged, rank.newest?.index, rank.revision]),
    [
      ["/behind", true, false, 11n, 4n],
      ["/broken", false, true, 10n, 3n],
    ],
  );
});

test("rank: a database with a damaged page, or meta page, stands behind whole ones, in a data dir, too", () => {
  const broken = (at: number) => {
    const bytes = Uint8Array.from(databaseBytes({ writes, consistentIndex: 90n }));
    bytes.fill(0xff, at, at + 64);
    return bytes;
  };
  const files = dataDirFilesOf({ writes, requests, consistentIndex: 80n });
  const bytes = Uint8Array.from(files["member/snap/db"] ?? []);
  bytes.fill(0xff, 16, 80);
  const context = memoryFileContext({
    ...survivors,
    "/meta.db": broken(16),
    "/page.db": broken(2 * 4096),
    ...below("/dir", { "member/snap/db": bytes }), // a log that continues it would give the commit again
  });
  const { ranks } = rankFiles(context, ["/meta.db", "/page.db", "/dir", "/newest"]);
  assert.deepEqual([ranks[0]?.path, ranks[0]?.isNewest], ["/newest", true]);
  for (const rank of ranks.slice(1)) assert.deepEqual([rank.isDamaged, rank.isNewest], [true, false], rank.path);
  const problems = (path: string) => ranks.find((rank) => rank.path === path)?.problems.join() ?? "";
  assert.match(problems("/meta.db"), /the last commit of this file may be lost/);
  assert.match(problems("/page.db"), /its pages are damaged \(\d+ problems; byte 8192/);
  assert.match(problems("/dir"), /the last commit of this file may be lost/);
});

test("rank: of two histories with the same ids none is the newest: a revision that both have is another write", () => {
  const context = memoryFileContext({
    "/one.db": snapshotBytes({ writes: [...writes, ["/a", "1"]], consistentIndex: 50n }),
    "/two.db": snapshotBytes({ writes: [...writes, ["/a", "2"], ["/b", "3"]], consistentIndex: 60n }),
  });
  const { ranks } = rankFiles(context, ["/one.db", "/two.db"]);
  assert.ok(ranks.every((rank) => !rank.isNewest));
  assert.match(ranks[1]?.problems.join() ?? "", /revision 4 is another write here than in \/two\.db/);
  assert.deepEqual([ranks[1]?.missingEntries, ranks[1]?.missingRevisions], [undefined, undefined]);
});

test("rank: where an entry of the log cannot be applied the revision is not known, and it is said why", () => {
  const context = memoryFileContext(below("/auth", dataDirFilesOf({ writes, requests: [authEnableRequest()] })));
  const [rank] = rankFiles(context, ["/auth"]).ranks;
  assert.deepEqual([rank?.newest?.index, rank?.revision], [11n, undefined]);
  assert.match(rank?.problems.join() ?? "", /its revision is not known: entry 11 of its log cannot be applied: auth/);
});

test("rank: one directory given twice, and two copies of one member, are one survivor and are said to be", () => {
  const context = memoryFileContext({ ...survivors, ...below("/copy", dataDirFilesOf({ writes, requests: [] })) });
  const { ranks } = rankFiles(context, ["/newest", "/newest/", "/newest", "/copy"]);
  assert.deepEqual(
    ranks.map((rank) => [rank.path, rank.problems.length]),
    [
      ["/newest", 0],
      ["/copy", 0],
    ],
  );
  assert.deepEqual(ranks[0]?.remarks, [
    "/newest/ is the same, under another name",
    "it was given more than once",
    "it is a copy of the same member as /copy",
  ]);
});

test("rank: a file belongs to the cluster whose members it names, and is of another when it names none of them", () => {
  const context = memoryFileContext({ ...survivors, "/foreign.db": snapshotBytes({ writes, memberId: 0xffn, consistentIndex: 900n }) });
  const own = rankFiles(context, ["/backup.db", "/newest"]);
  assert.deepEqual([own.isOneCluster, own.ranks.map((rank) => rank.clusterId)], [true, ["c1", "c1"]]);
  const two = rankFiles(context, ["/foreign.db", "/newest", "/backup.db"]);
  assert.equal(two.isOneCluster, false);
  assert.ok(two.ranks.every((rank) => !rank.isNewest && rank.missingEntries === undefined));
  assert.match(two.ranks.find((rank) => rank.path === "/foreign.db")?.problems.join() ?? "", /neither the cluster id nor any member/);
});

test("rank: of a file that names no members it is not known of which cluster it is, and it is never the newest", () => {
  const context = memoryFileContext({
    ...survivors,
    "/nobody.db": databaseBytes({ writes, memberId: undefined, namesMembers: false, consistentIndex: 900n }),
  });
  const { ranks, isOneCluster } = rankFiles(context, ["/nobody.db", "/newest"]);
  assert.equal(isOneCluster, undefined);
  assert.deepEqual(
    ranks.map((rank) => [rank.path, rank.isNewest]),
    [
      ["/newest", true],
      ["/nobody.db", false],
    ],
  );
  assert.match(ranks[1]?.problems.join() ?? "", /of which cluster it is cannot be told/);
});

test("rank: a database of 3.4 has no term, and stands where its index puts it among committed states", () => {
  const context = memoryFileContext({
    "/old.db": snapshotBytes({ writes, consistentIndex: 5n }),
    "/new.db": snapshotBytes({ writes: [...writes, ["/a", "1"]], consistentIndex: 90n, storesTerm: false }),
    "/mid.db": snapshotBytes({ writes, consistentIndex: 50n, storesTerm: false }),
  });
  const { ranks } = rankFiles(context, ["/old.db", "/mid.db", "/new.db"]);
  assert.deepEqual(
    ranks.map((rank) => [rank.path, rank.isNewest, rank.missingEntries, rank.missingRevisions, rank.problems.length]),
    [
      ["/new.db", true, 0n, 0n, 0],
      ["/mid.db", false, 40n, 1n, 0],
      ["/old.db", false, 85n, 1n, 0],
    ],
  );
});

test("rank: without its term nobody can tell a database from a log whose last entries may have been overruled", () => {
  const context = memoryFileContext({
    ...below("/newest", dataDirFilesOf({ writes, requests, committed: 0 })),
    "/11.db": snapshotBytes({ writes, consistentIndex: 11n, storesTerm: false }),
    "/12.db": snapshotBytes({ writes, consistentIndex: 12n, storesTerm: false }),
  });
  const below12 = rankFiles(context, ["/11.db", "/newest"]).ranks;
  assert.deepEqual(
    below12.map((rank) => [rank.path, rank.isNewest]),
    [
      ["/newest", false],
      ["/11.db", false],
    ],
  );
  assert.match(below12[1]?.problems.join() ?? "", /it may be newer than \/newest/);
  const at12 = rankFiles(context, ["/newest", "/12.db"]).ranks;
  assert.deepEqual(
    at12.map((rank) => [rank.path, rank.isNewest]),
    [
      ["/12.db", true],
      ["/newest", false],
    ],
    "what was committed at the log's end is at least as new as the log",
  );
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
