import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostConfig } from "../../model/cluster-config.ts";
import { asHostName } from "../../model/ids.ts";
import { storeHostOf } from "./store-host.ts";

test("storeHostOf: a bare name of a configured host is reached as the configuration says; any other, and USER@HOST, as ssh knows it", () => {
  const cp1: HostConfig = { name: asHostName("cp1"), address: "10.0.0.11", roles: ["control-plane"], sshUser: "ops", sshPort: 2222 };
  const typed = { name: asHostName("cp1"), address: "cp1" };
  assert.deepEqual(storeHostOf(typed, [cp1]), cp1);
  assert.deepEqual(storeHostOf({ ...typed, sshPort: 22 }, [cp1]), { ...cp1, sshPort: 22 });
  for (const other of [
    { ...typed, sshUser: "root" },
    { name: asHostName("nas"), address: "nas" },
  ])
    assert.deepEqual(storeHostOf(other, [cp1]), { ...other, roles: [] });
});
