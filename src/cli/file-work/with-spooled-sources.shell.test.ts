import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { cli, workDirectory, type CliOptions } from "../../../test/support/captured-cli.ts";
import { LoopbackHostAccess } from "../../../test/support/loopback-host-access.ts";
import { dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HostAccess, RemoteRead } from "../../ports/host-access.ts";
import { readClusterConfig } from "../../schemas/config.ts";

const config = readClusterConfig(
  "apiVersion: requorum/v1\ncluster: lab\ncontrolPlaneEndpoint: 10.0.0.10:6443\nhosts:\n  - {name: cp1, address: 10.0.0.11, roles: [control-plane]}\n  - {name: cp2, address: 10.0.0.12, roles: [control-plane]}\n",
  "requorum.yaml",
);

/** cp2 does not answer; what cp1 is asked is done on this machine. */
class HalfDeadHosts extends LoopbackHostAccess {
  readonly copied: string[] = [];
  onRead: () => void = () => undefined;
  override async run(...call: Parameters<HostAccess["run"]>): ReturnType<HostAccess["run"]> {
    if (call[0] === asHostName("cp2")) throw new RecoveryError("SSH_UNREACHABLE", { subject: "host cp2", detail: "no answer" });
    return super.run(...call);
  }
  override readFile(host: Parameters<HostAccess["readFile"]>[0], path: string, options: RemoteRead): Promise<Uint8Array> {
    this.copied.push(path);
    this.onRead();
    return super.readFile(host, path, options);
  }
}

function setting(context: TestContext) {
  const directory = workDirectory();
  const work = directory.path;
  context.after(() => {
    directory.remove();
  });
  const put = (name: string, bytes: Uint8Array): string => {
    const path = join(work, "there", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    return path;
  };
  const hosts = new HalfDeadHosts(work);
  const spool = join(work, "cache", "spool");
  const call = (words: readonly string[], options: CliOptions = {}) =>
    cli(words, { config, ports: { hostAccess: hosts }, ...options }, work);
  return { work, put, hosts, call, leftInSpool: () => (existsSync(spool) ? readdirSync(spool) : []) };
}

test("ssh:// sources: a snapshot on another machine is inspected under its own name, and no copy stays", async (context) => {
  const { put, call, hosts, leftInSpool } = setting(context);
  const path = put("backup.db", snapshotBytes({ writes }));
  const { code, out, err } = await call(["snapshot", "inspect", `ssh://cp1${path}`, "-o", "json"]);
  assert.deepEqual([code, err], [0, ""]);
  const found = JSON.parse(out) as { readonly file: string; readonly revision: unknown };
  assert.equal(found.file, `ssh://cp1${path}`);
  assert.doesNotMatch(out, /spool/);
  assert.deepEqual(hosts.copied, [path]);
  assert.deepEqual(leftInSpool(), []);
});

test("ssh:// sources: survivors are ranked where one machine is dead, which is said", async (context) => {
  const { put, call, leftInSpool } = setting(context);
  for (const [path, bytes] of Object.entries(dataDirFilesOf({ writes, requests: [] }))) put(`etcd/${path}`, bytes);
  const dir = dirname(dirname(dirname(put("etcd/member/snap/0.tmp", new Uint8Array(1)))));
  const { code, out } = await call(["snapshot", "rank", `ssh://cp2${dir}`, `ssh://cp1${dir}`, "-o", "json"]);
  assert.equal(code, 3);
  const { ranks } = JSON.parse(out) as {
    readonly ranks: readonly { readonly path: string; readonly isNewest: boolean; readonly problems: readonly string[] }[];
  };
  assert.deepEqual(
    ranks.map((rank) => [rank.path, rank.isNewest]),
    [
      [`ssh://cp1${dir}`, true],
      [`ssh://cp2${dir}`, false],
    ],
  );
  assert.match(ranks[1]?.problems.join() ?? "", /SSH_UNREACHABLE.*no answer/);
  assert.deepEqual(leftInSpool(), []);
});

test("ssh:// sources: damage is named by the place on its machine; what ended badly leaves no copy either", async (context) => {
  const { put, call, leftInSpool } = setting(context);
  const path = put("cut.db", snapshotBytes({ writes }).subarray(0, 8000));
  const { code, err } = await call(["snapshot", "restore", `ssh://cp1${path}`, "--data-dir", "new"]);
  assert.equal(code, 13);
  assert.match(err, new RegExp(`ssh://cp1${path}`));
  assert.doesNotMatch(err, /spool/);
  assert.deepEqual(leftInSpool(), []);
});

test("ssh:// sources: the database of a data dir is not restored without the log beside it, which is named by its place there", async (context) => {
  const { put, call, leftInSpool } = setting(context);
  const files = dataDirFilesOf({ writes, requests: [putRequest("/registry/a")] });
  for (const [path, bytes] of Object.entries(files)) put(`etcd/${path}`, bytes);
  const path = put("etcd/member/snap/0.tmp", new Uint8Array(1)).replace(/0\.tmp$/, "db");
  const { code, err } = await call(["snapshot", "restore", `ssh://cp1${path}`, "--data-dir", "new"]);
  assert.equal(code, 13);
  assert.match(err.replaceAll(/\s+/g, " "), new RegExp(`requorum snapshot restore ssh://cp1${path.replace("/member/snap/db", "")} `));
  assert.doesNotMatch(err, /spool/);
  assert.deepEqual(leftInSpool(), []);
});

test("ssh:// sources: Ctrl-C while a file is copied leaves no copy", async (context) => {
  const { put, call, hosts, leftInSpool } = setting(context);
  const path = put("backup.db", snapshotBytes({ writes }));
  const stop = new AbortController();
  hosts.onRead = () => {
    assert.equal(leftInSpool().length, 1);
    stop.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "Ctrl-C" }));
  };
  const { code } = await call(["snapshot", "check", `ssh://cp1${path}`], { signal: stop.signal });
  assert.equal(code, 130);
  assert.deepEqual(leftInSpool(), []);
});

