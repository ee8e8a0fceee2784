import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { dataDirShell, readDataDirLook } from "../../src/formats/machine/data-dir-look.ts";
import { asHostName, type HostName } from "../../src/model/ids.ts";
import { RealEtcd } from "../support/real-etcd.ts";

/** A leader that was wiped gets its log again from the next one, which expects nothing of it. */
async function followerOf(etcd: RealEtcd): Promise<HostName> {
  const status = await etcd.etcdctl(asHostName("cp2"), ["endpoint", "status", "-w", "json"]);
  const id = /"member_id":(\d+)/.exec(status)?.[1];
  assert.ok(id !== undefined, status);
  return asHostName(status.includes(`"leader":${id}`) ? "cp3" : "cp2");
}

function isNewborn(dataDir: string): boolean | undefined {
  const { stdout } = spawnSync("/bin/sh", ["-s", "--", dataDir], {
    input: `set -u\nLC_ALL=C; export LC_ALL\n${dataDirShell}\nlook_at_files "$1"`,
    encoding: "utf8",
    timeout: 20_000,
  });
  const look = readDataDirLook(new Map(stdout.split("\n").map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)])));
  assert.deepEqual([look?.hasWal, look?.hasBackend], [true, true], stdout);
  return look?.isNewborn;
}

test("a data dir that was emptied under a living kubelet is told from one with data, after every start of etcd there", async () => {
  const etcd = await RealEtcd.start({ memberCount: 3 });
  try {
    await etcd.etcdctl(asHostName("cp1"), ["put", "a", "b"]);
    const victim = await followerOf(etcd);
    const { dataDir } = etcd.member(victim);
    await etcd.kill(victim);
    assert.equal(isNewborn(dataDir), undefined, "a young member with data");
    await rm(join(dataDir, "member"), { recursive: true });
    for (const start of [1, 2]) {
      // It may take connections for a moment before the leader's first heartbeat ends it.
      await etcd.startProcess(victim, { state: "existing", waitsFor: "port" }).catch(() => undefined);
      const { process: child } = etcd.member(victim);
      if (child !== undefined && child.exitCode === null) await once(child, "exit", { signal: AbortSignal.timeout(20_000) });
      assert.match(await readFile(join(etcd.directory, `${victim}.log`), "utf8"), /tocommit\(\d+\) is out of range/);
      assert.equal(isNewborn(dataDir), true, `start ${String(start)}`);
    }
  } finally {
    await etcd.close();
  }
});
