import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { reachScript } from "./sign-of-life.ts";

test("reachScript: a port that listens is open, one that does not is refused, and it runs to its end in a POSIX shell", async () => {
  const open = createServer().listen(0, "127.0.0.1");
  const closed = createServer().listen(0, "127.0.0.1");
  await Promise.all([once(open, "listening"), once(closed, "listening")]);
  const ports = [open, closed].map((server) => (server.address() as AddressInfo).port);
  await new Promise((resolve) => closed.close(resolve));
  const targets = ports.map((port) => `127.0.0.1/${String(port)}`);
  try {
    const shell = execFile("sh", ["-s", "4", ...targets]);
    let output = "";
    shell.stdout?.on("data", (text: string) => (output += text));
    shell.stdin?.end(reachScript);
    await once(shell, "close");
    assert.deepEqual(
      output.trim().split("\n").sort(),
      ["end", `reach ${targets[0] ?? ""} open`, `reach ${targets[1] ?? ""} refused`].sort(),
    );
  } finally {
    open.close();
  }
});

/** What the script makes of a connection where the machine's own tools behave so (bodies of shell scripts). */
async function outcomeOf(target: string, tools: { readonly [name: string]: string }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "requorum-reach-"));
  try {
    for (const [name, body] of Object.entries(tools)) await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const shell = execFile("sh", ["-s", "4", target], { env: { PATH: `${folder}:/usr/bin:/bin` } });
    let output = "";
    shell.stdout?.on("data", (text: string) => (output += text));
    shell.stdin?.end(reachScript);
    await once(shell, "close");
    return /^reach \S+ (\w+)$/m.exec(output)?.[1] ?? output;
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("reachScript: an unreachable network is silent where there is a way to it (a router says it of a whole rack), and unknown where there is none", async () => {
  const says = (words: string, routeStatus: number) =>
    outcomeOf("192.0.2.1/2380", { bash: `echo "bash: connect: ${words}" >&2; exit 1`, ip: `exit ${String(routeStatus)}` });
  assert.equal(await says("Network is unreachable", 0), "silent");
  assert.equal(await says("No route to host", 0), "silent");
  assert.equal(await says("Network is unreachable", 2), "unknown");
  assert.equal(await says("No route to host", 2), "unknown");
  assert.equal(await says("Permission denied", 0), "unknown");
});

test("reachScript: a name that cannot be resolved is no silence, and of several addresses each is dialled", async () => {
  const silentBut = (address: string) => `case "$*" in *${address}*) echo refused >&2; exit 1 ;; esac; exit 124`;
  const twoAddresses = 'printf "192.0.2.1 STREAM x\\n192.0.2.1 DGRAM\\n192.0.2.2 STREAM\\n"';
  assert.equal(await outcomeOf("etcd-2.example/2380", { bash: "exit 124", getent: "exit 2" }), "unknown");
  assert.equal(await outcomeOf("etcd-2.example/2380", { bash: silentBut("192.0.2.2"), getent: twoAddresses }), "refused");
  assert.equal(await outcomeOf("etcd-2.example/2380", { bash: silentBut("192.0.2.3"), getent: twoAddresses }), "silent");
  assert.equal(await outcomeOf("fd00::2/2380", { bash: "exit 124", getent: "exit 2" }), "silent");
});
