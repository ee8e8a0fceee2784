import assert from "node:assert/strict";
import { test } from "node:test";
import { availableMemoryBytes } from "./available-memory.ts";

function machine(files: { readonly [path: string]: string }): (path: string) => string | undefined {
  return (path) => files[path];
}

test("available memory: the least that any control group above the process leaves", () => {
  const slice = {
    "/proc/self/cgroup": "0::/backup.slice/backup.service\n",
    "/sys/fs/cgroup/backup.slice/backup.service/memory.max": "max\n",
    "/sys/fs/cgroup/backup.slice/backup.service/memory.current": "1000\n",
    "/sys/fs/cgroup/backup.slice/memory.max": "50000\n",
    "/sys/fs/cgroup/backup.slice/memory.current": "20000\n",
  };
  assert.equal(availableMemoryBytes(machine(slice)), 30_000);
  const throttled = { ...slice, "/sys/fs/cgroup/backup.slice/memory.high": "21000\n" };
  assert.equal(availableMemoryBytes(machine(throttled)), 1_000);
  const full = { ...slice, "/sys/fs/cgroup/backup.slice/memory.current": "60000\n" };
  assert.equal(availableMemoryBytes(machine(full)), 0);
});

test("available memory: control groups of version 1 are looked at where memory has them", () => {
  const files = {
    "/proc/self/cgroup": "12:cpu,cpuacct:/a/b\n5:memory:/a/b\n0::/\n",
    "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/a/b/memory.usage_in_bytes": "1000\n",
    "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "7000\n",
    "/sys/fs/cgroup/memory/a/memory.usage_in_bytes": "2000\n",
  };
  assert.equal(availableMemoryBytes(machine(files)), 5_000);
});

test("available memory: without limits it is what the kernel has, here and where there are no control groups", () => {
  assert.ok(availableMemoryBytes(machine({})) > 0);
  const words = (limit: string): string =>
    `Max data size             unlimited            unlimited            bytes     \nMax address space         ${limit} unlimited            bytes     \n`;
  assert.ok(availableMemoryBytes(machine({ "/proc/self/limits": words("unlimited           ") })) > 0);
  assert.equal(availableMemoryBytes(machine({ "/proc/self/limits": words("1536000000          ") })), 0);
  assert.ok(availableMemoryBytes() > 0);
});
