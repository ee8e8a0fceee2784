import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProcesses } from "./parse-processes.ts";

test("parseProcesses: state letters of stopped and hung processes, and the name that the kernel cuts", () => {
  assert.deepEqual(parseProcesses("  465 Tsl      161 etcd\n  467 D+       12 kube-controller\n\n"), [
    { name: "etcd", pid: 465, state: "T", startedSecondsAgo: 161 },
    { name: "kube-controller-manager", pid: 467, state: "D", startedSecondsAgo: 12 },
  ]);
});

test("parseProcesses: none is an answer, a strange line is not", () => {
  assert.deepEqual(parseProcesses("\n"), []);
  assert.throws(() => parseProcesses("ps: unknown option"), { code: "REMOTE_ANSWER_MALFORMED" });
});
