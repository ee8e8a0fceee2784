import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { registerHostKey, renderSshConfig, sshPaths } from "./ssh-access.ts";

test("renderSshConfig: host keys are checked against the lab's own known_hosts only", () => {
  const config = renderSshConfig("/state/labs/dev", "dev", [{ name: "cp1", address: "10.150.0.11" }], "/image");
  assert.match(config, /Host cp1 10\.150\.0\.11\n {2}HostName 10\.150\.0\.11/);
  assert.match(config, /StrictHostKeyChecking yes/);
  assert.match(config, /UserKnownHostsFile \/state\/labs\/dev\/known_hosts/);
  assert.match(config, /ProxyCommand nsenter --net=\/run\/netns\/rq-dev \/image\/usr\/bin\/busybox nc %h %p/);
});

test("registerHostKey: a machine's new key replaces its old one and no other's", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "requorum-ssh-"));
  context.after(() => rm(directory, { recursive: true }));
  await registerHostKey(directory, { name: "cp1", address: "10.150.0.11" }, "ssh-ed25519 AAAA1 host");
  await registerHostKey(directory, { name: "cp11", address: "10.150.0.111" }, "ssh-ed25519 BBBB host");
  await registerHostKey(directory, { name: "cp1", address: "10.150.0.11" }, "ssh-ed25519 AAAA2 host");
  assert.equal(
    await readFile(sshPaths(directory).knownHosts, "utf8"),
    "cp11,10.150.0.111 ssh-ed25519 BBBB\ncp1,10.150.0.11 ssh-ed25519 AAAA2\n",
  );
});
