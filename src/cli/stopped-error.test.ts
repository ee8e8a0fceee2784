import assert from "node:assert/strict";
import test from "node:test";
import { cli } from "../../test/support/captured-cli.ts";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import type { ErrorCode, ExitName } from "../model/error-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { errorSchema } from "../schemas/output.ts";
import { commandTable } from "./command-table.ts";

const { config } = healthyKubeadm3().build();
const stopped = (code: ErrorCode, detail: string): AbortSignal =>
  AbortSignal.abort(new RecoveryError(code, { subject: "requorum", detail }));
/** Every verb as it would be if it never ended, and heard of no signal. */
const endless = commandTable.map((spec) => ({ ...spec, load: () => Promise.resolve({ run: () => new Promise<never>(() => undefined) }) }));
/** The words of a call of each verb that only misses the patience. A run is waited for, until it stops by itself at a step's end. */
const calls = commandTable
  .filter((spec) => spec.carriesOutRuns !== true)
  .map((spec) => [...spec.path, ...(spec.arguments ?? []).filter((one) => one.isRequired).map((one) => one.choices?.[0] ?? "x")]);

test("cli: Ctrl-C without a terminal says so, with what is left and what to type next", async () => {
  const signal = stopped("INTERRUPTED", "stopped by SIGINT");
  for (const verb of ["status", "diagnose", "plan"]) {
    const { code, out, err } = await cli([verb, "-o", "json", "--config", "a b.yaml"], { config, signal });
    assert.equal(code, 130);
    assert.equal(out, "");
    const { error } = errorSchema.parse(JSON.parse(err));
    assert.equal(error.code, "INTERRUPTED");
    assert.equal(error.subject, `requorum ${verb}`);
    assert.equal(error.detail, "stopped by SIGINT; nothing was changed");
    assert.deepEqual(error.remedies, [{ why: "start again", command: `requorum ${verb} -o json --config 'a b.yaml'` }]);
  }
});

test("cli: a verb that goes on after it was stopped is left after a while, and what it leaves is named", async () => {
  const signal = stopped("INTERRUPTED", "stopped by SIGTERM");
  const up = await cli(["lab", "up", "--name", "two"], { signal, table: endless, graceMs: 1 });
  assert.equal(up.code, 130);
  assert.match(up.err, /stopped by SIGTERM; what was made so far of lab two remains/);
  assert.match(up.err, /take it away:\n +requorum lab down --name two\n/);
  assert.match((await cli(["lab", "down"], { signal, table: endless, graceMs: 1 })).err, /part of lab lab may remain/);
});

test("cli: --timeout ends every verb, whatever it does, with the time that was given", async () => {
  const signal = stopped("TIMED_OUT_WAITING", "--timeout 5 s is over");
  for (const words of calls) {
    const { code, err } = await cli([...words, "-o", "json"], { signal, table: endless, graceMs: 1 });
    assert.equal(code, 13, words.join(" "));
    const { error } = errorSchema.parse(JSON.parse(err));
    assert.equal(error.code, "TIMED_OUT_WAITING");
    assert.match(error.detail, /^--timeout 5 s is over; /);
    assert.equal(error.remedies.at(-1)?.command, undefined);
  }
});

test("cli: Ctrl-C before a run began names no run to resume", async () => {
  const signal = stopped("INTERRUPTED", "stopped by SIGINT");
  const { code, err } = await cli(["recover"], { config, signal });
  assert.equal(code, 130);
  assert.match(err, /no run was begun, and nothing was changed/);
  assert.ok(!err.includes("requorum resume"), err);
});

