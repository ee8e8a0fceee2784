/**
 * What goes wrong around a recovery: each ends in an error of the catalogue
 * with a way on, a whole journal, and nothing lost. The tests build on each
 * other: one recovery is stopped by a changed key, a full disk, Ctrl-C and a
 * machine that dies, and still ends well.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { TestAuthority } from "../support/etcd-certificates.ts";
import { field, LabSession, list, type Ended, type Json, type Running } from "../support/lab-session.ts";
import { SmallDisk } from "../support/small-disk.ts";

const session = new LabSession("ci-fail");
/** Room for plan and journal, not for a snapshot of this cluster (1.8 MiB). */
const spareBytes = 1024 * 1024;
let disk: SmallDisk;
/** The machine whose disk is lost, and the plan that replaces it. */
let lost = "";
let plan: { readonly file: string; readonly digest: string };

before(async () => {
  await session.run(["lab", "down", "--name", session.name]);
  await session.lab("up", "--control-planes", "3");
  await session.healthy(3);
  // Only now: what is mounted later (the lab's network namespace) is not seen from there.
  disk = await SmallDisk.make(spareBytes);
});

after(async () => {
  if (isMade(disk)) await disk.close();
  await session.lab("down");
});

function isMade(made: SmallDisk | undefined): made is SmallDisk {
  return made !== undefined;
}

/** The leader's own machine is left alone: an election in between would only cost time. */
async function followers(): Promise<readonly string[]> {
  const members = list(await session.healthy(3), "members");
  return members.filter((member) => member["isLeader"] !== true).map((member) => String(member["host"]));
}

async function memberOf(host: string): Promise<Json | undefined> {
  return list(await session.json(["status"], [0, 3, 10]), "members").find((member) => member["host"] === host);
}

/** A session that was made with the old key is still good, and shared with the next program: it has to end, too. */
async function changeHostKey(host: string): Promise<void> {
  await session.ssh(host, "systemd-run --on-active=4 --timer-property=AccuracySec=100ms pkill -f 'sshd(-session)?: root'");
  await session.lab("break", "change-host-key", host);
  await pause(5_000);
}

/** On the small disk. */
function start(words: readonly string[]): Running {
  return session.start(session.on(...words), { XDG_STATE_HOME: disk.path }, disk.through);
}

