import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { quoteShellWord } from "./quote-shell-word.ts";
import { FrameStream, remoteCommandLine, scriptPayload } from "./remote-frame.ts";

const nonce = "0123456789abcdef0123456789abcdef";
/** Login shells that machines have; those that are installed here are tried. */
const shells = ["sh", "dash", "bash", "zsh", "fish", "tcsh", "mksh"].filter((shell) => spawnSync(shell, ["-c", ":"]).status === 0);

/** As sshd does it: the login shell gets the command line, stdin gets the payload. */
function runThrough(shell: string, commandLine: string, input: string | Uint8Array) {
  const { stdout, stderr } = spawnSync(shell, ["-c", commandLine], { input, maxBuffer: 32 * 1024 * 1024 });
  const [out, err] = [new FrameStream(nonce), new FrameStream(nonce)];
  out.push(stdout);
  err.push(stderr);
  return { out, err };
}

for (const shell of shells) {
  test(`remote frame: with login shell ${shell} script, arguments, input and both streams arrive as they are`, () => {
    const args = ["it's", '"$(id)"', "a\nb", "\\", "語", "", "!x", "~"];
    const payload = scriptPayload({
      nonce,
      script: `for a in "$@"; do printf '<%s>' "$a"; done; cat "$REQUORUM_INPUT"; echo problem >&2; exit 42`,
      args,
      input: Buffer.from("in'put"),
    });
    const { out, err } = runThrough(shell, remoteCommandLine("runScript", { nonce, asRoot: false }), payload);
    assert.deepEqual(err.end, { kind: "exited", exitCode: 42 });
    assert.equal(out.scriptBytes().toString(), `${args.map((arg) => `<${arg}>`).join("")}in'put`);
    assert.equal(err.scriptBytes().toString(), "problem\n");
  });

  test(`remote frame: with login shell ${shell} a line is answered before the script, and the script arrives whole behind it`, () => {
    const command = remoteCommandLine("runScript", { nonce, asRoot: false, isMeasured: true });
    const payload = scriptPayload({ nonce, script: "echo first; cat; echo last", args: [], input: undefined });
    const { out, err } = runThrough(shell, command, `\n${payload}`);
    assert.deepEqual(err.end, { kind: "exited", exitCode: 0 });
    assert.equal(out.scriptBytes().toString(), "first\nlast\n");
    assert.match(err.allText(), /^$/);
    assert.ok(err.has("here") && err.has("answered") && err.has("begin"));
    const unanswered = runThrough(shell, command, "").err;
    assert.deepEqual(unanswered.end, { kind: "torn" });
  });

  test(`remote frame: what login shell ${shell} prints before the script is no part of its output`, () => {
    for (const isMeasured of [false, true]) {
      const command = `echo Welcome to cp1; sh -c "echo noise >&2"; ${remoteCommandLine("runScript", { nonce, asRoot: false, isMeasured })}`;
      const payload = scriptPayload({ nonce, script: "echo answer; echo problem >&2", args: [], input: undefined });
      const { out, err } = runThrough(shell, command, `${isMeasured ? "\n" : ""}${payload}`);
      assert.equal(out.scriptBytes().toString(), "answer\n");
      assert.equal(err.scriptBytes().toString(), "problem\n");
    }
  });

  test(`remote frame: with login shell ${shell} a file is stored with its mode, or not at all`, () => {
    const directory = mkdtempSync(join(tmpdir(), "requorum frame '"));
    const path = join(directory, "a file");
    const content = Buffer.from([0, 1, 2, 255, 10, 39]);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const command = remoteCommandLine("storeFile", { nonce, asRoot: false, args: [path, "0640", sha256] });
    assert.deepEqual(runThrough(shell, command, content).err.end, { kind: "exited", exitCode: 0 });
    assert.deepEqual(readFileSync(path), content);
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual(runThrough(shell, command, Buffer.from("torn")).err.end, { kind: "corrupt" });
    assert.deepEqual(readFileSync(path), content);
    assert.deepEqual(readdirSync(directory), ["a file"]);
    rmSync(directory, { recursive: true });
  });
}

test("remote frame: a text that did not arrive whole is never run", () => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-frame-"));
  const payload = scriptPayload({ nonce, script: `touch ${quoteShellWord(join(directory, "ran"))}`, args: [], input: undefined });
  const command = remoteCommandLine("runScript", { nonce, asRoot: false });
  for (let length = 0; length < payload.length; length += 1) {
    const { err } = runThrough("sh", command, payload.slice(0, length));
    assert.deepEqual(err.end, { kind: "torn" }, `${String(length)} of ${String(payload.length)} characters`);
  }
  assert.deepEqual(readdirSync(directory), []);
  rmSync(directory, { recursive: true });
});

test("remote frame: a script that sets traps, changes its umask or its options does not disturb the frame", () => {
  const script = "set -eu; umask 000; trap 'echo trapped' EXIT; false; echo not reached";
  const { out, err } = runThrough(
    "sh",
    remoteCommandLine("runScript", { nonce, asRoot: false }),
    scriptPayload({ nonce, script, args: [], input: undefined }),
  );
  assert.deepEqual(err.end, { kind: "exited", exitCode: 1 });
  assert.equal(out.scriptBytes().toString(), "trapped\n");
});

test("FrameStream: markers are found wherever chunks are cut, and what follows the end is not the script's", () => {
  const bytes = Buffer.from(`motd\n${nonce} begin\nouter ${nonce.slice(0, 10)} text\n${nonce} end 7\nleft behind`);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const stream = new FrameStream(nonce);
    stream.push(bytes.subarray(0, cut));
    stream.push(bytes.subarray(cut));
    assert.deepEqual(stream.end, { kind: "exited", exitCode: 7 }, `cut at ${String(cut)}`);
    assert.equal(stream.scriptBytes().toString(), `outer ${nonce.slice(0, 10)} text\n`);
    assert.ok(stream.has("begin"));
    assert.equal(stream.noiseSizeBytes, bytes.indexOf("outer"));
  }
});

test("quoteShellWord: a shell gives back what went in; NUL is refused", () => {
  for (const value of ["", "a b", "it's", "''", "\n", "$(x)`y`$z", '"', "\\", "é語", "-n", "*?[a]"]) {
    assert.equal(execFileSync("sh", ["-c", `printf %s ${quoteShellWord(value)}`], { encoding: "utf8" }), value);
  }
  assert.throws(() => quoteShellWord("a\0b"), TypeError);
});
