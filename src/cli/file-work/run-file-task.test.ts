import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { RecoveryError } from "../../model/recovery-error.ts";
import { databaseBytes } from "../../../test/support/kube-database.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { Terminal } from "../terminal/terminal.ts";
import { runFileTask } from "./run-file-task.ts";

const sink = { write: () => undefined, isTty: false, columns: 80, rows: 24, drain: () => Promise.resolve() };

test("a restore that is stopped while it writes leaves nothing of what it wrote", async (context) => {
  const work = mkdtempSync(join(tmpdir(), "requorum-stopped-"));
  context.after(() => {
    rmSync(work, { recursive: true });
  });
  const value = new Uint8Array(1 << 20).fill(120);
  writeFileSync(join(work, "db"), databaseBytes({ writes: Array.from({ length: 16 }, (_, at) => [`/a/${String(at)}`, value]) }));
  const stop = new AbortController();
  const terminal = new Terminal({ out: sink, err: sink, canAsk: false, noColor: true, readAnswer: () => Promise.resolve("") });
  const directories = { work, config: work, state: work, cache: work };
  const cli = { terminal, signal: stop.signal, directories, openCluster: () => Promise.reject(new Error("no cluster is needed")) };
  let youngMb: number | undefined;
  process.once("worker", ({ resourceLimits }) => (youngMb = resourceLimits?.maxYoungGenerationSizeMb));
  const restore = runFileTask(cli, "restore", restoreRequest(join(work, "db"), join(work, "new")));
  const refused = assert.rejects(restore, { code: "INTERRUPTED" });
  // Far longer than it takes; the assertion below says when it was not seen.
  for (let tries = 0; tries < 5000 && readdirSync(work).length === 1; tries += 1) await pause(1);
  assert.match(readdirSync(work).join(), /^\.new\.requorum-\w+,db$/, "the restore is under way");
  stop.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "Ctrl-C" }));
  await refused;
  assert.deepEqual(readdirSync(work), ["db"]);
  assert.equal(youngMb, 16, "what records take that die young does not grow with the file");
});
