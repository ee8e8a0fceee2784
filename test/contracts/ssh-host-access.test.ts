import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { LocalFileSpool } from "../../src/adapters/local-fs/local-file-spool.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { fetchRemoteSource } from "../../src/app/files/fetch-remote-source.ts";
import { parseRemoteSource } from "../../src/app/files/remote-source.ts";
import { createSshHostAccess } from "../../src/adapters/ssh/ssh-host-access.ts";
import { asHostName } from "../../src/model/ids.ts";
import type { RecoveryError } from "../../src/model/recovery-error.ts";
import type { HostAccess, RemoteRequest } from "../../src/ports/host-access.ts";
import { landmarkWrites } from "../support/kube-database.ts";
import { dataDirFilesOf } from "../support/memory-data-dir.ts";
import { sshdMissing, startSshServer, type SshServer } from "../support/ssh-server.ts";
import { hostAccessContract } from "./host-access.contract.ts";

const good = asHostName("good");
const read: RemoteRequest = { reason: "test", script: "", timeoutMs: 15_000, changesThings: false };

hostAccessContract(
  "SshHostAccess with a real sshd",
  async () => {
    const server = await startSshServer();
    const access = createSshHostAccess(server.clusterConfig(), { controlDirectory: join(server.directory, "c"), keepsConnections: false });
    const directory = join(server.directory, "scratch");
    mkdirSync(directory);
    return {
      access,
      good,
      failing: [
        { host: asHostName("key-changed"), code: "SSH_HOST_KEY_CHANGED" },
        { host: asHostName("key-unknown"), code: "SSH_HOST_KEY_UNKNOWN" },
        { host: asHostName("wrong-key"), code: "SSH_AUTH_FAILED" },
        { host: asHostName("closed"), code: "SSH_UNREACHABLE" },
        { host: asHostName("blackholed"), code: "SSH_UNREACHABLE" },
      ],
      directory,
      fileOf: async (path) => (existsSync(path) ? { content: await readFile(path), mode: (await stat(path)).mode & 0o777 } : undefined),
      writeFile: (path, content) => writeFile(path, content),
      breakConnectionSoon: () => void setTimeout(() => server.killSessions(), 500),
      close: async () => {
        await access.close();
        await server.remove();
      },
    };
  },
  sshdMissing,
);

let server: SshServer;
let access: HostAccess;
const options = { skip: sshdMissing, timeout: 60_000 };
before(async () => {
  if (sshdMissing !== false) return;
  server = await startSshServer();
  access = createSshHostAccess(server.clusterConfig(), { controlDirectory: join(server.directory, "c"), keepsConnections: false });
});
after(async () => {
  if (sshdMissing !== false) return;
  await access.close();
  await server.remove();
});

test(
  "SshHostAccess: a changed host key is reported with the fingerprint that was offered and with commands that mend it",
  options,
  async () => {
    await assert.rejects(access.run(asHostName("key-changed"), { ...read, script: ":" }), (error: RecoveryError) => {
      assert.ok(error.detail.includes(server.hostKeyFingerprint), error.detail);
      assert.ok(
        error.remedies.some(
          (remedy) => remedy.command === `ssh-keygen -R '[127.0.0.1]:${String(server.port)}' -f ${server.directory}/known_hosts_changed`,
        ),
        JSON.stringify(error.remedies),
      );
      return true;
    });
  },
);

