import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { uploadScript } from "./join-credentials.ts";

test("uploadScript: its copy of the admin credentials goes with it, also when the connection breaks while kubeadm uploads", (context) => {
  const root = mkdtempSync(join(tmpdir(), "requorum-upload-test-"));
  context.after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  for (const folder of ["bin", "run", "kubernetes/pki"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "kubernetes/admin.conf"), "server: https://10.0.0.9:8443\nclient-key-data: planted\n");
  writeFileSync(join(root, "kubernetes/pki/ca.key"), "planted");
  writeFileSync(join(root, "key"), "00");
  const script = uploadScript.replaceAll("/run/", `${root}/run/`).replaceAll("/etc/kubernetes/", `${root}/kubernetes/`);
  const run = (onUpload: string) => {
    writeFileSync(
      join(root, "bin/kubeadm"),
      `#!/bin/sh\nif [ "$1" = version ]; then echo v1.34.4; else ls "${root}/run" > "${root}/seen"; ${onUpload}; fi\n`,
      { mode: 0o755 },
    );
    const env = { ...process.env, PATH: `${join(root, "bin")}:${process.env["PATH"] ?? ""}`, REQUORUM_INPUT: join(root, "key") };
    return spawnSync("sh", ["-s", "--", "https://10.0.0.1:6443"], { input: script, encoding: "utf8", env, timeout: 10_000 });
  };
  assert.equal(run("true").status, 0);
  assert.deepEqual(readdirSync(join(root, "run")), []);
  for (const signal of ["HUP", "PIPE", "TERM"]) {
    run(`kill -${signal} $PPID; sleep 0.1`);
    assert.deepEqual(readdirSync(join(root, "run")), [], `SIG${signal}`);
  }
});
