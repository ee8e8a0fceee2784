import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeHostAccess } from "../../../test/support/fake-host-access.ts";
import { FakeWorkstation } from "../../../test/support/fake-workstation.ts";
import { NodeWorkstation } from "../../adapters/system/node-workstation.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { readClusterConfig } from "../../schemas/config.ts";
import { checkHosts } from "./check-hosts.ts";
import { checkWorkstation } from "./check-workstation.ts";

const state = { stateDirectory: "/home/op/.local/state/requorum" };

async function rowOf(check: string, change: (workstation: FakeWorkstation) => void): Promise<string> {
  const workstation = new FakeWorkstation();
  change(workstation);
  const row = (await checkWorkstation(workstation, state)).find((candidate) => candidate.check === check);
  return `${row?.state ?? "missing"}: ${row?.detail ?? ""}`;
}

test("checkWorkstation: a machine that is fit has only good rows", async () => {
  const rows = await checkWorkstation(new FakeWorkstation(), state);
  assert.deepEqual(
    rows.map((row) => [row.check, row.state]),
    [
      ["Node", "ok"],
      ["ssh client", "ok"],
      ["ssh keys", "ok"],
      ["clock", "ok"],
      ["state directory", "ok"],
    ],
  );
});

test("checkWorkstation: an old Node and an old or missing ssh fail", async () => {
  assert.match(await rowOf("Node", (one) => (one.runtimeVersion = "22.14.9")), /^fail: 22\.14\.9 is too old/);
  assert.match(await rowOf("Node", (one) => (one.runtimeVersion = "22.15.0")), /^ok/);
  assert.match(await rowOf("ssh client", (one) => (one.ssh = undefined)), /^fail: no OpenSSH client/);
  assert.match(await rowOf("ssh client", (one) => (one.ssh = "OpenSSH_7.4p1, OpenSSL 1.0.2k")), /^fail: OpenSSH 7\.4 is too old/);
  assert.match(await rowOf("ssh client", (one) => (one.ssh = "OpenSSH_10.0p2")), /^ok/);
  assert.match(await rowOf("ssh client", (one) => (one.ssh = "Dropbear v2022")), /^warn/);
});

test("checkWorkstation: without any key, or with a clock that nobody keeps, it warns; what is not known is unknown", async () => {
  assert.match(
    await rowOf("ssh keys", (one) => {
      one.agentKeys = "no-agent";
      one.keyFiles = [];
    }),
    /^warn: no agent is running; no default key file/,
  );
  assert.match(await rowOf("ssh keys", (one) => (one.keyFiles = [])), /^ok: the agent offers 1 key/);
  assert.match(await rowOf("clock", (one) => (one.clockSynchronised = false)), /^warn/);
  assert.match(await rowOf("clock", (one) => (one.clockSynchronised = undefined)), /^unknown/);
});

test("checkWorkstation: a state directory that is full, small, closed or unreadable is told apart", async () => {
  const disk = (freeBytes: bigint, isWritable = true, freeInodes = 1_000_000n) => ({ freeBytes, freeInodes, isWritable });
  assert.match(await rowOf("state directory", (one) => (one.disk = disk(5n * 1024n ** 3n))), /^warn: .*5\.0 GiB free/);
  assert.match(await rowOf("state directory", (one) => (one.disk = disk(1000n))), /^fail: /);
  assert.match(await rowOf("state directory", (one) => (one.disk = disk(100n * 1024n ** 3n, true, 3n))), /^fail: .*3 inodes/);
  assert.match(await rowOf("state directory", (one) => (one.disk = disk(100n * 1024n ** 3n, false))), /^fail: .*cannot be written/);
  assert.match(await rowOf("state directory", (one) => (one.disk = "unreadable")), /^fail: EACCES/);
});

const config = readClusterConfig("apiVersion: requorum/v1\ncluster: c\nhosts: [{ name: cp1, address: 10.0.0.1 }]\n", "c.yaml");
const cp1 = asHostName("cp1");

