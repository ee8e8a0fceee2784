import assert from "node:assert/strict";
import test from "node:test";
import { consent, CrashWorld, run, wholeReplacePlan } from "../../../test/crash/crash-world.ts";
import { executeRun } from "../executor/execute-run.ts";
import { Journal } from "./journal.ts";
import { foldJournal } from "./fold-journal.ts";
import { verifyJournal } from "./verify-journal.ts";

async function finishedWorld(): Promise<CrashWorld> {
  const world = new CrashWorld();
  await executeRun({
    plan: wholeReplacePlan,
    consent,
    run,
    context: world.context(),
    signal: new AbortController().signal,
    report: () => undefined,
  });
  return world;
}

test("verifyJournal: changing any one line is found at that line or the one after it", async () => {
  const world = await finishedWorld();
  const tools = world.context().journal;
  for (const [index, line] of world.lines.slice(0, -1).entries()) {
    const changed = world.lines.with(index, line.replace(/"at":"2026/, '"at":"2027'));
    assert.throws(() => verifyJournal(changed, tools), { code: "JOURNAL_CORRUPT", subject: `journal line ${index + 2}` });
  }
});

test("verifyJournal: a line that is missing, doubled or not JSON names its number", async () => {
  const world = await finishedWorld();
  const tools = world.context().journal;
  assert.throws(() => verifyJournal(world.lines.toSpliced(3, 1), tools), { code: "JOURNAL_CORRUPT", subject: "journal line 4" });
  assert.throws(() => verifyJournal(world.lines.toSpliced(3, 0, world.lines[3] ?? ""), tools), {
    code: "JOURNAL_CORRUPT",
    subject: "journal line 5",
  });
  assert.throws(() => verifyJournal(world.lines.with(5, "{"), tools), { code: "JOURNAL_CORRUPT", subject: "journal line 6" });
});

test("verifyJournal: a newer minor version is read, its unknown kinds are kept and counted, and it is not appended to", async () => {
  const world = await finishedWorld();
  const { journal: tools, ports } = world.context();
  const last = world.lines.at(-1) ?? "";
  const newer = {
    version: "1.7",
    sequence: world.lines.length + 1,
    at: "2026-01-01T00:00:00.000Z",
    previous: tools.sha256Hex(last),
    event: { kind: "moon-phase", phase: 3 },
  };
  world.lines.push(JSON.stringify(newer));
  const verified = verifyJournal(world.lines, tools);
  assert.deepEqual(verified.unknownKinds, ["moon-phase"]);
  assert.equal(verified.isNewer, true);
  assert.equal(foldJournal(verified.lines)?.stopped?.outcome, "succeeded");
  await assert.rejects(Journal.open({ runs: ports.runs, run, tools, clock: ports.clock }), { code: "JOURNAL_NEWER" });
});

test("verifyJournal: another major version is refused", async () => {
  const world = await finishedWorld();
  const changed = world.lines.with(0, (world.lines[0] ?? "").replace('"version":"1.0"', '"version":"2.0"'));
  assert.throws(() => verifyJournal(changed, world.context().journal), { code: "JOURNAL_NEWER" });
});

test("foldJournal: an event that cannot follow is a damaged journal", async () => {
  const world = await finishedWorld();
  const { lines } = verifyJournal(world.lines, world.context().journal);
  const succeeded = lines.find((line) => line.event.kind === "step-succeeded");
  assert.ok(succeeded);
  assert.throws(() => foldJournal([...lines, succeeded]), { code: "JOURNAL_CORRUPT" });
});
