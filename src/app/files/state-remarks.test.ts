import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { requestsFor } from "../../../test/support/file-requests.ts";
import { landmarkWrites as writes } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext, type MemoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { checkFile } from "./check-file.ts";
import { getObjects } from "./get-objects.ts";
import { inspectFile } from "./inspect-file.ts";
import { rankFiles } from "./rank-files.ts";

const files = dataDirFilesOf({ writes, requests: [] });
const database = files["member/snap/db"] ?? new Uint8Array(0);

function dirWith(more: Readonly<Record<string, Uint8Array>>): MemoryFileContext {
  return memoryFileContext({ ...below("/m", { ...files, ...more }) });
}

test("names in member/snap and member/wal that etcd passes over are passed over and said by inspect, check and rank", () => {
  const names = ["snap/0000.snap.bak", "snap/1.snap.broken", "snap/db.tmp1", "snap/tmp1", "wal/1.wal.broken"].map(
    (name) => `member/${name}`,
  );
  const odd = [...names, "member/wal/0.tmp", "member/snap/foo.snap"];
  const context = dirWith(Object.fromEntries(odd.map((name) => [name, new Uint8Array(3)])));
  const said = ["member/wal/1.wal.broken", ...names.slice(0, 4)].join(", ");
  const { verdict, remarks } = checkFile(context, "/m");
  assert.equal(verdict, "good");
  assert.deepEqual(remarks, [`not of the data, and passed over or renamed to .broken by an etcd that starts: ${said}`]);
  assert.deepEqual(inspectFile(context, "/m").remarks, remarks);
  assert.deepEqual(rankFiles(context, ["/m"]).ranks[0]?.remarks, remarks);
  assert.deepEqual(checkFile(dirWith({}), "/m").remarks, []);
});

test("a snapshot that was copied over the database of a data dir is told by the sha256 behind its pages, and a change since is no good verdict", () => {
  const sha256 = createHash("sha256").update(database).digest();
  const over = (tail: Uint8Array) => dirWith({ "member/snap/db": Buffer.concat([database, tail]) });
  const partOf = (context: MemoryFileContext) => {
    const { verdict, checks } = checkFile(context, "/m");
    return `${verdict}, ${String(checks[0]?.verdict)}: ${String(checks[0]?.detail)}`;
  };
  assert.match(partOf(over(sha256)), /^good, good: \/m\/member\/snap\/db ends as a snapshot does.* right sha256/);
  assert.match(partOf(over(sha256.fill(1, 0, 1))), /^incomplete, unjudged: .* not the sha256 of what it holds now/);
  assert.match(partOf(over(new Uint8Array(7))), /^incomplete, unjudged: 7 bytes stand behind the last whole page/);
  assert.match(partOf(dirWith({})), /^good, absent/);
  const { remarks, sha256: fact } = inspectFile(over(new Uint8Array(32)), "/m");
  assert.deepEqual([remarks.length, fact.present], [1, false]);
  assert.match(rankFiles(over(new Uint8Array(32)), ["/m"]).ranks[0]?.remarks.join() ?? "", /ends as a snapshot does/);
  assert.equal(getObjects(over(new Uint8Array(32)), requestsFor("/m", "/new").get, () => undefined).sha256, undefined);
});

test("a snapshot in the place of a data dir's database is not taken for all there is: the log stands beside it", () => {
  const logged = dataDirFilesOf({ writes, requests: [putRequest("/a", { value: "1" })] });
  const whole = logged["member/snap/db"] ?? new Uint8Array(0);
  const context = memoryFileContext(
    below("/m", { ...logged, "member/snap/db": Buffer.concat([whole, createHash("sha256").update(whole).digest()]) }),
  );
  const { form, verdict, checks } = checkFile(context, "/m/member/snap/db");
  assert.deepEqual([form, verdict], ["snapshot", "incomplete"]);
  assert.match(checks.at(-1)?.problems[0]?.what ?? "", /its log stands beside it/);
});
