import assert from "node:assert/strict";
import { test } from "node:test";
import { asClusterId } from "../../model/ids.ts";
import { historyMarks } from "./history-marks.ts";

const [own, other] = [asClusterId("aaaa"), asClusterId("bbbb")];
const known = [{ name: "set night", clusterId: own, revision: 50_000n }];

test("historyMarks: an offline copy is compared by what its own log says; where that says nothing, by the revision alone", () => {
  const codes = (answered: typeof own | undefined, clusterId: typeof own | undefined, revision: bigint): readonly string[] =>
    historyMarks(known, answered, { ...(clusterId === undefined ? {} : { clusterId }), revision }).map(({ code }) => code);
  assert.deepEqual(codes(undefined, other, 48_000n), ["OTHER_CLUSTER_ID"], "after a restore no revision is an older one");
  assert.deepEqual(codes(undefined, other, 60_000n), ["OTHER_CLUSTER_ID"], "an orphan's");
  assert.deepEqual(codes(undefined, own, 48_000n), ["OLDER_THAN_LAST_SEEN"]);
  assert.deepEqual(codes(undefined, own, 60_000n), []);
  assert.deepEqual(codes(undefined, undefined, 48_000n), ["OLDER_THAN_LAST_SEEN"]);
  assert.deepEqual(codes(other, undefined, 48_000n), [], "what answered was judged before");
  assert.deepEqual(historyMarks([], undefined, { clusterId: other, revision: 1n }), []);
});