test(
  "SshHostAccess: secrets in input and script are on no command line and in no environment, and the file is gone afterwards",
  options,
  async () => {
    const secret = "s3cret-planted-value";
    const script = `ls -l "$REQUORUM_INPUT"; for one in /proc/[0-9]*; do tr '\\0' ' ' < $one/cmdline 2>/dev/null; tr '\\0' ' ' < $one/environ 2>/dev/null; done | grep -c '[s]3cret-planted' || true; echo "$REQUORUM_INPUT"`;
    const result = await access.run(good, { ...read, script, input: new TextEncoder().encode(secret) });
    const [listing, count, path] = result.stdout.trim().split("\n");
    assert.match(listing ?? "", /^-rw-------/);
    assert.equal(count, "0", "seen on a command line or in an environment");
    assert.match(path ?? "", /^\/run\//);
    assert.equal(existsSync(path ?? "/"), false);
  },
);

test("SshHostAccess: the input file is removed also when the script kills its shell", options, async () => {
  const result = await access.run(good, {
    ...read,
    script: 'echo "$REQUORUM_INPUT"; trap - EXIT; exec sh -c "exit 4"',
    input: new TextEncoder().encode("x"),
  });
  assert.equal(result.exitCode, 4);
  assert.equal(existsSync(result.stdout.trim()), false);
});

test("SshHostAccess: a script of a megabyte and binary-safe limits work", options, async () => {
  const script = `# ${"x".repeat(1_000_000)}\necho done`;
  assert.equal((await access.run(good, { ...read, script })).stdout, "done\n");
});

test("SshHostAccess: a script with a syntax error is a result with the shell's words", options, async () => {
  const result = await access.run(good, { ...read, script: "if then" });
  assert.notEqual(result.exitCode, 0);
  assert.match(result.stderr, /[Ss]yntax error/);
});

test("SshHostAccess: a process left behind by the script does not hold the call", options, async () => {
  const start = performance.now();
  assert.equal((await access.run(good, { ...read, script: "sleep 5 & echo started" })).stdout, "started\n");
  assert.ok(performance.now() - start < 2000);
});

test("SshHostAccess: an upload whose bytes change on the way is UPLOAD_CORRUPT and leaves the target untouched", options, async () => {
  const directory = join(server.directory, "corrupt");
  mkdirSync(directory);
  writeFileSync(join(directory, "file"), "old");
  // A wrong answer of the remote checksum program is as good as wrong bytes.
  await withPrograms({ sha256sum: "cat > /dev/null; echo 0000  -" }, async (other) => {
    await assert.rejects(
      other.upload(good, { path: join(directory, "file"), content: Buffer.from("new"), mode: 0o644, timeoutMs: 10_000 }),
      { code: "UPLOAD_CORRUPT" },
    );
  });
  assert.equal(readFileSync(join(directory, "file"), "utf8"), "old");
  assert.deepEqual(readdirSync(directory), ["file"]);
});

test("SshHostAccess: a forward carries bytes both ways through a socket of mode 0600, and is gone when closed", options, async () => {
  const echo = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const { port } = echo.address() as { port: number };
  const forward = await access.forward(good, { address: "127.0.0.1", port, timeoutMs: 5000 });
  assert.equal(statSync(forward.socketPath).mode & 0o777, 0o600);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(forward.socketPath, () => socket.write("hello"));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once("error", reject);
  });
  assert.equal(answer, "hello");
  await forward.close();
  assert.equal(existsSync(forward.socketPath), false);
  await new Promise((resolve) => echo.close(resolve));
});

test("SshHostAccess: a second program finds the connection warm", options, async () => {
  const config = server.clusterConfig();
  const controlDirectory = join(server.directory, "w");
  const first = createSshHostAccess(config, { controlDirectory, controlPersistSeconds: 20 });
  await first.run(good, { ...read, script: ":" });
  await first.close();
  assert.equal(readdirSync(controlDirectory).filter((name) => name.startsWith("m-")).length, 1, "the master is still there");
  const second = createSshHostAccess(config, { controlDirectory, keepsConnections: false });
  const start = performance.now();
  await second.run(good, { ...read, script: ":" });
  // A cold login costs several round trips of key exchange; a session on a warm connection costs about 15 ms.
  assert.ok(performance.now() - start < 400, `${String(performance.now() - start)} ms`);
  await second.close();
  assert.deepEqual(readdirSync(controlDirectory), []);
});

