import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseBytes, landmarkWrites as writes } from "../../test/support/kube-database.ts";
import { memoryFileContext } from "../../test/support/memory-file-context.ts";
import { restoreRequest } from "../../test/support/restore-request.ts";
import { restoreFile } from "../app/files/restore-file.ts";
import { drawPage } from "../cli/terminal/draw-page.ts";
import { restorePage, type RestoreDocument } from "./restore-page.ts";

const made = restoreFile(memoryFileContext({ "/db": databaseBytes({ writes }) }), restoreRequest("/db", "/x y", { targetMinor: "3.6" }));

function shown(differing: Partial<RestoreDocument>, isAlone = true): string {
  const page = restorePage({ apiVersion: "requorum/v1", kind: "SnapshotRestore", ...made, ...differing }, { others: [], isAlone });
  return drawPage(page, { columns: 500, hasColor: false });
}

test("restore: says which etcd the data dir is for, and that clients will need a password", () => {
  assert.equal(made.authIsEnabled, false);
  assert.doesNotMatch(shown({}), /auth/);
  assert.match(shown({ authIsEnabled: true }), /auth +on, as in the source: clients need a user/);
  assert.match(
    shown({ metaDamage: { offset: 0, what: "meta page 0: the last commit may be lost", isInLog: false } }),
    /damage +meta page 0: the last commit may be lost/,
  );
  assert.match(shown({ storageVersion: "3.7.0" }), /storage +3\.7\.0: for etcd 3\.7 or newer; .*--etcd-version/);
  assert.match(shown({}, false), /--data-dir '\/x y';/, "also in a sentence it may be copied");
});
