import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { landmarkWrites, snapshotBytes } from "../../../test/support/kube-database.ts";
import { checkBolt } from "../../formats/bbolt/check-bolt.ts";
import { MemoryByteSource } from "../../formats/byte-source.ts";
import type { ContentChecks } from "../../ports/byte-files.ts";
import { LocalByteFiles } from "./local-byte-files.ts";
import { LocalFileSpool } from "./local-file-spool.ts";
import { SealedByteFiles } from "./sealed-byte-files.ts";
import { LocalSealedSpool } from "./sealed-spool.ts";
import { startCheckThread } from "./start-check-thread.ts";

const content = Buffer.alloc(700_001, "requorum");
const sizeBytes = content.length - 32;

function fileWith(context: TestContext, bytes: Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), "requorum-sha256-"));
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  writeFileSync(join(directory, "file"), bytes);
  return join(directory, "file");
}

const files = new LocalByteFiles([], (work) => startCheckThread(work, { minBytes: 1 }));
const hashOnly = { sizeBytes, sha256: true, structure: false } as const;

test("checks beside: the hash of the first bytes of the file, with progress to its end", (context) => {
  const file = files.open(fileWith(context, content));
  const shown: number[] = [];
  const pending = file.startChecks?.(hashOnly);
  assert.deepEqual(
    pending?.wait((done) => shown.push(done)),
    { sha256: createHash("sha256").update(content.subarray(0, sizeBytes)).digest("hex"), structure: undefined },
  );
  assert.equal(shown.at(-1), sizeBytes);
  assert.equal(pending.wait(), pending.wait(), "the answer stays");
  file.close();
});

test("checks beside: what the thread's young objects may take does not grow with the file", (context) => {
  const script = new URL(
    `data:text/javascript,import{workerData as d,resourceLimits as l}from"node:worker_threads";const w=new Int32Array(d.shared);d.port.postMessage({sha256:String(l.maxYoungGenerationSizeMb)});Atomics.store(w,0,1);Atomics.notify(w,0)`,
  );
  const limited = new LocalByteFiles([], (work) => startCheckThread(work, { minBytes: 1, script }));
  const file = limited.open(fileWith(context, content));
  assert.deepEqual(file.startChecks?.(hashOnly)?.wait(), { sha256: "8" });
  file.close();
});

test("checks beside: structure and hash are those that the caller would find, whole or damaged", (context) => {
  const whole = snapshotBytes({ writes: landmarkWrites });
  const damaged = Uint8Array.from(whole, (byte, at) => (at % 4096 === 8 && at > 2 * 4096 ? byte ^ 0xff : byte));
  for (const bytes of [whole, damaged]) {
    const database = bytes.subarray(0, bytes.length - 32);
    const file = files.open(fileWith(context, bytes));
    const shown: number[] = [];
    const found = file
      .startChecks?.({ sizeBytes: database.length, sha256: true, structure: true })
      ?.wait((done, total) => shown.push(done / total));
    assert.deepEqual(found, {
      sha256: createHash("sha256").update(database).digest("hex"),
      structure: checkBolt(new MemoryByteSource(database, "x")),
    });
    assert.equal(shown.at(-1), 1);
    file.close();
  }
  const withoutMeta = files.open(fileWith(context, Buffer.alloc(65_536)));
  const none = withoutMeta.startChecks?.({ sizeBytes: 65_536, sha256: false, structure: true })?.wait();
  assert.equal(none, undefined, "what the check throws is thrown where the caller checks by himself");
  withoutMeta.close();
});

test("checks beside: of a sealed file the same, and no answer when it was changed", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-sealed-checks-"));
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  const opened = await new LocalSealedSpool(new LocalFileSpool({ cacheDirectory: directory })).open();
  const bytes = snapshotBytes({ writes: landmarkWrites });
  const file = await opened.create("snapshot.db");
  await file.append(bytes);
  await file.close();
  const reading = opened.reading();
  const beside = (): ContentChecks | undefined => {
    const sealed = new SealedByteFiles(reading, (work) => startCheckThread(work, { minBytes: 1 })).open("snapshot.db");
    const answer = sealed.startChecks?.({ sizeBytes: bytes.length - 32, sha256: true, structure: true })?.wait();
    sealed.close();
    return answer;
  };
  const database = bytes.subarray(0, bytes.length - 32);
  assert.deepEqual(beside(), {
    sha256: createHash("sha256").update(database).digest("hex"),
    structure: checkBolt(new MemoryByteSource(database, "snapshot.db")),
  });
  const [first] = reading.files;
  assert.ok(first !== undefined && "place" in first);
  const { place } = first;
  const lying = readFileSync(place);
  lying[100] = (lying[100] ?? 0) ^ 1;
  writeFileSync(place, lying);
  assert.equal(beside(), undefined);
});

test("checks beside: a file that took the place, became shorter, or is gone gives no answer, and does not end the program", (context) => {
  const path = fileWith(context, content);
  const file = files.open(path);
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
  assert.equal(file.startChecks?.(hashOnly)?.wait(), undefined, "another file");
  file.close();
  const cut = files.open(path);
  truncateSync(path, 1000);
  assert.equal(cut.startChecks?.(hashOnly)?.wait(), undefined, "shorter");
  rmSync(path);
  assert.equal(cut.startChecks?.(hashOnly)?.wait(), undefined, "gone");
  cut.close();
});

test("checks beside: no thread for a file that is checked sooner than one starts", (context) => {
  const file = new LocalByteFiles([], startCheckThread).open(fileWith(context, content));
  assert.equal(file.startChecks?.(hashOnly), undefined);
  file.close();
});