test("SshHostAccess: a login that outlasts its program goes on, and the next program finds it warm", options, async () => {
  const config = server.clusterConfig();
  const configFile = join(server.directory, "slow_config");
  const slow = `Host good\n  ProxyCommand bash -c 'sleep 1; exec 3<>/dev/tcp/127.0.0.1/%p; cat <&3 & cat >&3'\n`;
  writeFileSync(configFile, `${slow}${readFileSync(server.configFile, "utf8")}`, { mode: 0o600 });
  const slowConfig = { ...config, ssh: { ...config.ssh, configFile } };
  const controlDirectory = join(server.directory, "s");
  const source = join(import.meta.dirname, "../../src/adapters/ssh/ssh-host-access.ts");
  const script = `import { createSshHostAccess } from "${source}"; const access = createSshHostAccess(${JSON.stringify(slowConfig)}, ${JSON.stringify({ controlDirectory })}); await access.ping("good", { timeoutMs: 500 }).catch((error) => console.log(error.code)); await access.close(); process.exit(0);`;
  assert.equal(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }), "SSH_UNREACHABLE\n");
  const until = performance.now() + 10_000;
  while (!readdirSync(controlDirectory).some((name) => /^m-[0-9a-f]+$/.test(name))) {
    assert.ok(performance.now() < until, "the login was not finished within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const next = createSshHostAccess(slowConfig, { controlDirectory, keepsConnections: false });
  await next.ping(good, { timeoutMs: 500 });
  await next.close();
  // ssh's master says that it ends, and takes its socket away a moment later.
  const goneBy = performance.now() + 5_000;
  while (readdirSync(controlDirectory).length > 0 && performance.now() < goneBy) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(readdirSync(controlDirectory), []);
});

test("SshHostAccess: five calls to a machine that falls silent share one second login", options, async () => {
  const silent = await startSshServer();
  const calls = join(silent.directory, "calls");
  const program = join(silent.directory, "ssh-counted");
  writeFileSync(program, `#!/bin/sh\necho "$*" >> ${calls}\nexec ssh "$@"\n`, { mode: 0o755 });
  const silentAccess = createSshHostAccess(silent.clusterConfig(), {
    controlDirectory: join(silent.directory, "c"),
    keepsConnections: false,
    program,
  });
  try {
    await silentAccess.run(good, { ...read, script: ":" });
    silent.freeze();
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => silentAccess.run(good, { ...read, script: ":" })));
    for (const result of results)
      assert.equal(result.status === "rejected" && (result.reason as { code?: string }).code, "SSH_UNREACHABLE");
    const looks = readFileSync(calls, "utf8")
      .split("\n")
      .filter((line) => line.includes("ControlPath=none"));
    assert.equal(looks.length, 1);
  } finally {
    silent.thaw();
    await silentAccess.close();
    await silent.remove();
  }
});

test("SshHostAccess: a machine that falls silent behind a warm connection is named within 2 s", options, async () => {
  const silent = await startSshServer();
  const silentAccess = createSshHostAccess(silent.clusterConfig(), {
    controlDirectory: join(silent.directory, "c"),
    keepsConnections: false,
  });
  try {
    await silentAccess.run(good, { ...read, script: ":" });
    silent.freeze();
    const start = performance.now();
    await assert.rejects(silentAccess.run(good, { ...read, changesThings: true, script: "echo must not run" }), {
      code: "SSH_UNREACHABLE",
      retry: "transient",
    });
    assert.ok(performance.now() - start < 2000, `${String(performance.now() - start)} ms`);
    silent.thaw();
    assert.equal((await silentAccess.run(good, { ...read, script: "echo back" })).stdout, "back\n");
  } finally {
    silent.thaw();
    await silentAccess.close();
    await silent.remove();
  }
});

test("SshHostAccess: two dead hosts do not slow the third", options, async () => {
  const start = performance.now();
  const dead = ["blackholed", "blackholed"].map((name) =>
    access.run(asHostName(name), { ...read, script: ":" }).catch((error: unknown) => (error as RecoveryError).code),
  );
  await access.run(good, { ...read, script: ":" });
  assert.ok(performance.now() - start < 1200, "the good host answered long before the dead ones were given up");
  assert.deepEqual(await Promise.all(dead), ["SSH_UNREACHABLE", "SSH_UNREACHABLE"]);
  assert.ok(performance.now() - start < 2000);
});

test("SshHostAccess: fifty calls at once share one connection", options, async () => {
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, index) => access.run(good, { ...read, script: `echo ${String(index)}` })),
  );
  assert.deepEqual(
    results.map((result) => result.stdout.trim()),
    Array.from({ length: 50 }, (_, index) => String(index)),
  );
});

test("SshHostAccess: a hardened sshd that allows one session at a time gets the calls one after the other", options, async () => {
  const hardened = await startSshServer({ settings: ["MaxSessions 1"] });
  const patient = createSshHostAccess(hardened.clusterConfig(), {
    controlDirectory: join(hardened.directory, "c"),
    keepsConnections: false,
  });
  try {
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, index) => patient.run(good, { ...read, script: `echo ${String(index)}` })),
    );
    assert.deepEqual(
      results.map((result) => result.stdout.trim()),
      ["0", "1", "2", "3", "4", "5"],
    );
  } finally {
    await patient.close();
    await hardened.remove();
  }
});

