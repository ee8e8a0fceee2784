import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHierarchies } from "./machine-cgroups.ts";

test("parseHierarchies: version 1 controllers are found below our own group", () => {
  const self = "4:memory:/session/one\n2:cpu,cpuacct:/\n1:name=systemd:/\n0::/\n";
  const mounts = [
    "30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
    "31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
    "32 25 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
    "33 25 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
  ].join("\n");
  assert.deepEqual(parseHierarchies(self, mounts), [
    { controllers: "memory", ownDirectory: "/sys/fs/cgroup/memory/session/one" },
    { controllers: "cpu,cpuacct", ownDirectory: "/sys/fs/cgroup/cpu,cpuacct" },
    { controllers: "name=systemd", ownDirectory: "/sys/fs/cgroup/systemd" },
    { controllers: "", ownDirectory: "/sys/fs/cgroup/unified" },
  ]);
});

test("parseHierarchies: version 2 alone is one hierarchy", () => {
  const mounts = "33 25 0:29 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
  assert.deepEqual(parseHierarchies("0::/user.slice/one.scope\n", mounts), [
    { controllers: "", ownDirectory: "/sys/fs/cgroup/user.slice/one.scope" },
  ]);
});

test("parseHierarchies: a mount of a part of the hierarchy is taken into account", () => {
  const mounts = "33 25 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
  assert.deepEqual(parseHierarchies("4:memory:/docker/abc/x\n", mounts), [
    { controllers: "memory", ownDirectory: "/sys/fs/cgroup/memory/x" },
  ]);
});

test("parseHierarchies: a hierarchy that is not mounted is left out", () => {
  assert.deepEqual(parseHierarchies("4:memory:/\n0::/\n", "33 25 0:29 / /proc rw - proc proc rw"), []);
});
