import assert from "node:assert/strict";
import { test } from "node:test";
import { asHostName } from "../../model/ids.ts";
import { judgeHashes } from "./judge-hashes.ts";

const [cp1, cp2, cp3] = [asHostName("cp1"), asHostName("cp2"), asHostName("cp3")];
const asked = { revision: 9n, voters: 3 };
const said = (host: typeof cp1, hash: number, compactRevision = 5n) => ({ host, hash, compactRevision });

test("judgeHashes: equal data is unmarked; what one member says otherwise is disagreement, and the majority's is taken", () => {
  assert.deepEqual(judgeHashes([said(cp1, 1), said(cp2, 1), said(cp3, 1)], asked), { hosts: [cp1, cp2, cp3], marks: [] });
  const odd = judgeHashes([said(cp1, 2), said(cp2, 1), said(cp3, 1)], asked);
  assert.deepEqual(odd.hosts, [cp2, cp3]);
  assert.deepEqual(
    odd.marks.map(({ code }) => code),
    ["MEMBERS_DISAGREE"],
  );
  assert.match(odd.marks[0]?.because ?? "", /cp2, cp3 1; cp1 2/);
});

test("judgeHashes: two of three that differ are no majority; one that says nothing was not compared", () => {
  const half = judgeHashes([said(cp1, 2), said(cp2, 1)], asked);
  assert.deepEqual(half.hosts, [cp1, cp2]);
  assert.match(half.marks[0]?.because ?? "", /no majority/);
  const silent = judgeHashes([said(cp1, 1), said(cp2, 1), { host: cp3, problem: "too slow" }], asked);
  assert.deepEqual(silent.hosts, [cp1, cp2]);
  assert.deepEqual(
    silent.marks.map(({ code }) => code),
    ["MEMBER_UNHEALTHY"],
  );
  assert.deepEqual(judgeHashes([{ host: cp1, problem: "x" }], asked).hosts, [cp1]);
});

test("judgeHashes: members at different compactions cannot be compared, which is no disagreement", () => {
  const found = judgeHashes([said(cp1, 1, 4n), said(cp2, 2, 5n)], asked);
  assert.deepEqual(found.hosts, [cp1, cp2]);
  assert.deepEqual(
    found.marks.map(({ code }) => code),
    ["MEMBER_UNHEALTHY"],
  );
});

test("judgeHashes: two members that differ at one compaction disagree, wherever the third stands; only those that can be compared are named", () => {
  const found = judgeHashes([said(cp1, 1), said(cp2, 2), said(cp3, 3, 6n)], asked);
  assert.deepEqual(found.hosts, [cp1, cp2, cp3]);
  assert.deepEqual(
    found.marks.map(({ code }) => code),
    ["MEMBER_UNHEALTHY", "MEMBERS_DISAGREE"],
  );
  assert.match(found.marks[1]?.because ?? "", /\(hashkv cp1 1; cp2 2\); no majority/);
  const [cp4, cp5] = [asHostName("cp4"), asHostName("cp5")];
  const five = [said(cp1, 1), said(cp2, 1), said(cp3, 1), said(cp4, 2), said(cp5, 3, 6n)];
  assert.deepEqual(judgeHashes(five, { revision: 9n, voters: 5 }).hosts, [cp1, cp2, cp3]);
});