test("SshHostAccess: an sshd that forbids forwarding lets the forward be made and refuses what goes through it", options, async () => {
  const closed = await startSshServer({ settings: ["AllowTcpForwarding no"] });
  const closedAccess = createSshHostAccess(closed.clusterConfig(), {
    controlDirectory: join(closed.directory, "c"),
    keepsConnections: false,
  });
  try {
    const forward = await closedAccess.forward(good, { address: "127.0.0.1", port: closed.port, timeoutMs: 5000 });
    const ended = await new Promise<string>((resolve) => {
      const socket = connect(forward.socketPath);
      socket.once("data", () => resolve("data"));
      socket.once("close", () => resolve("closed"));
      socket.once("error", () => resolve("closed"));
    });
    assert.equal(ended, "closed");
  } finally {
    await closedAccess.close();
    await closed.remove();
  }
});

test("SshHostAccess: without an ssh program the error says how to get one", options, async () => {
  const without = createSshHostAccess(server.clusterConfig(), {
    controlDirectory: join(server.directory, "n"),
    program: "/nonexistent/ssh",
  });
  await assert.rejects(without.run(good, { ...read, script: ":" }), { code: "SSH_CLIENT_MISSING" });
});

test("SshHostAccess: a control directory that others can use is refused or closed to them", options, async () => {
  const open = join(server.directory, "open");
  mkdirSync(open, { mode: 0o777 });
  const careful = createSshHostAccess(server.clusterConfig(), { controlDirectory: open, keepsConnections: false });
  await careful.run(good, { ...read, script: ":" });
  assert.equal(statSync(open).mode & 0o777, 0o700);
  await careful.close();
  writeFileSync(join(server.directory, "file"), "");
  const wrong = createSshHostAccess(server.clusterConfig(), { controlDirectory: join(server.directory, "file") });
  await assert.rejects(wrong.run(good, { ...read, script: ":" }), { code: "LOCAL_FILE_FAILED" });
});

test("SshHostAccess: a path too long for a socket is said plainly", options, async () => {
  const long = createSshHostAccess(server.clusterConfig(), { controlDirectory: join(server.directory, "d".repeat(90)) });
  await assert.rejects(long.run(good, { ...read, script: ":" }), { code: "LOCAL_FILE_FAILED", detail: /too long/ });
});

test("SshHostAccess: a configuration file that ssh does not accept is CONFIG_INVALID", options, async () => {
  const configFile = join(server.directory, "bad_config");
  writeFileSync(configFile, "Host *\n  NoSuchOption yes\n", { mode: 0o600 });
  const bad = createSshHostAccess(server.clusterConfig({ configFile }), { controlDirectory: join(server.directory, "b") });
  await assert.rejects(bad.run(good, { ...read, script: ":" }), { code: "CONFIG_INVALID" });
  const missing = createSshHostAccess(server.clusterConfig({ configFile: "/nonexistent" }), {
    controlDirectory: join(server.directory, "b"),
  });
  await assert.rejects(missing.run(good, { ...read, script: ":" }), { code: "CONFIG_INVALID" });
});

/** An sshd whose sessions find these programs first: an ordinary user and a sudo of our own, without making accounts. */
async function withPrograms(programs: Readonly<Record<string, string>>, body: (access: HostAccess) => Promise<void>): Promise<void> {
  const bin = mkdtempSync(join(tmpdir(), "requorum-bin-"));
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const other = await startSshServer({ environment: { PATH: `${bin}:/usr/bin:/bin:/usr/sbin` } });
  const otherAccess = createSshHostAccess(other.clusterConfig(), { controlDirectory: join(other.directory, "c"), keepsConnections: false });
  try {
    await body(otherAccess);
  } finally {
    await otherAccess.close();
    await other.remove();
    rmSync(bin, { recursive: true });
  }
}

