import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findProgram } from "./find-program.ts";

test("findProgram: the minor version counts, the same patch first, else the newest; what is not there is told with what to install", async (context) => {
  const work = mkdtempSync(join(tmpdir(), "requorum-programs-"));
  context.after(() => {
    rmSync(work, { recursive: true });
  });
  const put = (directory: string, name: string, script: string): void => {
    mkdirSync(join(work, directory), { recursive: true });
    writeFileSync(join(work, directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(work, directory, name), 0o755);
  };
  put("a/etcd-old", "etcd", "echo 'etcd Version: 3.6.4'");
  put("a/etcd-new", "etcd", "echo 'etcd Version: 3.6.10'");
  put("a/broken", "etcd", "exit 1");
  put("b", "etcd", "echo 'etcd Version: 3.5.1'");
  // As the lab's: many programs in one file, by the name that it is called by.
  put("c/node", "kubenode", 'case "$0" in */kube-apiserver) echo Kubernetes v1.34.4;; *) exit 2;; esac');
  const places = { directories: [join(work, "a")], path: `${join(work, "b")}:relative`, cache: join(work, "c") };
  const versionOf = async (wanted: string): Promise<string> => {
    const found = await findProgram("etcd", wanted, places);
    return found.kind === "found" ? found.program.version : found.why;
  };
  assert.equal(await versionOf("3.6.4"), "3.6.4");
  assert.equal(await versionOf("3.6.7"), "3.6.10");
  assert.equal(await versionOf("3.5"), "3.5.1");
  assert.equal(
    await versionOf("3.4.23"),
    "no etcd 3.4 was found, only 3.6.10, 3.6.4, 3.5.1: install etcd 3.4.23, or unpack its release, and name the directory in backup.etcdPrograms of the configuration",
  );
  assert.match(await versionOf("newest"), /is no version of etcd/);
  assert.deepEqual(await findProgram("kube-apiserver", "v1.34.0", places), {
    kind: "found",
    program: { kind: "kube-apiserver", path: join(work, "c/node/kubenode"), version: "1.34.4" },
  });
});
