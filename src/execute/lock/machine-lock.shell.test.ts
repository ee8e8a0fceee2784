import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { FakeHostAccess, type ScriptedOutcome } from "../../../test/support/fake-host-access.ts";
import { asHostName, asRunId, type HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { acquireMachineLocks, lockProblems, markedHosts, releaseMachineLocks, type LockHolder } from "./machine-lock.ts";

const hosts = ["cp1", "cp2"].map(asHostName);
const ours = asRunId("20260101-000000-aaaa");
const theirs = asRunId("20260101-000000-bbbb");
const signal = new AbortController().signal;
const holderOf = (run: LockHolder["run"]): LockHolder => ({
  cluster: "test",
  run,
  by: "someone",
  host: "laptop",
  at: "2026-01-01T00:00:00.000Z",
});

/** Machines whose scripts really run, each in a folder of its own instead of /var/lib/requorum. */
function realScripts(context: TestContext): { readonly hostAccess: FakeHostAccess; readonly fileOf: (host: HostName) => string } {
  const root = mkdtempSync(join(tmpdir(), "requorum-lock-"));
  context.after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const hostAccess = new FakeHostAccess();
  hostAccess.onScript({}, (request, host) => {
    const script = request.script.replaceAll("/var/lib/requorum", join(root, host));
    return { stdout: execFileSync("sh", ["-s", ...(request.args ?? [])], { input: script, encoding: "utf8" }) };
  });
  return { hostAccess, fileOf: (host) => join(root, host, "lock") };
}

test("acquireMachineLocks: the marker names the holder, only its own run removes it, and again is no error", async (context) => {
  const { hostAccess, fileOf } = realScripts(context);
  const request = { hostAccess, hosts, breakLock: false, signal };
  assert.deepEqual((await acquireMachineLocks({ ...request, holder: holderOf(ours) })).where, hosts);
  assert.deepEqual(JSON.parse(readFileSync(fileOf(asHostName("cp1")), "utf8")), holderOf(ours));
  await releaseMachineLocks({ hostAccess, hosts, run: theirs, host: "laptop" });
  assert.equal(existsSync(fileOf(asHostName("cp1"))), true);
  await releaseMachineLocks({ hostAccess, hosts, run: ours, host: "laptop" });
  assert.equal(existsSync(fileOf(asHostName("cp1"))), false);
  assert.deepEqual((await releaseMachineLocks({ hostAccess, hosts, run: ours, host: "laptop" })).leftOn, []);
});

test("acquireMachineLocks: the same run takes its own marker again", async (context) => {
  const { hostAccess } = realScripts(context);
  const request = { hostAccess, hosts, breakLock: false, signal };
  await acquireMachineLocks({ ...request, holder: holderOf(ours) });
  assert.deepEqual((await acquireMachineLocks({ ...request, holder: { ...holderOf(ours), at: "2026-01-01T01:00:00.000Z" } })).where, hosts);
});

test("acquireMachineLocks: the same run from another laptop is another holder, which neither takes nor releases nor overlooks the lock", async (context) => {
  const { hostAccess, fileOf } = realScripts(context);
  const request = { hostAccess, hosts, breakLock: false, signal };
  await acquireMachineLocks({ ...request, holder: holderOf(ours) });
  const elsewhere = { ...holderOf(ours), host: "other laptop" };
  await assert.rejects(acquireMachineLocks({ ...request, holder: elsewhere }), { code: "RUN_LOCKED" });
  await releaseMachineLocks({ hostAccess, hosts, run: ours, host: "other laptop" });
  assert.equal(existsSync(fileOf(asHostName("cp1"))), true);
  assert.deepEqual(await lockProblems({ hostAccess, hosts, run: ours, host: "laptop", signal }), []);
  await acquireMachineLocks({ ...request, holder: elsewhere, breakLock: true });
  assert.match((await lockProblems({ hostAccess, hosts, run: ours, host: "laptop", signal })).join(), /other laptop/);
});

test("acquireMachineLocks: another run's marker on one machine refuses all, says who and how to go on, and leaves nothing of ours", async (context) => {
  const { hostAccess, fileOf } = realScripts(context);
  await acquireMachineLocks({ hostAccess, hosts: [asHostName("cp2")], holder: holderOf(theirs), breakLock: false, signal });
  await assert.rejects(acquireMachineLocks({ hostAccess, hosts, holder: holderOf(ours), breakLock: false, signal }), (error: unknown) => {
    assert.ok(error instanceof RecoveryError && error.code === "RUN_LOCKED");
    assert.match(error.detail, /someone on laptop/);
    assert.ok(error.remedies.some((remedy) => remedy.command === `requorum resume ${theirs}`));
    return true;
  });
  assert.equal(existsSync(fileOf(asHostName("cp1"))), false);
  assert.deepEqual((await acquireMachineLocks({ hostAccess, hosts, holder: holderOf(ours), breakLock: true, signal })).where, hosts);
});

test("acquireMachineLocks: a machine that cannot be reached is named, and no reachable machine at all is refused", async (context) => {
  const { hostAccess } = realScripts(context);
  const unreachable = () => new RecoveryError("SSH_UNREACHABLE", { subject: "host cp2", detail: "no route" });
  hostAccess.failWith(asHostName("cp2"), unreachable);
  const locks = await acquireMachineLocks({ hostAccess, hosts, holder: holderOf(ours), breakLock: false, signal });
  assert.deepEqual(locks.where, ["cp1"]);
  assert.match(locks.notOn[0] ?? "", /^cp2: .*no route/);
  hostAccess.failWith(asHostName("cp1"), unreachable);
  await assert.rejects(acquireMachineLocks({ hostAccess, hosts, holder: holderOf(ours), breakLock: false, signal }), {
    code: "FACTS_INCOMPLETE",
  });
});

/** cp2 does what it is told, and its answer is lost. */
function answerLost(hostAccess: FakeHostAccess, then: () => void = () => undefined): void {
  const cp2 = asHostName("cp2");
  let isLost = false;
  hostAccess.onScript({ host: cp2, reason: "lock the cluster for this run" }, async (request, host): Promise<ScriptedOutcome> => {
    if (isLost) return "lost";
    isLost = true;
    await hostAccess.run(host, { ...request, reason: "as before" });
    then();
    return "lost";
  });
}

test("acquireMachineLocks: a marker whose answer was lost may be there, and is taken back with the others", async (context) => {
  const { hostAccess, fileOf } = realScripts(context);
  answerLost(hostAccess);
  const locks = await acquireMachineLocks({ hostAccess, hosts, holder: holderOf(ours), breakLock: false, signal });
  assert.deepEqual([locks.where, locks.mayBeOn, existsSync(fileOf(asHostName("cp2")))], [["cp1"], ["cp2"], true]);
  assert.equal((await releaseMachineLocks({ hostAccess, hosts: markedHosts(locks), run: ours, host: "laptop" })).leftOn.length, 0);
  assert.deepEqual(
    hosts.map((host) => existsSync(fileOf(host))),
    [false, false],
  );
});

test("acquireMachineLocks: refused by another run's marker, or interrupted, nothing of ours stays, lost answer or not", async (context) => {
  const refused = realScripts(context);
  await acquireMachineLocks({
    hostAccess: refused.hostAccess,
    hosts: [asHostName("cp1")],
    holder: holderOf(theirs),
    breakLock: false,
    signal,
  });
  answerLost(refused.hostAccess);
  await assert.rejects(acquireMachineLocks({ hostAccess: refused.hostAccess, hosts, holder: holderOf(ours), breakLock: false, signal }), {
    code: "RUN_LOCKED",
  });
  assert.equal(existsSync(refused.fileOf(asHostName("cp2"))), false);
  const stopped = realScripts(context);
  const abort = new AbortController();
  answerLost(stopped.hostAccess, () => {
    abort.abort(new Error("Ctrl-C"));
  });
  await assert.rejects(
    acquireMachineLocks({ hostAccess: stopped.hostAccess, hosts, holder: holderOf(ours), breakLock: false, signal: abort.signal }),
    /Ctrl-C/,
  );
  assert.deepEqual(
    hosts.map((host) => existsSync(stopped.fileOf(host))),
    [false, false],
  );
});

test("acquireMachineLocks: what a marker holds does not become a command to copy, however long it is", async () => {
  const hostAccess = new FakeHostAccess();
  hostAccess.onScript({}, { stdout: `held\n${JSON.stringify({ ...holderOf(theirs), run: "$(reboot)", by: "x".repeat(100_000) })}\n` });
  await assert.rejects(acquireMachineLocks({ hostAccess, hosts, holder: holderOf(ours), breakLock: false, signal }), (error: unknown) => {
    assert.ok(error instanceof RecoveryError && error.code === "RUN_LOCKED");
    assert.ok(
      error.remedies.every((remedy) => remedy.command === undefined),
      JSON.stringify(error.remedies),
    );
    assert.ok(error.detail.length < 2_000);
    return true;
  });
});
