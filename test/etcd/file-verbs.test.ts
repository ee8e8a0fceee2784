/** The verbs on files, over a real member's data dir: running, killed, and copied from another machine. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { LocalByteFiles, type SpooledName } from "../../src/adapters/local-fs/local-byte-files.ts";
import { LocalDataDirWriter } from "../../src/adapters/local-fs/local-data-dir-writer.ts";
import { LocalFileSpool } from "../../src/adapters/local-fs/local-file-spool.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { checkFile } from "../../src/app/files/check-file.ts";
import { fetchRemoteSource } from "../../src/app/files/fetch-remote-source.ts";
import type { FileContext } from "../../src/app/files/file-context.ts";
import { hashKvFile } from "../../src/app/files/hash-kv-file.ts";
import { remoteLookScript } from "../../src/app/files/remote-file-look.ts";
import { parseRemoteSource } from "../../src/app/files/remote-source.ts";
import { fileTasks, type FileTaskName } from "../../src/cli/file-work/file-tasks.ts";
import { asHostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { etcdTraffic } from "../support/etcd-traffic.ts";
import { pictureOf, requestsFor } from "../support/file-requests.ts";
import { LoopbackHostAccess } from "../support/loopback-host-access.ts";
import { memoryFileContext } from "../support/memory-file-context.ts";
import { PlainEtcd } from "../support/plain-etcd.ts";

const host = asHostName("cp1");

function contextOf(spooled: readonly SpooledName[] = []): FileContext {
  return { ...memoryFileContext(), files: new LocalByteFiles(spooled), dataDirs: new LocalDataDirWriter() };
}

// The oldest and the newest: how they lock their files is the same in between.
for (const version of ["3.4", "3.7"] as const) {
  test(`etcd ${version}: a running member's files are refused by every verb, here and over ssh; a killed one's are read, and only read`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "requorum-verbs-"));
    const etcd = await PlainEtcd.start({ version, directory });
    const spool = await new LocalFileSpool({ cacheDirectory: join(directory, "cache") }).open();
    t.after(async () => {
      await etcd.close();
      await spool.remove();
      rmSync(directory, { recursive: true, force: true });
    });
    const access = new LoopbackHostAccess(directory);
    const name = `ssh://cp1${etcd.dataDir}`;
    const fetch = (into: string): Promise<string> =>
      fetchRemoteSource(
        { access, host, spool, hashing: new NodeHashing(), report: () => undefined, signal: new AbortController().signal },
        parseRemoteSource(name),
        into,
      );
    const revision = await etcdTraffic(etcd, { seed: 7, operations: 300, keys: 40, maxValueBytes: 2000 });
    const snapshot = join(directory, "backups", "snapshot.db");
    mkdirSync(dirname(snapshot));
    await etcd.etcdctl(["snapshot", "save", snapshot]);

    for (const path of [etcd.dataDir, etcd.backendFile])
      for (const verb of Object.keys(fileTasks) as FileTaskName[])
        assert.equal(codeOf(verb, path, directory), "FILE_IN_USE", `${verb} ${path}`);
    await assert.rejects(fetch("0"), { code: "FILE_IN_USE" });
    const { stdout } = await access.run(host, {
      reason: "look",
      script: remoteLookScript,
      args: [etcd.dataDir],
      timeoutMs: 60_000,
      changesThings: false,
    });
    assert.match(stdout, new RegExp(`^holder ${String(etcd.processId)} member/`, "m"), "found without the list of locks, too");

    await etcd.kill();
    const before = pictureOf(etcd.dataDir);
    const beforeSnapshot = pictureOf(dirname(snapshot));
    const spooled = contextOf([{ name, path: await fetch("1") }]);
    for (const path of [etcd.dataDir, snapshot])
      for (const verb of Object.keys(fileTasks) as FileTaskName[])
        if (verb !== "get") assert.equal(codeOf(verb, path, directory), undefined, `${verb} ${path}`);
    assert.deepEqual([pictureOf(etcd.dataDir), pictureOf(dirname(snapshot))], [before, beforeSnapshot]);
    const hashes = [
      hashKvFile(contextOf(), { path: etcd.dataDir, revision, etcdVersion: version }),
      hashKvFile(spooled, { path: name, revision, etcdVersion: version }),
    ];
    assert.equal(hashes[0]?.hash, hashes[1]?.hash);
    for (const check of [checkFile(contextOf(), etcd.dataDir), checkFile(spooled, name), checkFile(contextOf(), snapshot)])
      assert.equal(check.verdict, "good", JSON.stringify(check.checks));
  });
}

/** undefined: it was done. */
function codeOf(verb: FileTaskName, path: string, directory: string): string | undefined {
  const target = join(mkdtempSync(join(directory, "target-")), "new");
  const run = fileTasks[verb] as (context: FileContext, request: unknown, write: () => void) => unknown;
  try {
    run(contextOf(), requestsFor(path, target)[verb], () => undefined);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RecoveryError, String(error));
    return error.code;
  }
}
