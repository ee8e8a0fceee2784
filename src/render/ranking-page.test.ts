import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseBytes, landmarkWrites as writes } from "../../test/support/kube-database.ts";
import { memoryFileContext } from "../../test/support/memory-file-context.ts";
import { rankFiles } from "../app/files/rank-files.ts";
import { drawPage } from "../cli/terminal/draw-page.ts";
import { leftAsideWords } from "./object-text.ts";
import { rankingPage } from "./ranking-page.ts";

test("rank: a term that is not known is explained where there is one, and only there", () => {
  const ranking = rankFiles(memoryFileContext({ "/db": databaseBytes({ writes }) }), ["/db"]);
  const shown = (term: bigint | undefined): string => {
    const ranks = ranking.ranks.map((rank) => ({ ...rank, newest: { index: 11n, term } }));
    const document = { apiVersion: "requorum/v1", kind: "SnapshotRanking", ...ranking, ranks } as const;
    return drawPage(rankingPage(document), { columns: 500, hasColor: false });
  };
  assert.match(shown(undefined), /11 \(\?\)[^]*\(\?\): etcd 3\.4 keeps no term/);
  assert.doesNotMatch(shown(2n), /3\.4/);
});

test("what is left out is counted so that one of each reads right, too", () => {
  const words = leftAsideWords({ leftAside: [{ resource: "events", objects: 1 }] });
  assert.equal(words, "1 object that the cluster makes again by itself left out (events: 1); --all includes them");
});
