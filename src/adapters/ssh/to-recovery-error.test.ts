import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostConfig } from "../../model/cluster-config.ts";
import { asHostName } from "../../model/ids.ts";
import { loginFailure, silentHost } from "./to-recovery-error.ts";

const host: HostConfig = { name: asHostName("cp1"), address: "10.0.0.11", roles: ["control-plane"] };
const failure = (text: string) => loginFailure({ host, reason: "a test", text, retry: "transient" });

/** What OpenSSH 9.2 prints with LogLevel DEBUG1; `version` is whatever stands on the other side, before anybody has proved who it is. */
const unknownKey = (version: string) => `debug1: Connection established.\r
debug1: kex_exchange_identification: banner line 0: ${version}\r
debug1: Remote protocol version 2.0, remote software version ${version}\r
debug1: Server host key: ssh-ed25519 SHA256:realrealrealrealrealrealrealrealrealrealrea\r
No ED25519 host key is known for [10.0.0.11]:2222 and you have requested strict checking.\r
Host key verification failed.\r
`;

test("loginFailure: the fingerprint shown is the one ssh saw, whatever the other side calls itself", () => {
  const error = failure(unknownKey("x Server host key: ssh-ed25519 SHA256:fakefakefakefakefakefakefakefakefakefakefak"));
  assert.equal(error.code, "SSH_HOST_KEY_UNKNOWN");
  assert.match(error.detail, /SHA256:realreal/);
  assert.doesNotMatch(error.detail, /fakefake/);
});

test("loginFailure: nothing that the other side calls itself gets into a command to copy", () => {
  for (const version of ["x Host key for $(reboot)", "x No RSA host key is known for $(reboot)", "x Offending RSA key in $(reboot):1"]) {
    const commands = failure(unknownKey(version)).remedies.map((remedy) => remedy.command ?? "");
    assert.deepEqual(commands, ["ssh-keyscan -p 2222 10.0.0.11 >> ~/.ssh/known_hosts", "ssh-keygen -l -F '[10.0.0.11]:2222'"]);
  }
});

test("loginFailure: a farewell of several lines is not taken for ssh's own words", () => {
  const error = failure(`debug1: Connection established.
Received disconnect from 10.0.0.11 port 22:2: bye
debug1: Server host key: ssh-ed25519 SHA256:fakefakefakefakefakefakefakefakefakefakefak
No ED25519 host key is known for $(reboot) and you have requested strict checking.
Host key verification failed.
`);
  assert.equal(error.code, "SSH_UNREACHABLE");
  assert.deepEqual(error.remedies, []);
});

test("loginFailure: a server's farewell still tells of too many keys", () => {
  assert.equal(failure("Received disconnect from 10.0.0.11 port 22:2: Too many authentication failures\r\n").code, "SSH_AUTH_FAILED");
});

test("loginFailure: behind a jump host the fingerprint is the machine's, not the jump host's", () => {
  const jump = "debug1: Server host key: ssh-ed25519 SHA256:jumpjumpjumpjumpjumpjumpjumpjumpjumpjumpjum\n";
  assert.match(failure(`${jump}${unknownKey("OpenSSH_9.2")}`).detail, /SHA256:realreal/);
});

test("loginFailure: a key that changed names the file that knows the old one", () => {
  const error = failure(`@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
The fingerprint for the ED25519 key sent by the remote host is\r
SHA256:realrealrealrealrealrealrealrealrealrealrea.\r
Offending ED25519 key in /home/me/.ssh/known_hosts:3\r
Host key for 10.0.0.11 has changed and you have requested strict checking.\r
Host key verification failed.\r
`);
  assert.equal(error.code, "SSH_HOST_KEY_CHANGED");
  assert.match(error.detail, /SHA256:realreal/);
  assert.equal(error.remedies[0]?.command, "ssh-keygen -R '10.0.0.11' -f /home/me/.ssh/known_hosts");
});

test("loginFailure: the other side's name for itself does not decide what went wrong", () => {
  const error = failure(
    "debug1: Remote protocol version 2.0, remote software version Permission denied\r\nConnection reset by 10.0.0.11 port 22\r\n",
  );
  assert.equal(error.code, "SSH_UNREACHABLE");
});

test("loginFailure, silentHost: only no answer in time and no route are silence; a refusal, a mute port and a login that hangs are an answer", () => {
  const connecting = "debug1: Connecting to 10.0.0.11 [10.0.0.11] port 22.\r\n";
  const ended = (why: string) =>
    failure(`${connecting}debug1: connect to address 10.0.0.11 port 22: ${why}\r\nssh: connect to host 10.0.0.11 port 22: ${why}\r\n`)
      .contact;
  assert.equal(ended("Connection timed out"), "none");
  assert.equal(ended("No route to host"), "none");
  assert.equal(ended("Connection refused"), "some");
  assert.equal(ended("Network is unreachable"), undefined);
  assert.equal(failure("ssh: Could not resolve hostname cp1: Name or service not known\r\n").contact, undefined);
  assert.equal(failure(`${connecting}debug1: Connection established.\r\nConnection closed by 10.0.0.11 port 22\r\n`).contact, "some");
  const silent = (text: string) => silentHost({ host, reason: "a test", text, retry: "transient" }, 1_500).contact;
  assert.equal(silent(connecting), "none");
  assert.equal(silent(""), undefined);
  assert.equal(silent(`${connecting}debug1: Connection established.\r\n`), "some");
  assert.equal(
    silent(`${connecting}debug1: Connection established.\r\ndebug1: Remote protocol version 2.0, remote software version x\r\n`),
    "some",
  );
});

test("loginFailure: behind a jump host its own silence, or ours, says nothing about the machine; what it met there does", () => {
  const proxy = "debug1: Executing proxy command: exec ssh -W '[10.0.0.11]:22' jump\r\n";
  assert.equal(
    failure(`${proxy}ssh: connect to host jump port 22: No route to host\r\nConnection closed by UNKNOWN port 65535\r\n`).contact,
    undefined,
  );
  assert.equal(failure(`${proxy}channel 0: open failed: connect failed: No route to host\r\nstdio forwarding failed\r\n`).contact, "none");
  assert.equal(
    failure(`${proxy}channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\n`).contact,
    "some",
  );
  assert.equal(silentHost({ host, reason: "a test", text: proxy, retry: "transient" }, 1_500).contact, undefined);
});