async function onSmallDisk(words: readonly string[], exit: number): Promise<Ended> {
  const ended = await start(words).ended;
  assert.equal(ended.code, exit, `requorum ${words.join(" ")}\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}

interface Event {
  readonly kind: string;
  readonly step?: string;
  readonly errorCode?: string;
  readonly outcome?: string;
}

function newestRun(state: string): { readonly directory: string; readonly events: readonly Event[] } | undefined {
  const [path] = session.runFolders(state).toReversed();
  if (path === undefined || !existsSync(join(path, "journal.jsonl"))) return undefined;
  const lines = readFileSync(join(path, "journal.jsonl"), "utf8").split("\n").slice(0, -1);
  return { directory: path, events: lines.map((line) => (JSON.parse(line) as { readonly event: Event }).event) };
}

/** Waits until a step of one of these kinds has been started and is not done; fails when the program ends before. */
async function begun(kinds: readonly string[], running: Running, state: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 240_000; waitedMs += 50) {
    assert.equal(running.child.exitCode, null, `the program ended before a step ${kinds.join(" or ")} began`);
    const run = newestRun(state);
    const steps =
      run === undefined
        ? []
        : (
            JSON.parse(readFileSync(join(run.directory, "plan.json"), "utf8")) as {
              readonly steps: readonly { readonly id: string; readonly kind: string }[];
            }
          ).steps;
    const ids = steps.filter((step) => kinds.includes(step.kind)).map((step) => step.id);
    const last = run?.events.findLast((event) => event.step !== undefined);
    if (last?.kind === "step-started" && ids.includes(last.step ?? "")) return;
    await pause(50);
  }
  assert.fail(`no step ${kinds.join(" or ")} began within 240 s`);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((done) => setTimeout(done, durationMs));
}

test("lab: a client certificate of another authority is a TLS failure and an unknown, never a dead member", async () => {
  const [host = ""] = await followers();
  const directory = mkdtempSync(join(tmpdir(), "requorum-foreign-ca-"));
  const foreign = await (await TestAuthority.make(directory, "foreign-ca")).issue("healthcheck", { names: ["healthcheck"] });
  const files = [
    ["crt", foreign.certificate],
    ["key", foreign.key],
  ] as const;
  const folder = "/etc/kubernetes/pki/etcd";
  for (const [end, file] of files)
    await session.ssh(
      host,
      `cp -a ${folder}/healthcheck-client.${end} /root/kept.${end} && echo ${readFileSync(file).toString("base64")} | base64 -d > ${folder}/healthcheck-client.${end}`,
    );
  rmSync(directory, { recursive: true });
  const member = await memberOf(host);
  assert.ok(["unknown", "alone"].includes(String(member?.["state"])), JSON.stringify(member));
  const diagnosis = await session.json(["diagnose"], [0, 3, 10]);
  assert.match(JSON.stringify(diagnosis["unknown"]) + JSON.stringify(diagnosis["findings"]), /certificate/);
  assert.equal(field(diagnosis, "faultTolerance") === 1, false, "a member that nobody could ask was counted as healthy");
  const made = await session.json(["plan", "--out", `${session.scratch}/foreign.json`], [0, 10, 12]);
  assert.notEqual(made["verdict"], "act", JSON.stringify(made["steps"]));
  for (const [end] of files) await session.ssh(host, `mv /root/kept.${end} ${folder}/healthcheck-client.${end}`);
  await session.healthy(3);
});

test("lab: a changed host key is said with its remedy by every verb; the member lives, and the plan does not touch it", async () => {
  const [host = ""] = await followers();
  await changeHostKey(host);
  const status = await session.expect([0, 3, 10], session.on("status"));
  assert.match(status.stdout, /N01_HOST_KEY_CHANGED/);
  const diagnosis = await session.json(["diagnose"], 3);
  const finding = list(diagnosis, "findings").find((one) => one["code"] === "N01_HOST_KEY_CHANGED");
  assert.equal(finding?.["subject"], `host ${host}`);
  assert.match(JSON.stringify(finding["doNext"]), /ssh-keygen -R/);
  assert.deepEqual(
    list(diagnosis, "findings").filter((one) => one["lossProof"] !== undefined),
    [],
  );
  const made = await session.json(["plan", "--out", `${session.scratch}/key.json`], [0, 10, 12]);
  assert.notEqual(made["verdict"], "act");
  assert.match(JSON.stringify(made), /N01_HOST_KEY_CHANGED/);
  await session.lab("heal", "change-host-key", host);
  await session.healthy(3);
});

test("lab: a plan is refused when its machine presents another key in between, and says so", async () => {
  lost = (await followers())[0] ?? "";
  await session.lab("break", "wipe-machine", lost);
  plan = await session.plan();
  await changeHostKey(lost);
  const refused = await session.expect(16, session.on("apply", plan.file, "--approve", plan.digest));
  assert.match(refused.stderr, /host key/);
  assert.match(refused.stderr, /ssh-keygen -R/);
  await session.lab("heal", "change-host-key", lost);
});

test("lab: this machine's disk fills up under the snapshot: LOCAL_DISK_FULL, nothing was removed, the journal is whole", async () => {
  const ended = await onSmallDisk(["apply", plan.file, "--approve", plan.digest], 13);
  assert.match(ended.stdout + ended.stderr, /LOCAL_DISK_FULL|disk is full/);
  assert.match(ended.stdout + ended.stderr, /requorum resume/);
  await onSmallDisk(["runs", "verify-journal"], 0);
  const run = newestRun(disk.seen);
  assert.ok(
    run?.events.some((event) => event.kind === "step-failed" && event.errorCode === "LOCAL_DISK_FULL"),
    JSON.stringify(run?.events),
  );
  assert.equal(run?.events.at(-1)?.outcome, "failed");
  const members = list(await session.json(["status"], [0, 3, 10]), "members");
  assert.equal(members.length, 3, "a member was removed without a copy of the data");
});

test("lab: with space again the run goes on; Ctrl-C in the middle of the join ends it with 130, resumable", async () => {
  disk.free();
  const running = start(["resume"]);
  await begun(["kubeadm.joinControlPlane"], running, disk.seen);
  await pause(3_000);
  running.child.kill("SIGINT");
  const stoppedMs = performance.now();
  const ended = await running.ended;
  assert.equal(ended.code, 130, ended.stderr);
  assert.ok(performance.now() - stoppedMs < 15_000, "it took too long to stop");
  await onSmallDisk(["runs", "verify-journal"], 0);
  assert.equal(newestRun(disk.seen)?.events.at(-1)?.outcome, "interrupted");
});

test("lab: the machine through which a step works dies in its middle; the run ends or stops resumable, and ends well when it is back", async () => {
  const running = start(["resume"]);
  await begun(["etcd.awaitVoter", "kubernetes.awaitNodeReady", "cluster.verify"], running, disk.seen);
  const [via = ""] = ["cp1", "cp2", "cp3"].filter((host) => host !== lost);
  await session.lab("break", "power-off", via);
  await session.lab("heal", "power-off", via);
  const ended = await running.ended;
  assert.ok([0, 10, 12, 13, 14, 15].includes(ended.code), `${String(ended.code)}\n${ended.stderr}`);
  process.stderr.write(`with ${via} dying under it, resume ended with ${String(ended.code)}\n`);
  await onSmallDisk(["runs", "verify-journal"], 0);
  await session.healthy(3);
  if (ended.code !== 0) await onSmallDisk(["resume"], 0);
  const steps =
    newestRun(disk.seen)
      ?.events.filter((event) => event.kind === "step-succeeded")
      .map((event) => event.step) ?? [];
  assert.equal(new Set(steps).size, steps.length, "a step succeeded twice");
  await session.nothingToDo();
});

/** As the person on call would: go on with the run; when it does not, do what the plan says, which may be to wait. */
async function settled(): Promise<void> {
  const resumed = await session.run(session.on("resume"));
  process.stderr.write(`after its machine died, resume ended with ${String(resumed.code)}\n`);
  assert.ok([0, 10, 12, 13, 14].includes(resumed.code), `${String(resumed.code)}\n${resumed.stdout}\n${resumed.stderr}`);
  for (let tries = 0; tries < 12; tries += 1) {
    const file = join(session.scratch, `again-${String(tries)}.json`);
    const made = await session.json(["plan", "--out", file], [0, 10, 12]);
    process.stderr.write(`then the plan is: ${String(made["verdict"])}: ${JSON.stringify(made["reasons"])}\n`);
    if (made["verdict"] === "nothing-to-do") return;
    if (made["verdict"] === "act") await session.expect(0, session.on("apply", file, "--approve", String(made["digest"])));
    else await pause(5_000);
  }
}

test("lab: the machine that joins dies in the middle of it; the run stops with what it knows, and resuming or planning again ends well", async () => {
  const [host = ""] = await followers();
  await session.lab("break", "wipe-machine", host);
  const made = await session.plan();
  const running = session.start(session.on("apply", made.file, "--approve", made.digest));
  await begun(["kubeadm.joinControlPlane"], running, session.stateDirectory);
  await pause(5_000);
  await session.lab("break", "power-off", host);
  const ended = await running.ended;
  assert.ok([10, 12, 13, 14].includes(ended.code), `${String(ended.code)}\n${ended.stdout}\n${ended.stderr}`);
  assert.match(ended.stdout + ended.stderr, new RegExp(`host ${host}`));
  await session.expect(0, session.on("runs", "verify-journal"));
  await session.lab("heal", "power-off", host);
  await settled();
  await session.healthy(3, 60_000);
  await session.nothingToDo();
});

test("lab: wrong usage and a malformed configuration end with 2 and the place of the mistake, before any machine is asked", async () => {
  const broken = `${session.scratch}/broken.yaml`;
  const text = readFileSync(session.config, "utf8").replace("etcdTopology: stacked", "etcdTopology: staked");
  writeFileSync(broken, text);
  const line = text.split("\n").findIndex((one) => one.includes("staked")) + 1;
  for (const verb of [["status"], ["diagnose"], ["plan"], ["runs", "list"]]) {
    const ended = await session.expect(2, [...verb, "--config", broken]);
    assert.ok(ended.stderr.includes(`${broken}:${String(line)}:15: `), ended.stderr);
    assert.match(ended.stderr, /did you mean stacked\?/);
  }
  assert.match((await session.expect(2, session.on("apply"))).stderr, /plan/);
});
