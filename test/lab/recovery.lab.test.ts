import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { field, LabSession, list } from "../support/lab-session.ts";

// One lab for the file: each test leaves three healthy voters for the next.
const session = new LabSession("ci-rec");
// No word of the program contains it, so that finding it anywhere is a leak.
const planted = "pLaNtEd-S3cr3t-9f2c61";

before(async () => {
  await session.run(["lab", "down", "--name", session.name]);
  await session.lab("up", "--control-planes", "3", "--spares", "1");
  await session.ssh(
    "cp1",
    `kubectl --kubeconfig /etc/kubernetes/admin.conf create secret generic planted --from-literal=password=${planted}`,
  );
  await session.healthy(3);
});

after(async () => {
  await session.lab("down");
});

async function machines(): Promise<{ readonly leader: string; readonly followers: readonly string[] }> {
  const members = list(await session.healthy(3), "members");
  const leader = members.find((member) => member["isLeader"] === true);
  return {
    leader: String(leader?.["host"]),
    followers: members.filter((member) => member["isLeader"] !== true).map((member) => String(member["host"])),
  };
}

async function recover(...words: readonly string[]): Promise<void> {
  const { file, digest } = await session.plan(...words);
  await session.expect(0, session.on("apply", file, "--approve", digest));
  await recovered();
}

async function recovered(): Promise<void> {
  const run = await session.json(["runs", "show"]);
  assert.equal(run["outcome"], "succeeded");
  assert.equal(String(field(run, "loss.objects")), "0");
  await session.healthy(3, 30_000);
  await session.nothingToDo();
}

test("lab: a healthy cluster has no findings and nothing to do", async () => {
  const diagnosis = await session.json(["diagnose"], [0, 3]);
  const serious = list(diagnosis, "findings").filter((finding) => finding["severity"] === "error" || finding["severity"] === "critical");
  assert.deepEqual(serious, []);
  await session.nothingToDo();
});

test("lab: a powered-off machine is waited for, not replaced, and comes back with the same id", async () => {
  const before = list(await session.healthy(3), "members")
    .map((member) => String(member["id"]))
    .sort();
  const { followers } = await machines();
  const victim = String(followers[0]);
  await session.lab("break", "power-off", victim);
  const plan = await session.json(["plan", "--out", `${session.scratch}/wait.json`], [0, 12]);
  assert.equal(plan["verdict"], "wait");
  assert.match(JSON.stringify(plan["alternatives"]), /attest/);
  await session.lab("heal", "power-off", victim);
  const status = await session.healthy(3);
  assert.deepEqual(
    list(status, "members")
      .map((member) => String(member["id"]))
      .sort(),
    before,
  );
});

test("lab: a follower whose disk is lost is replaced without loss", async () => {
  const { followers } = await machines();
  await session.lab("break", "wipe-machine", String(followers.find((host) => host !== "cp1")));
  await recover();
});

test("lab: the leader's disk is lost", async () => {
  const { leader } = await machines();
  await session.lab("break", "wipe-machine", leader);
  await recover();
});

test("lab: the first-built machine is lost", async () => {
  await session.lab("break", "wipe-machine", "cp1");
  await recover();
});

test("lab: a machine is replaced while a second one is merely slow", async () => {
  const { followers } = await machines();
  const [victim, slow] = followers.map(String);
  // Stopped for 0.3 s of every second: late answers, never none.
  await session.ssh(
    String(slow),
    "systemd-run --unit=slow-etcd sh -c 'i=0; while [ $i -lt 180 ]; do pkill -STOP -x etcd; sleep 0.3; pkill -CONT -x etcd; sleep 0.7; i=$((i+1)); done'",
  );
  await session.lab("break", "wipe-machine", String(victim));
  await recover();
  await session.ssh(String(slow), "systemctl stop slow-etcd; pkill -CONT -x etcd; true");
});

