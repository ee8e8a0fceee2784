/** The format of backup sets by others' hands: an independent reader in Python, and age with standard tools. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { SetWriter } from "../../src/catalogue/set-writer.ts";
import { firstSet, manifestFacts, partHead, secondSet, seededBytes, setWorld } from "../support/set-world.ts";

const run = promisify(execFile);
const reader = resolve(import.meta.dirname, "../support/read_set.py");
/** Debian's own: its package cryptography is not that of another Python on the PATH. */
const python = "/usr/bin/python3";
const files = {
  "/etc/kubernetes/pki/ca.key": seededBytes(31, 1675),
  "/etc/kubernetes/pki/ünicode name": seededBytes(32, 10),
  "/empty": new Uint8Array(),
  "/snapshot.db": seededBytes(33, 7 * 65_536 + 5),
};
let work = "";
let store = "";
let signer = "";

before(async () => {
  work = await mkdtemp(join(tmpdir(), "requorum-format-"));
  store = join(work, "sets");
  const world = setWorld(new DirectoryStore(store));
  const wrapping = new AgeKeyWrapping();
  const [own, escrow] = [await wrapping.newIdentity(), await wrapping.newIdentity()];
  const writing = { ...world.writing, wrapping };
  for (const [id, readers] of [
    [firstSet, { recipients: [own.recipient, escrow.recipient], passphrase: "correct horse battery" }],
    [secondSet, { recipients: [escrow.recipient] }],
  ] as const) {
    const writer = await SetWriter.begin(writing, { id, ...readers });
    for (const [path, content] of Object.entries(files)) await writer.addPart(partHead(path), content);
    await writer.addPart(partHead("/link", { type: "symlink", target: "empty", host: undefined }), new Uint8Array());
    await writer.finish(manifestFacts());
  }
  signer = Buffer.from(world.keys.signing.publicKey).toString("base64url");
  await writeFile(join(work, "own.txt"), `# made by a test\n${own.identity}\n`, { mode: 0o600 });
  await writeFile(join(work, "escrow.txt"), `${escrow.identity}\n`, { mode: 0o600 });
  await writeFile(join(work, "passphrase"), "correct horse battery\n", { mode: 0o600 });
});
after(() => rm(work, { recursive: true, force: true }));

async function assertFiles(directory: string): Promise<void> {
  for (const [path, content] of Object.entries(files)) assert.deepEqual(await readFile(join(directory, path)), Buffer.from(content), path);
}

test("a second implementation reads a set, by each kind of key", async () => {
  for (const [to, id, kind, file] of [
    ["by-own", firstSet, "--identity", "own.txt"],
    ["by-escrow", firstSet, "--identity", "escrow.txt"],
    ["by-passphrase", firstSet, "--passphrase-file", "passphrase"],
    ["second", secondSet, "--identity", "escrow.txt"],
  ] as const) {
    await run(python, [reader, store, id, join(work, to), signer, kind, join(work, file)]);
    await assertFiles(join(work, to, "cp1"));
    assert.equal((await readFile(join(work, to, "cluster/..", "cp1/empty"))).length, 0);
  }
});

test("the second implementation does not read what it has no key for, nor what another signed", async () => {
  await assert.rejects(run(python, [reader, store, secondSet, join(work, "no"), signer, "--identity", join(work, "own.txt")]));
  const other = Buffer.alloc(32, 1).toString("base64url");
  await assert.rejects(
    run(python, [reader, store, firstSet, join(work, "no"), other, "--identity", join(work, "own.txt")]),
    /StopIteration/,
  );
});

test("age opens the wrapped key of a manifest: with an identity, and typed as a passphrase", async () => {
  const { payload } = JSON.parse(await readFile(join(store, `sets/${firstSet}.json`), "utf8")) as { payload: string };
  const { key } = JSON.parse(payload) as { key: { wrapped: { for: string; age: string }[] } };
  const opened: string[] = [];
  for (const { for: whom, age } of key.wrapped) {
    const file = join(work, `${whom}.age`);
    await writeFile(file, age);
    if (whom === "recipients") opened.push((await run("age", ["-d", "-i", join(work, "escrow.txt"), file])).stdout);
    // age reads a passphrase from a terminal only: Python's pty is one.
    else {
      const type = [
        "import os, pty, sys, time",
        "pid, terminal = pty.fork()",
        "if pid == 0: os.execvp('age', ['age', '-d', '-o', sys.argv[2], sys.argv[1]])",
        "while b'passphrase' not in os.read(terminal, 1000): pass",
        "time.sleep(0.2)",
        "os.write(terminal, open(sys.argv[3], 'rb').read())",
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))",
      ].join("\n");
      await run(python, ["-c", type, file, `${file}.out`, join(work, "passphrase")], { timeout: 30_000 });
      opened.push(await readFile(`${file}.out`, "utf8"));
    }
  }
  assert.equal(opened.length, 2);
  assert.match(opened[0] ?? "", /^[A-Za-z0-9_-]{43}$/);
  assert.equal(opened[0], opened[1]);
});

test("openssl alone checks a manifest's signature, and sha256sum the packs, as the document says", async () => {
  const script = [
    'set -eu; cd "$1"; set="sets/$2.json"',
    `jq -rj .payload "$set" > "$3/payload"`,
    `jq -r '.signatures[0].signature' "$set" | tr -- '-_' '+/' | sed 's/$/==/' | base64 -d > "$3/signature"`,
    `{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; printf '%s=' "$4" | tr -- '-_' '+/' | base64 -d; } > "$3/key.der"`,
    'openssl pkeyutl -verify -pubin -keyform DER -inkey "$3/key.der" -rawin -in "$3/payload" -sigfile "$3/signature"',
    `jq -r '.packs[] | "\\(.sha256)  packs/\\(.sha256[0:2])/\\(.sha256)"' "$3/payload" | sha256sum -c`,
  ].join("\n");
  const { stdout } = await run("/bin/bash", ["-c", script, "bash", store, firstSet, work, signer]);
  assert.match(stdout, /Signature Verified Successfully\npacks\/../);
  assert.match(stdout, /: OK\n$/);
});
