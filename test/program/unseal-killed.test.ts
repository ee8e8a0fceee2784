import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const program = `
const { LocalPlainTreeWriter } = await import(process.argv[1]);
const tree = new LocalPlainTreeWriter({ owner: { host: "h", pid: process.pid, bootId: "b" }, isRunning: async () => undefined });
const made = await tree.begin(process.argv[2]);
async function* key() { yield Buffer.from("planted-key"); }
await made.addFile("cp1/etc/kubernetes/pki/ca.key", { mode: 0o600, modifiedAt: 0 }, key());
console.log("written");
setInterval(() => undefined, 1000);
`;

test("an unseal that is killed leaves no key in clear", { timeout: 30_000 }, async () => {
  const parent = await mkdtemp(join(tmpdir(), "requorum-unseal-killed-"));
  const module = join(import.meta.dirname, "../../src/adapters/local-fs/local-plain-tree.ts");
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, module, join(parent, "out")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const [name = ""] = await readdir(parent);
  await access(join(parent, name, "cp1/etc/kubernetes/pki/ca.key"));
  child.kill("SIGKILL");
  await once(child, "exit");
  for (let turn = 0; turn < 200 && (await readdir(parent)).length > 0; turn += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(await readdir(parent), []);
  await rm(parent, { recursive: true });
});
