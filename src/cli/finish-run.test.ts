import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { plan, ReplaceWorld } from "../../test/crash/replace-world.ts";
import { workDirectory } from "../../test/support/captured-cli.ts";
import type { AppContext } from "../app/app-ports.ts";
import { readRun } from "../app/run-records.ts";
import { executeRun } from "../execute/executor/execute-run.ts";
import { writePlan } from "../schemas/plan.ts";
import { errorSchema } from "../schemas/output.ts";
import type { CliContext } from "./cli-context.ts";
import { finishRun } from "./finish-run.ts";
import { writeReport } from "./write-report.ts";
import { Terminal } from "./terminal/terminal.ts";

const work = workDirectory();
after(() => {
  work.remove();
});

test("finishRun: when the report cannot be written, the run's end is shown all the same, and its exit stands", async () => {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, writePlan(plan));
  const context = world.context();
  const result = await executeRun({
    plan,
    consent: world.consent(),
    run: world.run,
    context,
    report: () => undefined,
    signal: new AbortController().signal,
  });
  assert.equal(result.outcome, "succeeded");
  // Something in the way, which fails as a full disk does: when the file is to be put in place.
  mkdirSync(join(work.path, "report.html"));
  const texts = { out: "", err: "" };
  const sink = (name: "out" | "err") => ({
    isTty: false,
    columns: 200,
    rows: 50,
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const terminal = new Terminal({
    out: sink("out"),
    err: sink("err"),
    canAsk: false,
    noColor: true,
    readAnswer: () => Promise.resolve(""),
  });
  const cli = { terminal, global: { output: "text" } } as unknown as CliContext;
  const runs = Object.assign(world.runs, { pathOf: () => work.path });
  const app = { ...context, ports: { ...context.ports, runs } } as unknown as AppContext;
  assert.equal(await finishRun(cli, app, { run: world.run, result }), "done");
  assert.match(texts.out, /succeeded/);
  assert.match(texts.err, /report not written: a local file could not be read or written: .*report.html {2}\[LOCAL_FILE_FAILED\]/);
  assert.match(texts.err, new RegExp(`requorum runs report ${world.run}`));
  texts.err = "";
  terminal.isForProgram = true;
  assert.equal(await finishRun({ ...cli, global: { ...cli.global, output: "json" } }, app, { run: world.run, result }), "done");
  assert.equal(errorSchema.parse(JSON.parse(texts.err)).error.code, "LOCAL_FILE_FAILED");
  await assert.rejects(writeReport(app, await readRun(app, world.run), "/dev/null/here"), {
    code: "LOCAL_FILE_FAILED",
    detail: /could not make the directory: .*ENOTDIR/,
  });
});
