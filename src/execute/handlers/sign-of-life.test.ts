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

/** What the script makes of bash's words, with or without a route to the address. */
async function outcomeOf(words: string, hasRoute: boolean): Promise<string> {
  const tools = await mkdtemp(join(tmpdir(), "requorum-reach-"));
  try {
    await writeFile(join(tools, "bash"), `#!/bin/sh\necho "bash: connect: ${words}" >&2; exit 1\n`, { mode: 0o755 });
    await writeFile(join(tools, "ip"), `#!/bin/sh\nexit ${hasRoute ? "0" : "2"}\n`, { mode: 0o755 });
    const shell = execFile("sh", ["-s", "4", "192.0.2.1/2380"], { env: { PATH: `${tools}:/usr/bin:/bin` } });
    let output = "";
    shell.stdout?.on("data", (text: string) => (output += text));
    shell.stdin?.end(reachScript);
    await once(shell, "close");
    return /^reach 192\.0\.2\.1\/2380 (\w+)$/m.exec(output)?.[1] ?? output;
  } finally {
    await rm(tools, { recursive: true });
  }
}

test("reachScript: an unreachable network is silent where there is a way to it (a router says it of a whole rack), and unknown where there is none", async () => {
  assert.equal(await outcomeOf("Network is unreachable", true), "silent");
  assert.equal(await outcomeOf("No route to host", true), "silent");
  assert.equal(await outcomeOf("Network is unreachable", false), "unknown");
  assert.equal(await outcomeOf("No route to host", false), "unknown");
  assert.equal(await outcomeOf("Permission denied", true), "unknown");
});
