import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArpMacs, parseEndpointAnswer } from "./parse-endpoint.ts";

test("parseEndpointAnswer: 200 is ok, any other answer is bad, a failed connect is what TCP says", () => {
  assert.equal(parseEndpointAnswer("exit=0\nhttp=200\n", "open"), "ok");
  assert.equal(parseEndpointAnswer("exit=0\nhttp=500\n", "open"), "bad-answer");
  assert.equal(parseEndpointAnswer("exit=35\nhttp=000\n", "open"), "bad-answer");
  assert.equal(parseEndpointAnswer("exit=7\nhttp=000\n", "refused"), "refused");
  assert.equal(parseEndpointAnswer("exit=7\nhttp=000\n", "open"), "unreachable");
  assert.equal(parseEndpointAnswer("exit=28\nhttp=000\n", "timeout"), "timeout");
});

test("parseEndpointAnswer: a machine that could not ask says nothing", () => {
  assert.equal(parseEndpointAnswer("unsupported\n", "open"), undefined);
  assert.equal(parseEndpointAnswer("", "unknown"), undefined);
});

test("parseArpMacs: both kinds of arping, each address once", () => {
  const iputils =
    "ARPING 10.150.0.10 from 10.150.0.12 host0\nUnicast reply from 10.150.0.10 [02:AA:00:00:00:01]  0.6ms\nUnicast reply from 10.150.0.10 [02:aa:00:00:00:02]  0.7ms\nSent 1 probes\n";
  assert.deepEqual(parseArpMacs(iputils), ["02:aa:00:00:00:01", "02:aa:00:00:00:02"]);
  assert.deepEqual(parseArpMacs("60 bytes from 02:aa:00:00:00:01 (10.0.0.1): index=0 time=5 usec\n"), ["02:aa:00:00:00:01"]);
  assert.deepEqual(parseArpMacs("unsupported"), []);
});
