import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { databaseBytes, kubeJson, landmarkWrites, type KeyWrites } from "../../../test/support/kube-database.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { Terminal } from "../terminal/terminal.ts";
import { printObjects, type PrintObjectsRequest } from "./print-objects.ts";
import { runFileTask } from "./run-file-task.ts";
import { ReaderGone } from "./text-flow.ts";

/** Each is more than one piece. */
const letters = 200_000;
const many: KeyWrites = [
  ...landmarkWrites,
  ...["c", "a", "b", "d", "e", "f", "g", "h", "i", "j"].map((name): KeyWrites[number] => [
    `/registry/configmaps/shop/${name}`,
    kubeJson("v1", "ConfigMap", { name, namespace: "shop" }, { data: { a: name.repeat(letters) } }),
  ]),
];
const all = { what: undefined, namespace: undefined, selector: undefined };
const requestOf = (path: string, form: "yaml" | "json"): PrintObjectsRequest => ({
  path,
  selection: all,
  revision: 0n,
  isRaw: false,
  encryptionConfig: undefined,
  form,
});

test("get: objects are written while they are read, namespaces first, and the pieces are one YAML stream or one JSON list", () => {
  for (const form of ["yaml", "json"] as const) {
    const context = memoryFileContext({ "/db": databaseBytes({ writes: many }) });
    const pieces: string[] = [];
    const found = printObjects(context, requestOf("/db", form), (text) => {
      assert.ok(text.length < 3 * letters, "never more than a piece and an object");
      pieces.push(text);
    });
    assert.equal(found.objectCount, 12);
    assert.ok(pieces.length >= 10);
    const text = pieces.join("");
    const names =
      form === "json"
        ? (JSON.parse(text) as { items: { metadata: { name: string } }[] }).items.map((one) => one.metadata.name)
        : text.split("---\n").map((one) => /^ {2}name: (.*)$/m.exec(one)?.[1]);
    assert.deepEqual(names, ["default", "kube-system", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
  }
});

test("get: an error after the first object says where the objects end, YAML says that it is cut off, and JSON is no list", () => {
  for (const form of ["yaml", "json"] as const) {
    const context = memoryFileContext({ "/db": databaseBytes({ writes: many }) });
    let text = "";
    const open = context.files.open.bind(context.files);
    context.files.open = (name) => {
      const file = open(name);
      const readInto = (offset: number, into: Uint8Array): void => {
        if (text.length > 3 * letters) throw new RecoveryError("LOCAL_FILE_FAILED", { subject: "file /db", detail: "it is gone" });
        file.readInto(offset, into);
      };
      return { ...file, readInto };
    };
    const failing = (): void => {
      printObjects(context, requestOf("/db", form), (piece) => (text += piece));
    };
    assert.throws(
      failing,
      isRecoveryError(
        "LOCAL_FILE_FAILED",
        /it is gone; \d objects were given before that, the last \/registry\/configmaps\/shop\/\w: what comes after it is left out/,
      ),
    );
    if (form === "yaml") assert.match(text.slice(-100), /\n# cut off here by an error\n$/);
    else assert.throws(() => JSON.parse(text) as unknown, SyntaxError);
  }
});

test("get: of a file that changes while objects are given, those that were given are in doubt; of one that changed before, none is given", () => {
  const context = memoryFileContext({ "/db": databaseBytes({ writes: many }) });
  const changes = (): void => {
    printObjects(context, requestOf("/db", "yaml"), () => context.files.changing.add("/db"));
  };
  assert.throws(
    changes,
    isRecoveryError("FILE_CHANGED", /12 objects were given before that, .*that is all of them, but they may be wrong/),
  );
  let pieces = 0;
  assert.throws(() => printObjects(context, requestOf("/db", "yaml"), () => (pieces += 1)), isRecoveryError("FILE_CHANGED"));
  assert.equal(pieces, 0);
});

function setting(context: TestContext, out: { readonly gone?: AbortSignal; readonly settled: () => Promise<undefined> }) {
  const work = mkdtempSync(join(tmpdir(), "requorum-print-"));
  context.after(() => {
    rmSync(work, { recursive: true });
  });
  writeFileSync(join(work, "db"), databaseBytes({ writes: many }));
  let letters = 0;
  const sink = { write: (text: string) => (letters += text.length), isTty: false, columns: 80, rows: 24 };
  const terminal = new Terminal({
    out: { ...sink, ...out },
    err: sink,
    canAsk: false,
    noColor: true,
    readAnswer: () => Promise.resolve(""),
  });
  const stop = new AbortController();
  const directories = { work, config: work, state: work, cache: work };
  const cli = { terminal, signal: stop.signal, directories, openCluster: () => Promise.reject(new Error("no cluster is needed")) };
  return { run: () => runFileTask(cli, "get", requestOf(join(work, "db"), "yaml")), stop, written: () => letters };
}

test("get: a reader that waits is waited for, with a few pieces under way; Ctrl-C ends the wait", { timeout: 20_000 }, async (context) => {
  const { run, stop, written } = setting(context, {
    settled: () => {
      // Far longer than the rest would take to be written.
      setTimeout(() => stop.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "Ctrl-C" })), 200);
      return new Promise(() => undefined);
    },
  });
  await assert.rejects(run(), { code: "INTERRUPTED" });
  assert.ok(written() > letters && written() < 6 * letters, String(written()));
});

test("get: a reader that has gone ends the work at once", async (context) => {
  const gone = new AbortController();
  const { run, written } = setting(context, {
    gone: gone.signal,
    settled: () => {
      gone.abort();
      return Promise.resolve(undefined);
    },
  });
  await assert.rejects(run(), ReaderGone);
  assert.ok(written() < 6 * letters, String(written()));
});