test("lab: killed at six random points, a recovery that is resumed ends the same and does no step twice", async () => {
  const { followers } = await machines();
  await session.lab("break", "wipe-machine", String(followers[0]));
  const { file, digest } = await session.plan();
  const points = Array.from({ length: 6 }, () => 1 + Math.floor(Math.random() * 5));
  process.stderr.write(`kill after these many further journal lines: ${points.join(", ")}\n`);
  let kills = 0;
  let words = session.on("apply", file, "--approve", digest);
  for (const further of points) {
    if (await killedAfter(words, further)) kills += 1;
    words = session.on("resume");
  }
  await session.expect([0, 2], words);
  assert.equal(kills, 6, "it ended before it was killed six times");
  await recovered();
  const journal = journalOfNewestRun();
  const started = journal.filter((line) => line.event.kind === "step-started").map((line) => String(line.event.step));
  const succeeded = journal.filter((line) => line.event.kind === "step-succeeded").map((line) => String(line.event.step));
  assert.equal(new Set(succeeded).size, succeeded.length, "a step succeeded twice");
  process.stderr.write(`${String(kills)} kills, ${String(started.length)} starts of ${String(new Set(started).size)} steps\n`);
});

interface Line {
  readonly event: { readonly kind: string; readonly step?: string };
}

function journalPath(): string | undefined {
  return [...session.keptFiles()]
    .filter((path) => path.endsWith("journal.jsonl"))
    .sort()
    .at(-1);
}

function journalOfNewestRun(): readonly Line[] {
  const path = journalPath();
  return path === undefined
    ? []
    : readFileSync(path, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line);
}

/** true when it was killed; false when it ended before. */
async function killedAfter(words: readonly string[], furtherLines: number): Promise<boolean> {
  const pathBefore = journalPath();
  const isResume = words.includes("resume");
  const linesBefore = isResume ? journalOfNewestRun().length : 0;
  const { child, ended } = session.start(words);
  for (let waitedMs = 0; waitedMs < 300_000; waitedMs += 20) {
    if (child.exitCode !== null) {
      await ended;
      return false;
    }
    if ((isResume || journalPath() !== pathBefore) && journalOfNewestRun().length >= linesBefore + furtherLines) break;
    await new Promise((done) => setTimeout(done, 20));
  }
  child.kill("SIGKILL");
  await ended;
  return true;
}

test("lab: a lost machine is replaced by another one at another address", async () => {
  await session.lab("break", "power-off", "cp2");
  const refused = await session.json(["plan", "replace", "cp2", "--with", "spare1", "--out", `${session.scratch}/unproven.json`], [0, 12]);
  assert.notEqual(refused["verdict"], "act", "an unproven loss must not be acted on");
  await recover("replace", "cp2", "--with", "spare1", "--attest-lost", "cp2=the test switched it off for good");
  const hosts = list(await session.healthy(3), "members")
    .map((member) => String(member["host"]))
    .sort();
  assert.deepEqual(hosts, ["cp1", "cp3", "spare1"]);
});

test("lab: planted secrets are in no output, journal or report", async () => {
  await session.expect(0, session.on("runs", "report"));
  await session.expect([0, 3], session.on("diagnose", "--save", `${session.scratch}/inventory.json`));
  const secrets = [planted, Buffer.from(planted).toString("base64")];
  const leaks = session.outputs.flatMap((text, index) =>
    secrets.filter((secret) => text.includes(secret)).map(() => `output ${String(index)}`),
  );
  for (const path of [...session.keptFiles().filter((file) => !file.endsWith(".db")), `${session.scratch}/inventory.json`]) {
    const text = readFileSync(path, "latin1");
    if (secrets.some((secret) => text.includes(secret)) || /PRIVATE KEY|\b[a-z0-9]{6}\.[a-z0-9]{16}\b/.test(text)) leaks.push(path);
  }
  assert.deepEqual(leaks, []);
});