test("cli: a verb that writes to a store is not said to have changed nothing, and names no run to resume", async () => {
  const signal = stopped("INTERRUPTED", "stopped by SIGINT");
  for (const [words, left] of [
    [["backup", "run"], /listed nowhere[^]*requorum backup timer show\n[^]*start again:\n +requorum backup run\n/],
    [["backup", "create"], /listed nowhere[^]*requorum backup list\n/],
    [["backup", "copy", "--to", "x"], /not listed there/],
    [["backup", "prune"], /may have gone aside already/],
    [["backup", "verify"], /no set was changed/],
    [["backup", "timer", "install"], /done by half/],
    [["backup", "unseal", "--to", "x"], /nothing was put at x/],
  ] as const) {
    const { code, err } = await cli([...words], { signal, table: endless, graceMs: 1 });
    assert.equal(code, 130);
    assert.match(err, left);
    assert.doesNotMatch(err, /nothing was changed|requorum resume/);
  }
});

test("cli: what was made, or may be listed, in spite of Ctrl-C keeps its exit; what a run or a look ends with is an interruption", async () => {
  const signal = stopped("INTERRUPTED", "stopped by SIGINT");
  const isInterrupted = () => true;
  const undecided = new RecoveryError("BACKUP_SET_UNDECIDED", { subject: "set x", detail: "Set x may still appear there" });
  const ending = (ends: () => Promise<ExitName>) => commandTable.map((spec) => ({ ...spec, load: () => Promise.resolve({ run: ends }) }));
  const inDoubt = ending(() => Promise.reject(undecided));
  for (const words of [
    ["backup", "create"],
    ["backup", "run"],
    ["backup", "copy", "--to", "x"],
  ]) {
    const { code, err } = await cli(words, { signal, isInterrupted, table: inDoubt });
    assert.equal(code, 14, words.join(" "));
    assert.match(err, /set x[^]*may still appear/);
  }
  const cases: readonly [words: readonly string[], exit: ExitName, code: number][] = [
    [["backup", "create"], "findings", 3],
    [["backup", "run"], "findings", 3],
    [["backup", "prune"], "findings", 3],
    [["backup", "create"], "done", 0],
    [["backup", "list"], "findings", 130],
    [["backup", "run"], "verificationFailed", 130],
    [["apply", "plan.json"], "outcomeUnknown", 130],
    [["resume"], "failed", 130],
  ];
  for (const [words, exit, code] of cases) {
    const table = ending(() => Promise.resolve(exit));
    assert.equal((await cli(words, { signal, isInterrupted, table })).code, code, `${words.join(" ")} ${exit}`);
  }
});

test("cli: Ctrl-C at the question for consent suggests no resume: apply began nothing, and a run to be resumed is as it was", async () => {
  const signal = stopped("INTERRUPTED", "stopped by SIGINT");
  // The question ends with the signal's own reason, as readline's does in main.ts.
  const asking = commandTable.map((spec) => ({
    ...spec,
    load: () => Promise.resolve({ run: (): Promise<never> => Promise.reject(signal.reason as Error) }),
  }));
  const apply = await cli(["apply", "plan.json"], { signal, table: asking, isTty: true });
  assert.equal(apply.code, 130);
  assert.match(apply.err, /no run was begun, and nothing was changed/);
  assert.ok(!apply.err.includes("requorum resume"), apply.err);
  const resume = await cli(["resume", "20261121-031502-k3f9"], { signal, table: asking });
  assert.match(resume.err, /the run is as it was/);
  assert.match(resume.err, /requorum runs show 20261121-031502-k3f9\n/);
});

test("cli: a result that has no room speaks of a run only where the verb carries out runs", async () => {
  const outFailure = new RecoveryError("LOCAL_DISK_FULL", { subject: "standard output", detail: "no space left" });
  const table = commandTable.map((spec) => ({ ...spec, load: () => Promise.resolve({ run: () => Promise.resolve("done" as const) }) }));
  for (const [words, hasRun] of [
    [["snapshot", "inspect", "backup.db"], false],
    [["snapshot", "restore", "backup.db", "--data-dir", "new"], false],
    [["apply", "plan.json"], true],
  ] as const) {
    const { code, err } = await cli(words, { table, outFailure });
    assert.equal(code, 13);
    assert.equal(/a run went on/.test(err), hasRun, err);
    assert.ok(!err.includes("was not put in place"), err);
  }
});
