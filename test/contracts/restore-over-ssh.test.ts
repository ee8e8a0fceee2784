import assert from "node:assert/strict";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createSshHostAccess } from "../../src/adapters/ssh/ssh-host-access.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import { hostRestoreFilesHandler } from "../../src/execute/handlers/host-restore-files.ts";
import { lookAtFiles } from "../../src/execute/observe/look-at-files.ts";
import type { StepContext } from "../../src/execute/step-handler.ts";
import { asBackupSetId, asHostName } from "../../src/model/ids.ts";
import type { HostAccess } from "../../src/ports/host-access.ts";
import type { SetParts } from "../../src/ports/set-parts.ts";
import { sshdMissing, startSshServer } from "../support/ssh-server.ts";

/** Bytes of every value, in 300 KiB: nothing on the way takes them for text. */
const content = Uint8Array.from({ length: 300 * 1024 }, (_, at) => (at * 7 + (at >> 8)) & 0xff);

test(
  "host.restoreFiles over a real SSH connection: bytes, owner and mode arrive, the old file is kept aside, and how far it came is told when it fails",
  { skip: sshdMissing },
  async (context) => {
    const server = await startSshServer();
    const machine = mkdtempSync(join(tmpdir(), "requorum-restore-ssh-"));
    const config = server.clusterConfig();
    const access = createSshHostAccess(config, { controlDirectory: join(server.directory, "c"), keepsConnections: false });
    context.after(async () => {
      await access.close();
      await server.remove();
      rmSync(machine, { recursive: true, force: true });
    });
    const host = asHostName("good");
    const path = join(machine, "etc/kubernetes/pki/sa.key");
    mkdirSync(join(machine, "etc/kubernetes/pki"), { recursive: true });
    writeFileSync(path, "old", { mode: 0o644 });
    const hashing = new NodeHashing();
    const parts: SetParts = {
      manifestSha256: "d".repeat(64),
      parts: [],
      tag: (kind, bytes) => hashing.sha256Hex(`${kind} ${hashing.sha256Hex(bytes)}`),
      read: () => Promise.resolve(content),
    };
    // The machine of the test keeps its own /var/lib as it is.
    let functions = "";
    const hostAccess: Pick<HostAccess, "run"> = {
      run: (name, request) =>
        access.run(name, { ...request, script: `${functions}${request.script.replaceAll("/var/lib/requorum", `${machine}/var`)}` }),
    };
    const facts: { readonly name: string; readonly value: string }[] = [];
    const step = {
      run: "R",
      signal: new AbortController().signal,
      ports: { hostAccess, clock: new SystemClock(), hashing, setParts: { open: () => Promise.resolve(parts) } },
      config,
      plan: { cluster: "c", fingerprint: { members: [] } },
      state: { facts },
      recordFact: (name: string, value: string) => {
        facts.push({ name, value });
        return Promise.resolve();
      },
    } as unknown as StepContext;
    const [seen] = await lookAtFiles(step, host, { paths: [path], tag: parts.tag });
    assert.ok(seen?.state !== undefined);
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const becomes = { kind: "file", tag: parts.tag("file", content), mode: 0o600, ...owner } as const;
    const files = [{ path, kind: "pki", was: seen.state, becomes }] as const;
    const set = asBackupSetId("20260301-030000-aaaaaa");
    const args = { host, set, manifestSha256: parts.manifestSha256, directories: [], files, companions: [], authorities: [], accepts: [] };
    await hostRestoreFilesHandler.perform(args, step);
    assert.ok(readFileSync(path).equals(content));
    assert.equal((lstatSync(path).mode & 0o7777).toString(8), "600");
    assert.equal(readFileSync(join(machine, "var/aside/R", path), "utf8"), "old");
    assert.deepEqual(readdirSync(join(machine, "etc/kubernetes/pki")), ["sa.key"]);
    const [after] = await lookAtFiles(step, host, { paths: [path], tag: parts.tag });
    assert.deepEqual(after?.state, becomes);
    // How far it came arrives also when it fails between two files.
    writeFileSync(path, "old", { mode: 0o644 });
    const second = join(machine, "etc/kubernetes/pki/second.key");
    const [old] = await lookAtFiles(step, host, { paths: [path], tag: parts.tag });
    assert.ok(old?.state !== undefined);
    const two = [
      { path, kind: "pki", was: old.state, becomes },
      { path: second, kind: "pki", was: { kind: "absent" }, becomes },
    ] as const;
    functions = `ln() { case "$*" in *second*) return 1 ;; esac; command ln "$@"; }\n`;
    await assert.rejects(
      hostRestoreFilesHandler.perform({ ...args, files: two }, step),
      /written: \S+sa\.key; not written: \S+second\.key/,
    );
    functions = "";
    await hostRestoreFilesHandler.perform({ ...args, files: two }, step);
    assert.ok(readFileSync(second).equals(content));
    // As after a kill: an empty input is one, too.
    mkdirSync(join(machine, "var/aside/OLDER/.staged.abcdef"), { recursive: true });
    await hostRestoreFilesHandler.cleanUp?.(args, step, { goalHolds: true });
    assert.deepEqual([readdirSync(join(machine, "var/aside/OLDER")), facts.some(({ name }) => name === "left-behind")], [[], false]);
  },
);
