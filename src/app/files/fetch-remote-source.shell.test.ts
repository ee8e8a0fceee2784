import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { LocalFileSpool } from "../../adapters/local-fs/local-file-spool.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { FakeHostAccess } from "../../../test/support/fake-host-access.ts";
import { landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { LoopbackHostAccess } from "../../../test/support/loopback-host-access.ts";
import { dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { asHostName } from "../../model/ids.ts";
import type { ProgressEvent } from "../../model/progress-event.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SpoolDirectory } from "../../ports/file-spool.ts";
import type { HostAccess, RemoteRead } from "../../ports/host-access.ts";
import { chunkBytes, fetchRemoteSource, type FetchContext } from "./fetch-remote-source.ts";
import { readRemoteLook } from "./remote-file-look.ts";
import { assertReadable, parseRemoteSource } from "./remote-source.ts";

const cp1 = asHostName("cp1");

interface Setting {
  readonly work: string;
  readonly spool: SpoolDirectory;
  readonly events: ProgressEvent[];
  readonly fetch: (path: string, access?: HostAccess, rest?: Partial<FetchContext>) => Promise<string>;
  readonly put: (path: string, bytes: Uint8Array | string) => string;
}

async function setting(context: TestContext): Promise<Setting> {
  const work = mkdtempSync(join(tmpdir(), "requorum-fetch-"));
  const spool = await new LocalFileSpool({ cacheDirectory: join(work, "cache") }).open();
  context.after(async () => {
    await spool.remove();
    rmSync(work, { recursive: true });
  });
  const events: ProgressEvent[] = [];
  return {
    work,
    spool,
    events,
    fetch: (path, access = new LoopbackHostAccess(work), rest = {}) =>
      fetchRemoteSource(
        {
          access,
          host: cp1,
          spool,
          hashing: new NodeHashing(),
          report: (event) => events.push(event),
          signal: new AbortController().signal,
          ...rest,
        },
        parseRemoteSource(`ssh://cp1${path}`),
        "0",
      ),
    put: (name, bytes) => {
      const path = join(work, "there", name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      return path;
    },
  };
}

test("ssh sources: a file arrives byte for byte, private, with its time; the original is as it was", async (context) => {
  const { put, fetch, events } = await setting(context);
  const bytes = Buffer.concat([snapshotBytes({ writes }), Buffer.alloc(chunkBytes + 1000, 7)]);
  const path = put("it's a snapshot.db", bytes);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const copy = await fetch(path);
  assert.equal(Buffer.compare(readFileSync(copy), bytes), 0);
  assert.deepEqual([statSync(copy).mode & 0o777, statSync(copy).mtimeMs], [0o600, 1_700_000_000_000]);
  const after = statSync(path, { bigint: true });
  assert.deepEqual([after.ino, after.size, after.mtimeNs, after.ctimeNs], [ino, size, mtimeNs, ctimeNs]);
  const last = events.filter((event) => event.kind === "bytes").at(-1);
  assert.deepEqual([last?.done, last?.total], [BigInt(bytes.length), BigInt(bytes.length)]);
});

test("ssh sources: of a data dir come the files that are read, and no others; a link to it is followed", async (context) => {
  const { put, fetch, work } = await setting(context);
  const files = dataDirFilesOf({ writes, requests: [] });
  for (const [path, bytes] of Object.entries(files)) put(`etcd/${path}`, bytes);
  put("etcd/member/wal/0.tmp", "preallocated");
  symlinkSync(join(work, "there/etcd"), join(work, "link"));
  const copy = await fetch(`${join(work, "link")}/`);
  const found = readdirSync(copy, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(copy, name)).isFile());
  assert.deepEqual(found.sort(), Object.keys(files).sort());
  for (const [path, bytes] of Object.entries(files)) assert.equal(Buffer.compare(readFileSync(join(copy, path)), bytes), 0, path);
});

test("ssh sources: what is not there, is empty, is no data dir or no file is said, and nothing is copied", async (context) => {
  const { put, fetch, work } = await setting(context);
  put("pki/ca.crt", "x");
  mkdirSync(join(work, "empty"));
  const notFound = { code: "FILE_NOT_FOUND", message: /no such file or directory on that machine/, subject: /ssh:\/\/cp1\// };
  await assert.rejects(fetch(join(work, "none")), notFound);
  await assert.rejects(fetch(join(work, "none/deeper")), notFound);
  await assert.rejects(fetch(join(work, "there/pki/ca.crt/below")), notFound);
  await assert.rejects(fetch(join(work, "there/pki")), { code: "FILE_NOT_RECOGNISED", message: /ca\.crt/, subject: /ssh:\/\/cp1\// });
  await assert.rejects(fetch(join(work, "empty")), { code: "FILE_NOT_RECOGNISED", message: /an empty directory/ });
  await assert.rejects(fetch("/dev/null"), { code: "FILE_NOT_RECOGNISED", message: /a device/ });
  await assert.rejects(fetch(put("big.gz", Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(chunkBytes)]))), {
    code: "FILE_NOT_RECOGNISED",
    message: /gzip/,
  });
});

test("ssh sources: without room for the copy it does not begin", async (context) => {
  const { put, fetch, spool } = await setting(context);
  const full = { path: spool.path, freeBytes: () => Promise.resolve(1000n), create: () => Promise.reject(new Error("not here")) };
  await assert.rejects(fetch(put("db", "x".repeat(5000)), undefined, { spool: { ...full, remove: () => Promise.resolve() } }), {
    code: "LOCAL_DISK_FULL",
    message: /\d+ MiB are free, and 64 MiB of these stay free; nothing was copied/,
  });
});

/** Does something to the file after the chunk that is read first. */
class MeddledHostAccess extends LoopbackHostAccess {
  meddle: () => void = () => undefined;
  failures = 0;
  override async readFile(host: Parameters<HostAccess["readFile"]>[0], path: string, options: RemoteRead): Promise<Uint8Array> {
    if (this.failures-- > 0) throw new RecoveryError("SSH_CONNECTION_LOST", { subject: "host cp1", detail: "gone" });
    const bytes = await super.readFile(host, path, options);
    this.meddle();
    this.meddle = () => undefined;
    return bytes;
  }
}

test("ssh sources: a file that is written to, cut or replaced while it is copied is FILE_CHANGED", async (context) => {
  const { put, fetch, work } = await setting(context);
  const head = snapshotBytes({ writes });
  const meddlings: readonly ((path: string) => void)[] = [
    (path) => {
      writeFileSync(path, "y", { flag: "r+" });
    },
    (path) => {
      truncateSync(path, 100);
    },
    (path) => {
      const content = readFileSync(path);
      rmSync(path);
      writeFileSync(path, content);
    },
  ];
  for (const [at, meddle] of meddlings.entries()) {
    const path = put(`db${String(at)}`, Buffer.concat([head, Buffer.alloc(chunkBytes, 7)]));
    const access = new MeddledHostAccess(work);
    access.meddle = () => {
      meddle(path);
    };
    const { spool } = await setting(context);
    await assert.rejects(fetch(path, access, { spool }), { code: "FILE_CHANGED" }, String(at));
  }
});

test("ssh sources: a line that breaks twice is tried again, one that goes on breaking is the error", async (context) => {
  const { put, fetch, work } = await setting(context);
  const path = put("db", snapshotBytes({ writes }));
  const access = new MeddledHostAccess(work);
  access.failures = 2;
  assert.equal(Buffer.compare(readFileSync(await fetch(path, access)), readFileSync(path)), 0);
  access.failures = 3;
  const { spool } = await setting(context);
  await assert.rejects(fetch(path, access, { spool }), { code: "SSH_CONNECTION_LOST" });
});

const looked = (lines: readonly string[]): string =>
  ["kind=directory", "times a b", "file 16 131 65025 1700000000 member/snap/db", ...lines, ""].join("\n");

test("ssh sources: a lock or an etcd on one of the files is FILE_IN_USE, with the process, before anything is copied", async (context) => {
  const { fetch } = await setting(context);
  const busy = {
    "lock 2: FLOCK  ADVISORY  WRITE 4711 fe:01:131 0 EOF": /process 4711 \(member\/snap\/db\) holds it/,
    "lock 2: OFDLCK ADVISORY  WRITE -1 fe:01:131 0 EOF": /a process \(member\/snap\/db\) holds it/,
    "holder 815 member/snap/db": /process 815/,
  };
  for (const [text, message] of Object.entries(busy)) {
    const access = new FakeHostAccess();
    access.onScript({ reason: "look at" }, { stdout: looked([text]) });
    await assert.rejects(fetch("/var/lib/etcd", access), { code: "FILE_IN_USE", message });
    assert.equal(access.calls.length, 1);
  }
  assert.equal(readRemoteLook("x", looked(["lock 2: FLOCK  ADVISORY  WRITE 9 fe:01:132 0 EOF"])).holder, undefined);
});

test("ssh sources: a login without sudo reads as itself, and says so when it may not", async (context) => {
  const { fetch } = await setting(context);
  const access = new FakeHostAccess();
  const content = Buffer.from("kind: EncryptionConfiguration\n");
  access.setFile(cp1, "/backup/enc.yaml", content);
  access.onScript({ reason: "look at" }, ({ asRoot }) => {
    if (asRoot === true) throw new RecoveryError("SSH_SUDO_REFUSED", { subject: "host cp1", detail: "a password is required" });
    return { stdout: `kind=file\ntimes a\nfile ${String(content.length)} 5 6 7 \n` };
  });
  access.onScript({ reason: "sha256" }, { stdout: `${createHash("sha256").update(content).digest("hex")}  -\n` });
  assert.equal(readFileSync(await fetch("/backup/enc.yaml", access), "utf8"), content.toString());
  access.onScript({ reason: "look at /root" }, ({ asRoot }) => {
    if (asRoot === true) throw new RecoveryError("SSH_SUDO_REFUSED", { subject: "host cp1", detail: "a password is required" });
    return { exitCode: 1, stderr: "ls: cannot open directory '/root': Permission denied" };
  });
  await assert.rejects(fetch("/root", access), { code: "REMOTE_COMMAND_FAILED", message: /Permission denied; sudo is not allowed there/ });
});

test("ssh sources: the database of a data dir is copied with the log beside it; any other file of that name alone", async (context) => {
  const { work, fetch, put, spool } = await setting(context);
  for (const [path, bytes] of Object.entries(dataDirFilesOf({ writes, requests: [] }))) put(`etcd/${path}`, bytes);
  const copy = await fetch(join(work, "there/etcd/member/snap/db"));
  assert.equal(copy, `${spool.path}/0/snap/db`);
  assert.equal(readdirSync(join(dirname(dirname(copy)), "wal")).length, 1);
  const alone = put("other/snap/db", snapshotBytes({ writes }));
  assert.match(
    await fetch(alone, undefined, { spool: await new LocalFileSpool({ cacheDirectory: join(work, "cache2") }).open() }),
    /\/0\/file$/,
  );
});

test("ssh sources: a machine's answer of another form is not guessed at", () => {
  for (const text of ["", "kind=file\n", "kind=file\nfile x\n", "kind=directory\ntimes a\nfile 1 2 3 4 ../../etc/passwd\n"])
    assert.throws(() => readRemoteLook("ssh://cp1/x", text), { code: "REMOTE_ANSWER_MALFORMED" }, text);
});

test("parseRemoteSource: host of the configuration, user, port, IPv6; what is none is a usage error", () => {
  const parsed = (text: string) => {
    const { user, host, port, path } = parseRemoteSource(text);
    return [user, host, port, path];
  };
  assert.deepEqual(parsed("ssh://cp1/var/lib/etcd"), [undefined, "cp1", undefined, "/var/lib/etcd"]);
  assert.deepEqual(parsed("ssh://root@10.0.0.5:2222/a b/%20.db"), ["root", "10.0.0.5", 2222, "/a b/%20.db"]);
  assert.deepEqual(parsed("ssh://root@[fd00::1]/x"), ["root", "fd00::1", undefined, "/x"]);
  for (const text of [
    "ssh://",
    "ssh://cp1",
    "ssh://cp1/",
    "ssh:///x",
    "ssh://-oProxyCommand=x/x",
    "ssh://-l@cp1/x",
    "ssh://cp1:99999/x",
    "ssh://u:p@cp1/x",
  ])
    assert.throws(() => parseRemoteSource(text), { code: "USAGE" }, text);
});

test("assertReadable: another scheme than ssh and live is a usage error, a path is none", () => {
  for (const url of ["http://x/y", "s3://bucket/key", "SSH://cp1/x", "file:///tmp/x"])
    assert.throws(
      () => {
        assertReadable(url);
      },
      isRecoveryError("USAGE", /ssh:\/\/HOST\/PATH, live/),
    );
  for (const path of ["./http:/x", "a.db", "/x", "ssh://cp1/x", "live", "live://cp1"]) assertReadable(path);
});