test(
  "SshHostAccess: a user whom sudo refuses gets SSH_SUDO_REFUSED with sudo's words, and may still run what needs no root",
  options,
  async () => {
    await withPrograms({ id: "echo 1000", sudo: 'echo "sudo: a password is required" >&2; exit 1' }, async (limited) => {
      const roundTrips: number[] = [];
      const onRoundTrip = (milliseconds: number) => roundTrips.push(milliseconds);
      for (const asked of [{ changesThings: true }, { changesThings: false, onRoundTrip }, { changesThings: true, onRoundTrip }]) {
        await assert.rejects(limited.run(good, { ...read, ...asked, script: "echo must not run" }), {
          code: "SSH_SUDO_REFUSED",
          detail: /a password is required/,
        });
      }
      assert.equal(roundTrips.length, 2, "the machine was reached all the same");
      assert.equal((await limited.run(good, { ...read, asRoot: false, script: "echo hi" })).stdout, "hi\n");
    });
  },
);

test("SshHostAccess: what the way to root prints does not count as the script's output, however small that may be", options, async () => {
  const sudo =
    '[ "$1" = -n ] || exit 9; shift 2; i=0; while [ $i -lt 200 ]; do echo "a long banner of somebody"; i=$((i+1)); done; exec "$@"';
  await withPrograms({ id: "echo 1000", sudo }, async (limited) => {
    assert.equal((await limited.run(good, { ...read, script: "echo hi", outputBytesMax: 100 })).stdout, "hi\n");
    await assert.rejects(limited.run(good, { ...read, script: "seq 1 1000", outputBytesMax: 100 }), { code: "REMOTE_OUTPUT_TOO_LARGE" });
  });
});

test("SshHostAccess: a connection that dies while sudo is starting is a lost connection and no refusal", options, async () => {
  // sudo takes the session's sshd with it, as a machine that goes away does.
  await withPrograms({ id: "echo 1000", sudo: 'kill -9 "$PPID"; sleep 5' }, async (limited) => {
    for (const changesThings of [true, false])
      await assert.rejects(limited.run(good, { ...read, changesThings, script: "echo must not run" }), {
        code: "SSH_CONNECTION_LOST",
        retry: "transient",
      });
  });
});

test("SshHostAccess: a user who is not root gets root by sudo -n, with arguments and input intact", options, async () => {
  await withPrograms(
    { id: "echo 1000", sudo: '[ "$1" = -n ] && [ "$2" = -- ] || exit 9; shift 2; VIA_SUDO=yes exec "$@"' },
    async (limited) => {
      for (const asked of [{}, { onRoundTrip: () => undefined }, { onRoundTrip: () => undefined, changesThings: true }]) {
        const result = await limited.run(good, {
          ...read,
          ...asked,
          script: 'echo "$VIA_SUDO $1"; cat "$REQUORUM_INPUT"',
          args: ["it's"],
          input: Buffer.from("in"),
        });
        assert.equal(result.stdout, "yes it's\nin");
      }
    },
  );
});

test(
  "SshHostAccess: a port that refuses and one that accepts and stays mute are both signs of a machine, not silence",
  options,
  async () => {
    const contactOf = (name: string) =>
      access.ping(asHostName(name), { timeoutMs: 10_000 }).then(
        () => "reached",
        (error: unknown) => (error as RecoveryError).contact,
      );
    assert.deepEqual(await Promise.all([contactOf("closed"), contactOf("blackholed")]), ["some", "some"]);
  },
);

test("SshHostAccess: a data dir is copied over it as a source of the snapshot verbs", options, async () => {
  const dataDir = join(server.directory, "it's etcd");
  for (const [path, bytes] of Object.entries(dataDirFilesOf({ writes: landmarkWrites, requests: [] }))) {
    mkdirSync(dirname(join(dataDir, path)), { recursive: true });
    writeFileSync(join(dataDir, path), bytes);
  }
  const spool = await new LocalFileSpool({ cacheDirectory: join(server.directory, "cache") }).open();
  const context = { access, host: good, spool, hashing: new NodeHashing(), report: () => undefined, signal: new AbortController().signal };
  const copy = await fetchRemoteSource(context, parseRemoteSource(`ssh://good${dataDir}`), "0");
  const files = readdirSync(copy, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(copy, name)).isFile());
  assert.equal(files.length, 2);
  for (const name of files) assert.equal(Buffer.compare(readFileSync(join(copy, name)), readFileSync(join(dataDir, name))), 0, name);
  await spool.remove();
});