async function hostRow(change: (access: FakeHostAccess, nowMs: number) => void): Promise<string> {
  const hostAccess = new FakeHostAccess();
  const clock = new FakeClock();
  change(hostAccess, clock.nowMs());
  const [row] = await checkHosts({ hostAccess, clock }, config);
  return `${row?.state ?? "missing"}: ${row?.detail ?? ""} | ${row?.remedy?.command ?? ""}`;
}

test("checkHosts: a machine that can be worked on, one that is far away, one whose clock is off, one without root", async () => {
  assert.match(
    await hostRow((access, nowMs) => access.onScript({ host: cp1 }, { stdout: `0 ${String(nowMs)}\n` })),
    /^ok: SSH 0\.5 ms, root, host key known/,
  );
  assert.match(
    await hostRow((access, nowMs) => access.onScript({ host: cp1 }, { stdout: `0 ${String(nowMs - 60_000)}\n` })),
    /^warn: .*clock is 60\.0 s behind/,
  );
  assert.match(
    await hostRow((access, nowMs) => access.onScript({ host: cp1 }, { stdout: `0 ${String(nowMs + 3000)}\n` })),
    /^warn: .*clock is 3\.0 s ahead of/,
  );
  assert.match(await hostRow((access) => access.onScript({ host: cp1 }, { stdout: "0 13%3N\n" })), /^warn: .*could not be read/);
  assert.match(await hostRow((access) => access.onScript({ host: cp1 }, { stdout: "1000 1\n" })), /^fail: logged in, but not root/);
  assert.match(
    await hostRow((access, nowMs) => {
      access.setRoundTripMs(cp1, 900);
      access.onScript({ host: cp1 }, { stdout: `0 ${String(nowMs)}\n` });
    }),
    /^warn: .*far away/,
  );
});

test("checkHosts: a changed host key fails with its remedy; a machine that does not answer is unknown, not bad", async () => {
  const changed = () =>
    new RecoveryError("SSH_HOST_KEY_CHANGED", {
      subject: "host cp1",
      detail: "another key",
      remedies: [{ why: "forget", command: "ssh-keygen -R cp1" }],
    });
  assert.match(await hostRow((access) => access.failWith(cp1, changed)), /^fail: SSH_HOST_KEY_CHANGED: another key \| ssh-keygen -R cp1$/);
  assert.match(
    await hostRow((access) =>
      access.failWith(cp1, () => new RecoveryError("SSH_UNREACHABLE", { subject: "host cp1", detail: "no answer" })),
    ),
    /^unknown: SSH_UNREACHABLE: no answer \| requorum explain SSH_UNREACHABLE$/,
  );
  await assert.rejects(
    hostRow((access) => access.failWith(cp1, () => new RecoveryError("INTERRUPTED", { subject: "x", detail: "y" }))),
    { code: "INTERRUPTED" },
  );
});

test("NodeWorkstation: tells about this machine without failing on what it does not have", async () => {
  const workstation = new NodeWorkstation();
  assert.match(workstation.runtimeVersion, /^\d+\.\d+\.\d+$/);
  const version = await workstation.sshVersion();
  assert.ok(version === undefined || version.includes("SSH"));
  const keys = await workstation.agentKeyCount();
  assert.ok(keys === "no-agent" || keys >= 0);
  assert.ok(Array.isArray(await workstation.defaultKeyFiles()));
  const clock = await workstation.isClockSynchronised();
  assert.ok(clock === undefined || typeof clock === "boolean");
  const directory = mkdtempSync(join(tmpdir(), "requorum-space-"));
  const space = await workstation.space(join(directory, "not", "yet", "there"));
  assert.ok(space.freeBytes > 0n && space.isWritable);
  rmSync(directory, { recursive: true });
  await assert.rejects(workstation.space("/proc/self/mem/x"), { code: "LOCAL_FILE_FAILED" });
});
