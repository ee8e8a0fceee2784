import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asRunId } from "../../src/model/ids.ts";
import type { RunStore } from "../../src/ports/run-store.ts";

export interface RunStoreSubject {
  readonly store: RunStore;
  /** Leaves an incomplete last line in the journal, as a power cut does. */
  tearJournal(run: string, text: string): Promise<void>;
  close(): Promise<void>;
}

/** Runs the contract of the RunStore port on one subject. */
export function runStoreContract(name: string, makeSubject: () => Promise<RunStoreSubject>): void {
  let subject: RunStoreSubject;
  let count = 0;
  const newRun = () => asRunId(`20260301-03000${String((count += 1) % 10)}-${count.toString(36).padStart(4, "0")}`);
  const contract = (sentence: string, body: (store: RunStore) => Promise<void>) => {
    void test(`${name}: ${sentence}`, () => body(subject.store));
  };
  before(async () => {
    subject = await makeSubject();
  });
  after(() => subject.close());

  contract("a new store has no runs, and created runs are listed in order with their plans", async (store) => {
    assert.deepEqual(await store.list(), []);
    const [first, second] = [newRun(), newRun()];
    await store.create(second, "plan two\n");
    await store.create(first, "plan one\n");
    assert.deepEqual(await store.list(), [first, second].sort());
    assert.equal(await store.readPlan(first), "plan one\n");
    assert.deepEqual(await store.readJournal(first), { lines: [], tornTail: "" });
  });

  contract("a run cannot be created twice", async (store) => {
    const run = newRun();
    await store.create(run, "plan");
    await assert.rejects(store.create(run, "another"), { code: "LOCAL_FILE_FAILED" });
    assert.equal(await store.readPlan(run), "plan");
  });

  contract("journal lines come back whole and in order", async (store) => {
    const run = newRun();
    await store.create(run, "plan");
    const lines = Array.from({ length: 20 }, (_, index) => JSON.stringify({ sequence: index, text: "é语".repeat(index * 10) }));
    for (const line of lines) await store.appendJournal(run, line);
    assert.deepEqual(await store.readJournal(run), { lines, tornTail: "" });
  });

  contract("a torn last line is shown apart, and the next append cuts it off", async (store) => {
    const run = newRun();
    await store.create(run, "plan");
    await store.appendJournal(run, "one");
    await subject.tearJournal(run, `{"half${"x".repeat(200_000)}`);
    const torn = await store.readJournal(run);
    assert.deepEqual(torn.lines, ["one"]);
    assert.match(torn.tornTail, /^\{"half/);
    await store.appendJournal(run, "two");
    assert.deepEqual(await store.readJournal(run), { lines: ["one", "two"], tornTail: "" });
  });

  contract("a journal that holds nothing but a torn line starts anew", async (store) => {
    const run = newRun();
    await store.create(run, "plan");
    await subject.tearJournal(run, "half");
    await store.appendJournal(run, "one");
    assert.deepEqual(await store.readJournal(run), { lines: ["one"], tornTail: "" });
  });

  contract("a line with a newline in it is a mistake of ours", async (store) => {
    const run = newRun();
    await store.create(run, "plan");
    await assert.rejects(store.appendJournal(run, "a\nb"), TypeError);
  });

  contract("an artifact appears under its name only when it is committed", async (store) => {
    const run = newRun();
    await store.create(run, "plan");
    const writer = await store.writeArtifact(run, "snapshot.db");
    await writer.write(new Uint8Array([1, 2, 3]));
    assert.equal(await store.statArtifact(run, "snapshot.db"), undefined);
    await writer.write(new Uint8Array([4]));
    const { path } = await writer.commit();
    assert.equal(path, store.pathOf(run, "snapshot.db"));
    assert.deepEqual(await store.statArtifact(run, "snapshot.db"), { sizeBytes: 4n, path });
    assert.deepEqual([...(await store.readArtifact(run, "snapshot.db"))], [1, 2, 3, 4]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.openArtifact(run, "snapshot.db")) chunks.push(chunk);
    assert.deepEqual([...Buffer.concat(chunks)], [1, 2, 3, 4]);
  });

  contract("an artifact that is aborted leaves nothing, and one that is written again replaces the old", async (store) => {
    const run = newRun();
    await store.create(run, "plan");
    const given = await store.writeArtifact(run, "a");
    await given.write(new Uint8Array([1]));
    await given.abort();
    await given.abort();
    assert.equal(await store.statArtifact(run, "a"), undefined);
    for (const value of [2, 3]) {
      const writer = await store.writeArtifact(run, "a");
      await writer.write(new Uint8Array([value]));
      await writer.commit();
    }
    assert.deepEqual([...(await store.readArtifact(run, "a"))], [3]);
  });

  contract("an unknown run is RUN_NOT_FOUND everywhere; an unknown artifact is LOCAL_FILE_FAILED", async (store) => {
    const nobody = asRunId("20200101-000000-zzzz");
    await assert.rejects(store.readPlan(nobody), { code: "RUN_NOT_FOUND" });
    await assert.rejects(store.readJournal(nobody), { code: "RUN_NOT_FOUND" });
    await assert.rejects(store.appendJournal(nobody, "x"), { code: "RUN_NOT_FOUND" });
    await assert.rejects(store.writeArtifact(nobody, "x"), { code: "RUN_NOT_FOUND" });
    await assert.rejects(store.readArtifact(nobody, "x"), { code: "RUN_NOT_FOUND" });
    assert.equal(await store.statArtifact(nobody, "x"), undefined);
    const run = newRun();
    await store.create(run, "plan");
    await assert.rejects(store.readArtifact(run, "nothing"), { code: "LOCAL_FILE_FAILED" });
  });

  contract("names that lead elsewhere are refused", async (store) => {
    const run = newRun();
    await store.create(run, "plan");
    for (const bad of ["../x", "a/b", "", ".hidden", "a\0b"])
      await assert.rejects(async () => store.writeArtifact(run, bad), TypeError, bad);
  });
}