test("ssh:// sources: a host that the configuration does not have is a usage error that says how to reach it", async (context) => {
  const { call } = setting(context);
  const { code, err } = await call(["snapshot", "rank", "ssh://cp9/var/lib/etcd", "ssh://cp1/var/lib/etcd"]);
  assert.equal(code, 2);
  assert.match(err, /no host cp9, but cp1, cp2; .*ssh:\/\/USER@cp9\/var\/lib\/etcd/);
});

test("snapshot restore: into the source, or onto another machine, is refused before anything is read", async (context) => {
  const { put, call } = setting(context);
  const path = put("etcd/member/snap/db", snapshotBytes({ writes }));
  const before = [statSync(path).mtimeMs, readFileSync(path).length];
  const dir = dirname(dirname(dirname(path)));
  for (const [source, target] of [
    [dir, join(dir, "restored")],
    [dir, `${dir}/.`],
    [path, "ssh://cp1/var/lib/etcd"],
  ] as const)
    assert.equal((await call(["snapshot", "restore", source, "--data-dir", target])).code, 2, target);
  const members = ["--name", "a", "--initial-cluster", "a=https://10.0.0.11:2380,b=https://10.0.0.12:2380"];
  const several = await call(["snapshot", "restore", "live", "--data-dir", "new", ...members, "--initial-cluster-token", "t"]);
  assert.equal(several.code, 2);
  assert.match(several.err, /a snapshot of its own/);
  assert.deepEqual([statSync(path).mtimeMs, readFileSync(path).length], before);
  assert.deepEqual(readdirSync(dir), ["member"]);
});

test("snapshot restore: a link to the source, and a folder of the data dir that a file lies in, are the source, too", async (context) => {
  const { work, put, call } = setting(context);
  const path = put("etcd/member/snap/db", snapshotBytes({ writes }));
  const dir = dirname(dirname(dirname(path)));
  const link = join(work, "link");
  symlinkSync(dir, link);
  for (const [source, target] of [
    [dir, join(link, "restored")],
    [link, join(dir, "below", "restored")],
    [path, join(dir, "member", "restored")],
  ] as const)
    assert.equal((await call(["snapshot", "restore", source, "--data-dir", target])).code, 2, target);
  assert.deepEqual(readdirSync(dir), ["member"]);
});

test("snapshot restore: of several members it prints the calls for the others, in the order given; etcdutl's options are understood", async (context) => {
  const { work, put, call } = setting(context);
  const path = put("backup.db", snapshotBytes({ writes }));
  const dir = (name: string): string => join(work, `new-${name}`);
  mkdirSync(join(work, ".new-b.requorum-0123456789ab"));
  const cluster = "c=https://10.0.0.13:2380,b=https://10.0.0.12:2380,a=https://10.0.0.11:2380";
  const words = ["snapshot", "restore", path, "--data-dir", dir("b"), "--name", "b", "--initial-cluster", cluster];
  words.push("--initial-cluster-token", "t 1", "--etcd-version", "v3.5", "--bump-revision", "1000", "--mark-compacted");
  const wrong = await call([...words, "--initial-advertise-peer-urls", "https://10.0.0.11:2380"]);
  assert.deepEqual([wrong.code, readdirSync(work).length], [2, 2], wrong.err);
  const { code, out, err } = await call([...words, "--initial-advertise-peer-urls", "https://10.0.0.12:2380/"]);
  // On a machine with much else to do its progress is told.
  assert.deepEqual([code, err.replaceAll(/^ *checking the sha256: .*\n/gm, "")], [0, ""]);
  const calls = [...out.matchAll(/^ +requorum snapshot restore (.*)$/gm)].map(([, rest = ""]) => rest);
  const callFor = (name: string): string =>
    `${path} --name ${name} --data-dir ${dir(name)} --initial-cluster ${cluster} --initial-cluster-token 't 1' --bump-revision 1000 --mark-compacted --etcd-version v3.5`;
  assert.deepEqual(calls, [callFor("c"), callFor("a")]);
  assert.match(out, /was killed[^]*rm -r .*\/\.new-b\.requorum-0123456789ab\n/);
  assert.equal((await call(["snapshot", "restore", path, "--data-dir", dir("x"), "--mark-compacted"])).code, 2);
});

test("snapshot restore: the token of the new cluster is in the JSON document", async (context) => {
  const { work, put, call } = setting(context);
  const { code, out } = await call([
    "snapshot",
    "restore",
    put("a.db", snapshotBytes({ writes })),
    "--data-dir",
    join(work, "new"),
    "-o",
    "json",
  ]);
  assert.equal(code, 0);
  assert.match((JSON.parse(out) as { readonly clusterToken: string }).clusterToken, /^requorum-[0-9a-f]{32}$/);
});
