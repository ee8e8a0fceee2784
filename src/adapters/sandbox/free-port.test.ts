import assert from "node:assert/strict";
import { test } from "node:test";
import { onFreePort } from "./free-port.ts";
import { sandboxFailed } from "./to-recovery-error.ts";

test("onFreePort: a port that was taken meanwhile is another try, three in all; what fails otherwise is not tried again", async () => {
  const ports: number[] = [];
  const taken = (times: number) => (port: number) => {
    ports.push(port);
    return ports.length <= times
      ? Promise.reject(sandboxFailed("etcd", "it ended with exit code 1", "listen tcp 127.0.0.1:1: bind: address already in use\n"))
      : Promise.resolve(port);
  };
  assert.equal(await onFreePort(taken(2)), ports[2]);
  ports.length = 0;
  await assert.rejects(onFreePort(taken(9)), { code: "SANDBOX_UNDECIDED" });
  assert.equal(ports.length, 3);
  let calls = 0;
  await assert.rejects(
    onFreePort(() => Promise.reject(sandboxFailed("etcd", `it ended, call ${String((calls += 1))}`))),
    /call 1/,
  );
});

test("sandboxFailed: the last lines that a program wrote are told, without secrets", () => {
  const { detail } = sandboxFailed("kube-apiserver", "it ended", `first\n${"x\n".repeat(20)}secret: QUJDREVGR0hJSktMTU5PUA==\nlast\n`);
  assert.match(detail, /^it ended; the last that it wrote:\n(x\n)+secret: \[removed: secret\]\nlast$/);
});
