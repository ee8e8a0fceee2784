import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
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
