import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { clockOffsetMs, parseAddresses, parseMachine } from "./parse-machine.ts";
import { parseHostAnswer } from "./parse-host-answer.ts";

const answer = parseHostAnswer(
  readFileSync(new URL("../../test/fixtures/probe/host-answer-cp1.txt", import.meta.url), "utf8"),
  "0123456789abcdef",
);
const text = (name: string): string => answer.get(name)?.text ?? "";

test("parseMachine: a real machine of the lab", () => {
  const facts = parseMachine({ machine: text("machine"), addresses: text("addresses"), versions: text("versions") }, 3);
  assert.match(facts.machineId, /^[0-9a-f]{32}$/);
  assert.deepEqual(facts.addresses.slice(0, 2), ["10.150.0.11", "10.150.0.10"]);
  assert.deepEqual(
    [facts.hostname, facts.osRelease, facts.kubeadmVersion, facts.kubeletVersion],
    ["cp1", "Debian GNU/Linux 12 (bookworm)", "v1.34.4", "v1.34.4"],
  );
  assert.match(facts.containerdVersion ?? "", /^1\.6\./);
  assert.deepEqual([facts.isLabMachine, facts.swapEnabled, facts.clockOffsetMs], [true, false, 3]);
});

test("parseMachine: a program that is absent has an empty version, one that was not asked has none", () => {
  const absent = parseMachine({ machine: text("machine"), addresses: "", versions: "kubeadm=\n" }, 0);
  assert.deepEqual([absent.kubeadmVersion, absent.kubeletVersion], ["", undefined]);
  assert.equal(parseMachine({ machine: text("machine"), addresses: "", versions: "not-asked" }, 0).kubeadmVersion, undefined);
});

test("parseMachine: without a machine id nothing is known of the machine", () => {
  assert.throws(() => parseMachine({ machine: "machine_id=uninitialized\n", addresses: "", versions: undefined }, 0), {
    code: "REMOTE_ANSWER_MALFORMED",
  });
  assert.throws(() => parseMachine({ machine: "", addresses: "", versions: undefined }, 0), { code: "REMOTE_ANSWER_MALFORMED" });
});

test("parseAddresses: loopback and link-local addresses are left out", () => {
  assert.deepEqual(
    parseAddresses(
      "1: lo    inet 127.0.0.1/8 scope host lo\\ x\n4: eth0    inet6 fd00::2/64 scope global nodad \\ x\n4: eth0    inet6 fe80::1/64 scope link \\ x\n",
    ),
    ["fd00::2"],
  );
});

test("clockOffsetMs: half of the time that was not spent on the machine is the way there", () => {
  // 40 ms on the way in all, 100 ms on the machine, whose clock is 5 s ahead.
  const exchange = {
    sentAtMs: 1_000_000_000_000,
    receivedAtMs: 1_000_000_000_140,
    hostStartNs: "1000000005020000000",
    hostEndNs: "1000000005120000000\n",
  };
  assert.equal(clockOffsetMs(exchange), 5000);
});

test("clockOffsetMs: a date program without nanoseconds is malformed, not an offset", () => {
  assert.throws(() => clockOffsetMs({ sentAtMs: 0, receivedAtMs: 1, hostStartNs: "1000000005N", hostEndNs: "1" }), {
    code: "REMOTE_ANSWER_MALFORMED",
  });
});
