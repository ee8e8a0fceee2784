import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { hostLookScript } from "./host-look-script.ts";
import { readHostLook } from "./look-at-host.ts";

const answer = (lines: readonly string[]) =>
  [
    "machine-id 0123",
    "unit kubelet active loaded ",
    "unit containerd inactive loaded ",
    "unit haproxy activating loaded ",
    "unit keepalived inactive not-found ",
    "unit etcd inactive masked ",
    "processes-listed",
    "file adminConf 0",
    "file etcdManifest 0",
    "file apiServerManifest 0",
    "data 0",
    ...lines,
    "end",
  ].join("\n");

test("readHostLook: a fresh machine has no state, no etcd, and no API server", () => {
  const look = readHostLook(answer([]));
  assert.equal(look.hasKubernetesState, false);
  assert.equal(look.hasEtcdData, false);
  assert.equal(look.etcdProcess, "stopped");
  assert.equal(look.apiServer, "absent");
  assert.deepEqual(look.services, { kubelet: "active", containerd: "stopped", keepalived: "absent", etcd: "absent" });
});

test("readHostLook: stopped by a signal is frozen, a zombie is not running, and running says nothing about ready", () => {
  assert.equal(readHostLook(answer(["process etcd Tsl"])).etcdProcess, "frozen");
  assert.equal(readHostLook(answer(["process etcd Zs"])).etcdProcess, "stopped");
  const look = readHostLook(answer(["process etcd Ssl", "process kube-apiserver Ssl"]));
  assert.equal(look.etcdProcess, "running");
  assert.equal(look.apiServer, undefined);
});

test("readHostLook: an answer that was cut leaves everything unknown", () => {
  const look = readHostLook(answer([]).replace(/\nend$/, ""));
  assert.deepEqual(
    [look.isReachable, look.hasKubernetesState, look.hasEtcdData, look.etcdProcess, look.services],
    [true, undefined, undefined, undefined, undefined],
  );
});

test("hostLookScript: runs to its end in a POSIX shell and reads only", () => {
  const output = execFileSync("sh", ["-s", "/nowhere/etcd", "/nowhere/manifests", "/nowhere/pki"], {
    input: hostLookScript,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "ignore"],
  });
  assert.ok(output.endsWith("end\n"));
  assert.equal(readHostLook(output).hasEtcdData, false);
});
